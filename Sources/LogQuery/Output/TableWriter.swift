internal import LogBytes
internal import LogRecords

extension OutputFormat {
    static let table = OutputFormat(
        "table", summary: "aligned columns for a terminal; control characters are shown escaped"
    ) { options, write in GridSink(TableWriter(options), options, write) }
}

/// Columns as wide as the widest cell of the first rows, narrowed until they fit the terminal; longer cells are cut.
private final class TableWriter: GridWriter {
    /// The widest column but the last where there is no terminal to fit: messages and identifiers stay readable beside each
    /// other.
    private static let columnMax = 60
    /// A narrower column shows nothing that helps; those that have no room for as much are left out.
    private static let columnMin = 8
    private static let gap = 2

    private let width: Int?
    private let painter: LinePainter
    private var widths: [Int] = []
    private var levelColumn: Int?
    /// Whether columns on the right are left out for want of room.
    private var isCut = false

    init(_ options: OutputOptions) {
        width = options.width
        var style = options.style
        // Cells are escaped before they are cut.
        style.escapes = false
        painter = LinePainter(style)
    }

    func begin(_ names: [String], sample: [[String]], into out: inout ByteWriter) {
        let header = names.map(TerminalText.escaped)
        levelColumn = names.firstIndex(of: "level")
        widths = header.map(TerminalText.width)
        for row in sample {
            for (index, cell) in row.enumerated() {
                widths[index] = max(widths[index], TerminalText.width(TerminalText.escaped(cell)))
            }
        }
        if let width {
            fit(width)
        } else {
            for index in widths.indices.dropLast() {
                widths[index] = min(widths[index], max(Self.columnMax, header[index].count))
            }
        }
        write(header, level: nil, into: &out)
        write(
            widths.map { String(repeating: "-", count: $0) }, level: nil, into: &out)
    }

    func append(_ cells: [String], into out: inout ByteWriter) {
        let level = levelColumn.map { cells[$0].withView { LogLevel(text: $0) } }
        write(cells.map(TerminalText.escaped), level: level, into: &out)
    }

    /// Makes the columns fit `width`: the widest give way first, down to one width for all of them.
    private func fit(_ width: Int) {
        func least(_ count: Int) -> Int {
            widths.prefix(count).reduce((count - 1) * Self.gap) { $0 + min($1, Self.columnMin) }
        }
        var count = widths.count
        while count > 1, least(count) > width - (isCut ? Self.gap + 1 : 0) {
            count -= 1
            isCut = true
        }
        widths = Array(widths.prefix(count))
        // The sign for what is left out stands behind a gap.
        var room = width - (widths.count - 1) * Self.gap - (isCut ? Self.gap + 1 : 0)
        var open = widths.count
        for (number, index) in widths.indices.sorted(by: { widths[$0] < widths[$1] }).enumerated() {
            let share = max(room / (widths.count - number), 1)
            if widths[index] > share { break }
            room -= widths[index]
            open -= 1
        }
        guard open > 0 else { return }
        let cap = max(room / open, 1)
        let kept = widths.count - open
        for index in widths.indices.sorted(by: { widths[$0] < widths[$1] }).dropFirst(kept) {
            widths[index] = min(widths[index], cap)
        }
    }

    private func write(_ cells: [String], level: LogLevel?, into out: inout ByteWriter) {
        var line = ""
        for (index, cell) in cells.prefix(widths.count).enumerated() {
            let isLast = index == cells.count - 1
            let shown = isLast && width == nil ? cell : TerminalText.cut(cell, to: widths[index])
            line += shown
            if isLast { break }
            let padding = widths[index] - TerminalText.width(shown)
            line += String(repeating: " ", count: max(padding, 0) + Self.gap)
        }
        if isCut { line += "…" }
        while line.last == " " { line.removeLast() }
        if let level, !painter.isPlain {
            line.withView { painter.append($0, level: level, into: &out) }
        } else if levelColumn == nil, !painter.isPlain, level == nil {
            line.withView { painter.append($0, level: .unknown, into: &out) }
        } else {
            out.append(line)
        }
        out.append(ASCII.newline)
    }
}
