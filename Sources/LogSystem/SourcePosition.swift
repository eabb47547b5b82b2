/// How far a source has read something that can be read again: a file, or a request that its client may send twice.
///
/// It is written in the same journal frame as the lines read up to it, so that after a crash each of them is there once.
public struct SourcePosition: Hashable, Sendable {
    /// What is read: the source's kind, a colon and its own name for it (`file:2049:131`, `request:6f1c…`).
    public var key: String
    /// The offset behind the last byte that has been taken.
    public var offset: UInt64
    /// What else the source wants to know of it, in its own words.
    public var detail: String
    /// Set when it is to be forgotten.
    public var isForgotten = false

    /// The position `offset` in what is called `key`.
    public init(key: String, offset: UInt64, detail: String = "") {
        self.key = key
        self.offset = offset
        self.detail = detail
    }
}
