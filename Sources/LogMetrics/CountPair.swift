/// How many of how many: 5xx of all requests, slow ones of all that say how long they took, matches of all records.
@frozen
public struct CountPair: BitwiseCopyable, Equatable, Sendable {
    /// The records that count.
    public var part: UInt64
    /// The records they are counted among.
    public var whole: UInt64

    /// `part` of `whole` records.
    @inlinable
    public init(part: UInt64 = 0, whole: UInt64 = 0) {
        self.part = part
        self.whole = whole
    }
}
