import LogBytes
import LogSources
import LogSystem
import TestSupport
import Testing

/// What came out of an outlet, taken apart as the pipeline does.
struct Received: Equatable, Sendable {
    var chunks: [[UInt8]] = []
    var lines: [[UInt8]] = []
    var skippedBytes = 0
    var truncatedLines = 0

    /// All bytes, in order.
    var bytes: [UInt8] { chunks.flatMap(\.self) }
    /// The lines as text.
    var texts: [String] { lines.map { String(decoding: $0, as: UTF8.self) } }

    mutating func take(_ chunk: ByteChunk) {
        let bytes = Array(chunk.view)
        chunks.append(bytes)
        skippedBytes += chunk.cutBytes
        truncatedLines += chunk.cutLines
        lines += Received.lines(bytes)
    }

    /// The lines of `bytes`: the last may lack its newline.
    static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines = bytes.split(separator: ASCII.newline, omittingEmptySubsequences: false)
            .map { Array($0) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

extension ChunkOutlet {
    /// Takes all chunks on a thread of its own and gives each back.
    func drained() -> Background<Received> {
        Background { [self] in
            var received = Received()
            while case .delivery(let delivery) = receive(until: nil) {
                received.take(delivery.chunk)
                recycle(delivery.chunk)
            }
            return received
        }
    }

    /// Runs `sources` at once, each on its thread, and gives what came and the errors that ended them.
    func run(_ sources: [any LineSource]) throws -> (received: Received, errors: [String]) {
        let draining = drained()
        let running = sources.map { source in
            Background { () -> String? in
                do {
                    try source.run(in: SourceContext(outlet: self))
                    return nil
                } catch {
                    return "\(error)"
                }
            }
        }
        let errors = try running.compactMap { try $0.result() }
        finish()
        return (try draining.result(), errors)
    }
}
