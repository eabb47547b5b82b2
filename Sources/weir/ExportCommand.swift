internal import ArgumentParser
internal import LogBytes
internal import LogQuery
internal import LogSegments
internal import LogSystem

/// `weir export`: gives the stored lines back.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes stored lines back out, byte for byte, in the order of their arrival.",
        discussion: """
            Each line ends with a newline. weir's own records (alerts, metrics, weir-audit)
            are left out unless --class names them. What is damaged is reported and the
            rest is given. Exit status: 0 exported, 1 nothing found, 2 error or
            a part is missing.

            EXAMPLES
              weir export -o all.ndjson
              weir export --class security --class audit --since 30d | gzip > audit.gz
              weir export | weir ingest --data /elsewhere
            """)

    @OptionGroup var data: DataOption

    @Option(
        name: .customLong("class"),
        help: ArgumentHelp("Only lines of this class; may be said repeatedly.", valueName: "name"))
    var classes: [String] = []

    @OptionGroup var times: TimeOptions

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "Writes to this file, which appears when it is whole (default: standard output).",
            valueName: "file"))
    var output: String?

    /// Bytes that are written at once.
    private static let writeBytes = 1 << 20

    func run() throws {
        let request = ExportRequest(
            classes: classes.isEmpty ? nil : Set(classes),
            timeRange: try times.range(now: SystemClock().now()))
        let report: ExportReport
        do {
            report = try output.map { try export(request, to: $0) } ?? export(request)
        } catch let closed as Terminal.Closed {
            throw CommandFailure(closed)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(error)")
        }
        Terminal.note(report.faults)
        if !report.faults.isEmpty {
            throw CommandFailure(
                "\(Figure.count(report.lines)) lines are exported; "
                    + "\(report.faults.count) damaged parts are not")
        }
        if report.lines == 0 { throw CommandFailure(status: 1) }
    }

    private func export(_ request: ExportRequest) throws -> ExportReport {
        try export(request) { try Terminal.output($0) }
    }

    private func export(_ request: ExportRequest, to path: String) throws -> ExportReport {
        let fileSystem = DiskFileSystem()
        if let attributes = try? fileSystem.attributes(path), attributes.kind != .file {
            throw CommandFailure("-o takes a file, and \(path) is none; use > instead")
        }
        let temporary = path + ".tmp"
        let file = try fileSystem.open(temporary, .readWrite)
        do {
            try file.truncate(to: 0)
            var offset = 0
            let report = try export(request) { bytes in
                try file.write(bytes, at: offset)
                offset += bytes.count
            }
            try file.synchronize()
            try fileSystem.rename(temporary, to: path)
            return report
        } catch {
            try? fileSystem.remove(temporary)
            throw error
        }
    }

    /// Gives the lines to `write` in large pieces.
    private func export(
        _ request: ExportRequest, _ write: (ByteView) throws -> Void
    ) throws -> ExportReport {
        var buffer = ByteWriter(capacity: Self.writeBytes + (1 << 16))
        let report = try LineExport(directory: data.directory).run(request) { line in
            buffer.append(line)
            buffer.append(ASCII.newline)
            if buffer.count >= Self.writeBytes {
                try write(buffer.view)
                buffer.removeAll()
            }
        }
        try write(buffer.view)
        return report
    }
}
