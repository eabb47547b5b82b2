public import LogBytes

extension ByteChunk {
    /// A chunk that is full of `bytes`, at least one byte large.
    public convenience init(holding bytes: [UInt8]) {
        self.init(capacity: max(bytes.count, 1))
        bytes.withView { append($0) }
    }

    /// A chunk that holds the UTF-8 of `text`.
    public convenience init(holding text: String) { self.init(holding: Array(text.utf8)) }
}
