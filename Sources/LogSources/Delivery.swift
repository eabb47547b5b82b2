public import LogBytes
public import LogSystem

/// What a source hands on: lines, and what is to be written or said together with them.
public struct Delivery: Sendable {
    /// The lines. Who receives the delivery gives the chunk back with `ChunkOutlet.recycle`.
    public let chunk: ByteChunk
    /// The name of the source that all lines come from, for counting; nil when the sources count themselves.
    public var source: String?
    /// The retention class of all lines, for weir's own records; nil: the one whose filter they match.
    public var className: String?
    /// How far sources have been read with these lines; written in the same journal frame.
    public var positions: [SourcePosition] = []
    /// Who waits to hear what became of the lines.
    public var receipts: [Receipt] = []
    /// The monotonic time at which the first line arrived; nil: now.
    public let arrived: Int64?

    /// The lines of `chunk`.
    public init(_ chunk: ByteChunk, source: String? = nil, arrived: Int64? = nil) {
        self.chunk = chunk
        self.source = source
        self.arrived = arrived
    }

    /// Tells all who wait.
    public func tell(_ outcome: DeliveryOutcome) {
        for receipt in receipts { receipt(outcome) }
    }
}

/// Tells a sender, once, what became of its lines. Called from the pipeline's thread; it must not wait.
public typealias Receipt = @Sendable (DeliveryOutcome) -> Void

/// What became of lines.
public enum DeliveryOutcome: Sendable, Equatable {
    /// They are on the disk, synchronized.
    case durable
    /// They are not stored, or nobody knows: why. Who can should send them again.
    case failed(String)
}
