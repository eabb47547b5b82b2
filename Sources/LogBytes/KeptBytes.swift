/// Bytes for later: a part of an array that is there anyway, or a copy.
public struct KeptBytes: Sendable {
    private let whole: [UInt8]
    private let range: Range<Int>

    /// No bytes.
    public static let none = KeptBytes([])

    /// All bytes of `whole`.
    public init(_ whole: [UInt8]) {
        self.whole = whole
        range = 0..<whole.count
    }

    /// The bytes of `view`: kept with the whole of `owner` where they are a part of it, copied where they are not.
    public init(_ view: ByteView, of owner: [UInt8]) {
        let start = owner.withView { all -> Int? in
            view.start >= all.start && view.end <= all.end ? view.start - all.start : nil
        }
        if let start {
            whole = owner
            range = start..<start + view.count
        } else {
            whole = Array(view)
            range = 0..<view.count
        }
    }

    /// Calls `body` with a view of these bytes, valid during the call.
    @inline(__always)
    public func withView<Result, Failure: Error>(
        _ body: (ByteView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try whole.withView { view throws(Failure) in
            try body(ByteView(view.start + range.lowerBound, range.count))
        }
    }
}
