internal import LogBytes

/// Where lines of files go: an outlet, or what a simulation puts in its place.
protocol ChunkSink: AnyObject {
    /// The size of a chunk: the longest line and its newline.
    var chunkBytes: Int { get }
    /// False when nothing more is taken.
    var isOpen: Bool { get }
    /// An empty chunk, if there is one before the monotonic time `deadline`.
    func emptyChunk(until deadline: Int64) -> ByteChunk?
    /// False when it is not taken.
    func send(_ delivery: Delivery) -> Bool
    /// Takes a chunk back that was not used.
    func recycle(_ chunk: ByteChunk)
}

extension ChunkOutlet: ChunkSink {}
