internal import ArgumentParser
internal import Glibc
internal import LogBytes
internal import LogJSON
internal import LogRecords
internal import LogSources
internal import LogSystem

/// `weir parse`: shows what weir makes of lines.
struct Parse: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse", _superCommandName: "weir",
        abstract: "Shows how lines are understood: format, time, level and every field.",
        discussion: """
            Reads lines from standard input and prints one JSON object for
            each. Nothing is stored. Exit status: 0 every line was understood,
            1 some were not (they say why, and at which byte), 2 error.

            EXAMPLES
              tail -n 3 app.log | weir parse
              docker compose logs caddy | weir parse
              weir parse --format rfc3164 < /var/log/syslog
              weir parse --whole < config.json     is this one JSON text?
            """)

    @Option(help: "The format of all lines (default: each line's own).")
    var format: String?

    @Flag(help: "Takes all of standard input as one JSON text: exit status 0 or 1.")
    var whole = false

    /// The longest line that is understood whole, as `weir ingest` has it, and the largest text for --whole.
    private static let lineBytesMax = 1 << 20
    private static let wholeBytesMax = 1 << 30

    func run() throws {
        let format = try format.map(Configuration.format)
        let isUnderstood = whole ? try checkWhole() : try show(format)
        if !isUnderstood { throw CommandFailure(status: 1) }
    }

    // MARK: Lines

    private func show(_ format: LineFormat?) throws -> Bool {
        let source = try StandardInputSource()
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: Self.lineBytesMax + 1)
        let reading = Reading()
        WorkerThread.start {
            do { try source.run(in: SourceContext(outlet: outlet)) } catch { reading.fail(error) }
            outlet.finish()
        }
        let batch = RecordBatch()
        let clock = SystemClock()
        var text = ParsedLineText()
        while case .delivery(let delivery) = outlet.receive(until: nil) {
            let chunk = delivery.chunk
            batch.reset(over: chunk, arrivalTime: clock.now())
            batch.format = format
            text.removeAll()
            text.append(linesOf: chunk, into: batch)
            do {
                try Terminal.output(text.view)
            } catch {
                throw CommandFailure(status: 2)
            }
            outlet.recycle(chunk)
        }
        if let failure = reading.failure { throw CommandFailure("\(failure)") }
        return text.refused == 0
    }

    /// What became of the thread that reads.
    private final class Reading: @unchecked Sendable {
        private let lock = Lock()
        private var error: (any Error)?

        func fail(_ error: any Error) { lock.locked { self.error = error } }

        var failure: (any Error)? { lock.locked { error } }
    }

    // MARK: One text

    private func checkWhole() throws -> Bool {
        var text = ByteWriter(capacity: 1 << 16)
        while true {
            text.reserve(1 << 16)
            let count = read(0, text.base + text.count, 1 << 16)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandFailure(
                    "\(FileError(operation: "read", path: "standard input", code: errno))")
            }
            if count == 0 { break }
            text.advance(count)
            guard text.count <= Self.wholeBytesMax else {
                throw CommandFailure("the text is longer than \(Self.wholeBytesMax) bytes")
            }
        }
        var answer = "{\"ok\":true}"
        var isValid = true
        do throws(JSONError) {
            try JSONScanner.validate(text.view)
        } catch {
            isValid = false
            answer =
                "{\"ok\":false,\"error\":\"\(error.code.rawValue)\",\"offset\":\(error.offset)}"
        }
        try Terminal.output(answer + "\n")
        return isValid
    }
}
