import LogBytes
import LogSystem

@testable import LogSources

/// Stands in for pipeline and store: keeps lines and positions as the journal does, and forgets what a crash may take.
final class SimulatedStore: ChunkSink {
    private struct Frame {
        var lines: [[UInt8]]
        var positions: [SourcePosition]
    }

    /// How it is wrong, for tests that must see it.
    enum Bug {
        /// Positions are kept beside the lines instead of with them, and synchronized less often.
        case positionsApart
    }

    let chunkBytes: Int
    var isOpen = true
    /// Set while there is no chunk to be had.
    var isStalled = false
    var bug: Bug?
    private var frames: [Frame] = []
    /// Frames up to here are synchronized.
    private var committed = 0
    /// The positions that are in no frame any more, or never were.
    private var settled: [String: SourcePosition] = [:]
    private var spare: [ByteChunk] = []
    private(set) var cutBytes = 0
    private(set) var cutLines = 0

    init(chunkBytes: Int) { self.chunkBytes = chunkBytes }

    func emptyChunk(until deadline: Int64) -> ByteChunk? {
        if isStalled || !isOpen { return nil }
        let chunk = spare.popLast() ?? ByteChunk(capacity: chunkBytes)
        chunk.removeAll()
        return chunk
    }

    func recycle(_ chunk: ByteChunk) { spare.append(chunk) }

    func send(_ delivery: Delivery) -> Bool {
        guard isOpen else { return false }
        cutBytes += delivery.chunk.cutBytes
        cutLines += delivery.chunk.cutLines
        frames.append(
            Frame(
                lines: Received.lines(Array(delivery.chunk.view)), positions: delivery.positions))
        spare.append(delivery.chunk)
        return true
    }

    /// Makes everything durable, positions that came without lines as well.
    func commit() {
        committed = frames.count
    }

    /// A crash leaves what is synchronized, and of the rest so many frames; positions that came without lines are not in one.
    func crash(keeping rest: Int) {
        let kept = min(committed + rest, frames.count)
        var survivors: [Frame] = []
        for (index, frame) in frames[..<kept].enumerated() {
            if index >= committed, frame.lines.allSatisfy(\.isEmpty) { continue }
            var survivor = frame
            if bug == .positionsApart, index >= committed { survivor.positions = [] }
            survivors.append(survivor)
        }
        frames = survivors
        committed = frames.count
    }

    /// The positions that recovery finds.
    var positions: [SourcePosition] {
        var all: [String: SourcePosition] = [:]
        for frame in frames {
            for position in frame.positions {
                all[position.key] = position.isForgotten ? nil : position
            }
        }
        return Array(all.values)
    }

    /// All lines, in the order in which they came.
    var lines: [[UInt8]] { frames.flatMap(\.lines) }

    /// The lines that no crash can take.
    var committedLines: [[UInt8]] { frames[..<committed].flatMap(\.lines) }

    var texts: [String] { lines.map { String(decoding: $0, as: UTF8.self) } }
}
