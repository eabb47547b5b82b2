internal import ArgumentParser
internal import LogBytes
internal import LogQuery
internal import LogSegments
internal import LogSystem

/// `weir export`: gives the stored lines back.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", _superCommandName: "weir",
        abstract: "Writes stored lines back out, byte for byte, in the order of their arrival.",
        discussion: """
            Each line ends with a newline. weir's own records (alerts, metrics, weir-audit)
            are left out unless --class names them. What is damaged is reported and the
            rest is given; with -o in FILE.part, and FILE stays what it was. Nor does
            FILE change where nothing is found. Exit status: 0 exported, 1 nothing
            found, 2 error or a part is missing.

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
        var place = ""
        do {
            if let output {
                (report, place) = try export(request, to: output)
            } else {
                report = try export(request)
            }
            if report.lines == 0, report.faults.isEmpty {
                try KnownClasses.check(classes, among: KnownClasses.names(data.directory))
            }
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
                "\(Figure.count(report.lines)) lines are exported\(place); "
                    + "\(report.faults.count) damaged parts are not")
        }
        if report.lines == 0 {
            if let output { Terminal.note("weir: nothing found; \(output) is not written") }
            throw CommandFailure(status: 1)
        }
    }

    private func export(_ request: ExportRequest) throws -> ExportReport {
        try export(request) { try Terminal.output($0) }
    }

    /// Exports to the file at `path`; where the lines are if not there, in words.
    private func export(
        _ request: ExportRequest, to path: String
    ) throws -> (report: ExportReport, place: String) {
        let fileSystem = DiskFileSystem()
        if let attributes = try? fileSystem.attributes(path), attributes.kind != .file {
            throw CommandFailure("-o takes a file, and \(path) is none; use > instead")
        }
        let temporary = Self.free(path + ".part", fileSystem)
        let file = try fileSystem.open(temporary, .readWrite)
        do {
            try file.truncate(to: 0)
            var offset = 0
            let report = try export(request) { bytes in
                try file.write(bytes, at: offset)
                offset += bytes.count
            }
            try file.synchronize()
            if report.lines == 0 {
                try fileSystem.remove(temporary)
            } else if report.faults.isEmpty {
                try fileSystem.rename(temporary, to: path)
            } else {
                return (report, " to \(temporary), and \(path) is what it was")
            }
            return (report, "")
        } catch {
            try? fileSystem.remove(temporary)
            throw error
        }
    }

    /// `path`, or where something is there, the path with a number behind it.
    private static func free(_ path: String, _ fileSystem: DiskFileSystem) -> String {
        var free = path
        var number = 1
        while (try? fileSystem.attributes(free)) != nil {
            number += 1
            free = "\(path)\(number)"
        }
        return free
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
