public import LogBytes
public import LogSystem

/// One way in: bytes from somewhere, handed on as chunks of whole lines.
///
/// A source runs on a thread of its own until its input ends, `stop` is called or the outlet is closed. A new source is a
/// file of its own and a line in `LineSources.all`.
public protocol LineSource: Sendable {
    /// The name in messages and counters: `stdin`, a path, an address.
    var name: String { get }
    /// Reads until the end and sends everything to `outlet`. On return, with or without an error, all that was read has been
    /// sent.
    func run(into outlet: ChunkOutlet) throws
    /// Asks `run` to return soon; called from any thread.
    func stop()
}

/// How the command line names a kind of source, and makes one.
public struct LineSourceKind: Sendable {
    /// The option: `file` for `--file PATH`.
    public let option: String
    /// One line for the help text.
    public let help: String
    /// Makes the source for the option's argument; throws when that names nothing readable.
    public let make: @Sendable (_ argument: String) throws -> any LineSource
}

/// All kinds of sources.
public enum LineSources {
    /// The registry: the command line and its errors know no other list.
    public static let all: [LineSourceKind] = [StandardInputSource.kind, FileSource.kind]

    /// The kind that has this option.
    public static func kind(_ option: String) -> LineSourceKind? {
        all.first { $0.option == option }
    }
}

/// What a source sends its chunks through: free chunks in, full chunks out, both bounded, so that a slow pipeline makes the
/// source wait and the source's writer wait behind it.
public final class ChunkOutlet: Sendable {
    private let free: BoundedQueue<ByteChunk>
    private let full: BoundedQueue<ByteChunk>

    /// An outlet with `chunkCount` chunks of `chunkBytes` bytes, which is also the longest line that fits.
    public init(chunkCount: Int, chunkBytes: Int) {
        free = BoundedQueue(capacity: chunkCount)
        full = BoundedQueue(capacity: chunkCount)
        for _ in 0..<chunkCount {
            _ = free.put(ByteChunk(capacity: chunkBytes, spareBytes: chunkBytes))
        }
    }

    /// An empty chunk, waiting until the pipeline gives one back; nil when the outlet is closed.
    public func emptyChunk() -> ByteChunk? {
        guard case .element(let chunk) = free.take() else { return nil }
        chunk.removeAll()
        return chunk
    }

    /// Hands a chunk of whole lines on. False when the outlet is closed.
    public func send(_ chunk: ByteChunk) -> Bool { full.put(chunk) }

    /// Says that nothing more will be sent.
    public func finish() { full.close() }

    // MARK: The pipeline's side

    /// Waits for a chunk until the monotonic time `deadline`.
    public func receive(until deadline: Int64?) -> BoundedQueue<ByteChunk>.Taken {
        full.take(until: deadline)
    }

    /// Gives a chunk back for reuse.
    public func recycle(_ chunk: ByteChunk) { _ = free.put(chunk) }

    /// Makes the source's next call fail, and so end it.
    public func close() {
        free.close()
        full.close()
    }
}
