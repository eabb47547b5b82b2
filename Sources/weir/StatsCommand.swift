internal import ArgumentParser
internal import LogJSON
internal import LogQuery
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// `weir stats`: what is stored.
struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", _superCommandName: "weir",
        abstract: "Shows what is stored: lines, bytes and compression by class and day.",
        discussion: """
            With --columns, `encoded` is what a column's codecs made of its
            values, before they were compressed; the stored bytes of all rows
            are those of the files.

            EXAMPLES
              weir stats
              weir stats --segments --class audit
              weir stats --columns | head -20      what takes the most room
              weir stats -o json | jq 'select(.lines > 1000)'
            """)

    @OptionGroup var data: DataOption

    @Flag(help: "A row for each segment.")
    var segments = false

    @Flag(help: "A row for each column of values, the largest first.")
    var columns = false

    @Option(
        name: .customLong("class"),
        help: ArgumentHelp("Only this class; may be said repeatedly.", valueName: "name"))
    var classes: [String] = []

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: "table or json: one object a line, with plain numbers (default: table).")
    var output = "table"

    func validate() throws {
        guard ["table", "json"].contains(output) else {
            throw ValidationError("there is no output `\(output)` (there are table, json)")
        }
        guard !(segments && columns) else {
            throw ValidationError("--segments and --columns are two tables; ask for one")
        }
    }

    func run() throws {
        let store: SegmentStore
        let journal: (lines: Int, storedBytes: Int)
        do {
            store = try SegmentStore(directory: data.directory)
            journal = try store.journalStatistics()
            try KnownClasses.check(classes, among: KnownClasses.names(data.directory))
        } catch {
            throw CommandFailure("\(error)")
        }
        let wanted = classes.isEmpty ? nil : Set(classes)
        let faults: [ScanFault]
        if columns {
            let found = store.columnStatistics(classes: wanted)
            let text = ColumnStatisticsText(found.columns)
            try Terminal.output(output == "json" ? text.json : text.table)
            faults = found.faults
        } else {
            let found = store.statistics(classes: wanted)
            // The journal is not told apart by class.
            let text = SegmentStatisticsText(
                found.segments, journal: wanted == nil ? journal : nil, bySegment: segments)
            try Terminal.output(output == "json" ? text.json : text.table)
            faults = found.faults
        }
        Terminal.note(faults)
        if !faults.isEmpty { throw CommandFailure(status: 2) }
    }
}

/// Segments in figures, each for itself or those of a class and day together.
private struct SegmentStatisticsText {
    private let rows: [Row]
    private let total: Row
    private let journal: (lines: Int, storedBytes: Int)?
    private let bySegment: Bool

    /// Some segments added up.
    private struct Row {
        let className: String
        let dayName: String
        let day: String
        let isSkewed: Bool
        let name: String
        let segments: Int
        let lines: Int
        let blocks: Int
        let raw: Int
        let stored: Int
        let first: Int64?
        let last: Int64?
        let methods: [String]

        init(_ segments: [SegmentStatistics]) {
            className = segments.first?.key.className ?? ""
            dayName = segments.first?.key.dayName ?? ""
            day = segments.first.map { "\($0.key.day)" } ?? ""
            isSkewed = segments.first?.key.isSkewed ?? false
            name =
                segments.first.map { segment in
                    let file = segment.path.split(separator: "/").last ?? ""
                    return String(file.prefix { $0 != "." })
                } ?? ""
            self.segments = segments.count
            lines = segments.reduce(0) { $0 + $1.lines }
            blocks = segments.reduce(0) { $0 + $1.blocks }
            raw = segments.reduce(0) { $0 + $1.rawBytes }
            stored = segments.reduce(0) { $0 + $1.storedBytes }
            first = segments.map(\.firstTime).min()
            last = segments.map(\.lastTime).max()
            methods = Set(segments.flatMap(\.methods)).sorted()
        }
    }

    init(
        _ segments: [SegmentStatistics], journal: (lines: Int, storedBytes: Int)?, bySegment: Bool
    ) {
        self.journal = journal
        self.bySegment = bySegment
        rows =
            bySegment
            ? segments.map { Row([$0]) }
            : Dictionary(grouping: segments, by: \.key).sorted { $0.key < $1.key }
                .map { Row($0.value) }
        total = Row(segments)
    }

    var table: String {
        var columns: [TextTable.Column] = [.text("class"), .text("day")]
        columns += bySegment ? [.text("segment"), .number("blocks")] : [.number("segments")]
        columns += [
            .number("lines"), .number("raw"), .number("stored"), .number("ratio"), .text("first"),
            .text("last"),
        ]
        if bySegment { columns.append(.text("methods")) }
        var table = TextTable(columns)
        for row in rows {
            table.add(
                [row.className, row.dayName]
                    + (bySegment
                        ? [row.name, Figure.count(row.blocks)] : [Figure.count(row.segments)])
                    + [
                        Figure.count(row.lines), Figure.bytes(row.raw), Figure.bytes(row.stored),
                        Figure.ratio(raw: row.raw, stored: row.stored), clockTime(row.first),
                        clockTime(row.last),
                    ] + (bySegment ? [row.methods.joined(separator: ", ")] : []))
        }
        var text = table.lines(indent: 0).map { $0 + "\n" }.joined()
        text +=
            "\(Figure.count(total.lines)) lines in \(total.segments) segments: "
            + "\(Figure.bytes(total.raw)) raw, \(Figure.bytes(total.stored)) stored "
            + "(\(Figure.ratio(raw: total.raw, stored: total.stored)))\n"
        if let journal {
            text +=
                "\(Figure.count(journal.lines)) lines in the journal: "
                + "\(Figure.bytes(journal.storedBytes)) stored\n"
        }
        return text
    }

    var json: String {
        var text = rows.map { row in
            var object = JSONObjectWriter()
            object.add("class", row.className)
            object.add("day", row.day)
            if row.isSkewed { object.add("skewed", true) }
            if bySegment {
                object.add("segment", row.name)
            } else {
                object.add("segments", row.segments)
            }
            object.add("blocks", row.blocks)
            object.add("lines", row.lines)
            object.add("raw_bytes", row.raw)
            object.add("stored_bytes", row.stored)
            if let first = row.first, let last = row.last {
                object.add("first_time", Timestamp.text(first, digits: 9))
                object.add("last_time", Timestamp.text(last, digits: 9))
            }
            object.add("methods", row.methods)
            return object.line
        }.joined()
        if let journal {
            var object = JSONObjectWriter()
            object.add("journal_lines", journal.lines)
            object.add("journal_bytes", journal.storedBytes)
            text += object.line
        }
        return text
    }

    /// The time of day, `12:00:00.000`.
    private func clockTime(_ time: Int64?) -> String {
        time.map { String(Timestamp.text($0).dropFirst(11).dropLast()) } ?? "-"
    }
}
