internal import LogBytes
internal import LogMetrics
internal import LogSystem

/// Hands the lines of one thread's connections to the outlet and counts them. Where there is no room it waits: the thread
/// reads nothing meanwhile, the kernel's buffers fill up, and the senders wait.
///
/// One thread uses it.
final class LineHandoff {
    private let context: SourceContext
    private let label: String
    private let room = RoomSignal()
    private var lines = 0
    private var bytes = 0

    /// Sends to the outlet of `context` and counts under the source's name.
    init(_ context: SourceContext, source: String) {
        self.context = context
        label = source
    }

    /// The longest line and its newline (bytes); more is never handed over at once.
    var blockBytesMax: Int { context.outlet.chunkBytes }

    /// Hands on whole lines, each with its newline. False when the outlet is closed.
    ///
    /// - Parameters:
    ///   - isOneLine: they are a single line that has newlines inside.
    ///   - cutBytes: what was dropped from the end of the line.
    func hand(_ block: ByteView, isOneLine: Bool = false, cutBytes: Int = 0) -> Bool {
        guard !block.isEmpty else { return true }
        while true {
            switch context.outlet.gather(block, isOneLine: isOneLine, cutBytes: cutBytes) {
            case .taken:
                lines += isOneLine ? 1 : block.count(of: ASCII.newline)
                bytes += block.count
                return true
            case .closed: return false
            case .full:
                // What was taken before is seen while this waits.
                flushCounts()
                room.wait(for: context.outlet)
            }
        }
    }

    /// Adds what was handed on to the counters: once a round of reading, not once a line.
    func flushCounts() {
        if lines > 0 {
            context.counters.add(.sourceLines, lines, label: label)
            context.counters.add(.sourceBytes, bytes, label: label)
        }
        lines = 0
        bytes = 0
    }
}

/// Wakes a thread that waits for room in an outlet.
private final class RoomSignal: @unchecked Sendable {
    private let lock = Lock()
    private var hasRoom = false

    /// Returns when the outlet has had room since, or is closed.
    func wait(for outlet: ChunkOutlet) {
        lock.locked { hasRoom = false }
        outlet.whenRoom { [self] in
            lock.locked {
                hasRoom = true
                lock.signal()
            }
        }
        lock.locked {
            while !hasRoom { _ = lock.wait() }
        }
    }
}
