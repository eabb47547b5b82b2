import LogBytes
import LogSources
import LogSystem

/// A source that sends what the test says, when the test says it.
final class ScriptedSource: LineSource {
    let name: String
    private let steps = BoundedQueue<[String]>(capacity: 1_000)
    private let failure: ScriptedFailure?

    init(_ name: String = "script", _ lines: [String] = [], failure: ScriptedFailure? = nil) {
        self.name = name
        self.failure = failure
        if !lines.isEmpty { send(lines) }
    }

    /// One chunk of lines.
    func send(_ lines: [String]) { _ = steps.put(lines) }

    /// The end of the input.
    func end() { steps.close() }

    func stop() { end() }

    func run(in context: SourceContext) throws {
        while case .element(let lines) = steps.take() {
            guard let chunk = context.outlet.emptyChunk() else { return }
            Array((lines.joined(separator: "\n") + "\n").utf8).withView { chunk.append($0) }
            guard context.outlet.send(chunk) else { return }
        }
        if let failure { throw failure }
    }
}

struct ScriptedFailure: Error, CustomStringConvertible {
    let description: String
}
