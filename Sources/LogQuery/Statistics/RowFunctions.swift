internal import LogBytes

extension StatisticsFunction {
    static let rowAny = StatisticsFunction(
        "row_any", synopsis: "row_any() row_any(f, g)",
        summary: "one row, the earliest, as a JSON object of all fields or of these",
        worksOnRows: true
    ) { RowState($0, sign: 0, showsField: false) }

    static let rowMin = StatisticsFunction(
        "row_min", synopsis: "row_min(f) row_min(f, shown…)",
        summary: "the row with the smallest value, as a JSON object of all fields or of those shown"
    ) { RowState($0, sign: -1, showsField: false) }

    static let rowMax = StatisticsFunction(
        "row_max", synopsis: "row_max(f) row_max(f, shown…)",
        summary: "the row with the greatest value, as a JSON object of all fields or of those shown"
    ) { RowState($0, sign: 1, showsField: false) }

    static let fieldMin = StatisticsFunction(
        "field_min", synopsis: "field_min(f, shown)",
        summary: "what another field says in the row with the smallest value"
    ) { RowState($0, sign: -1, showsField: true) }

    static let fieldMax = StatisticsFunction(
        "field_max", synopsis: "field_max(f, shown)",
        summary: "what another field says in the row with the greatest value"
    ) { RowState($0, sign: 1, showsField: true) }

    static let any = StatisticsFunction(
        "any", synopsis: "any(f)", summary: "a value that is not empty: the earliest"
    ) { RowState($0, sign: 0, showsField: true) }
}

/// Where a row stands among all: by time, then by arrival, then, for rows that pipes made, by what it says. So the same
/// row is chosen however the rows came in.
struct RowPlace: Comparable {
    let time: Int64
    let sequence: UInt64
    /// Which of several values of the row it is.
    var part = 0
    let text: [UInt8]

    static func < (left: RowPlace, right: RowPlace) -> Bool {
        let a = (left.time, left.sequence, left.part)
        let b = (right.time, right.sequence, right.part)
        if a != b { return a < b }
        return left.text.withView { a in right.text.withView { a < $0 } }
    }
}

/// Rows as JSON objects.
struct RowWriter {
    private let keys: [[UInt8]]
    private let columns: [Column]

    /// A writer of the fields `names` of `block`.
    init(_ block: any ColumnBlock, names: [String]) throws {
        keys = JSONRow.keys(names)
        columns = try names.map { try block.queryColumn($0) }
    }

    /// Row `row` as a JSON object.
    func json(row: Int) -> [UInt8] {
        var out = ByteWriter(capacity: 256)
        JSONRow.append(keys, columns, row: row, into: &out)
        return Array(out.view)
    }
}

/// One row of each group: the first, or the one with the smallest or greatest value of the first field.
private final class RowState: StatisticsState {
    private struct Best {
        var value: SortValue?
        var place: RowPlace
    }

    private let sign: Int
    /// Whether the value of a field is the result, and not the row.
    private let showsField: Bool
    private var best: [Best?] = []
    private var heldBytes = 0

    init(_ call: StatisticsCall, sign: Int, showsField: Bool) {
        self.sign = sign
        self.showsField = showsField
        super.init(call)
    }

    override func resize(_ count: Int) {
        if count > best.count { best += Array(repeating: nil, count: count - best.count) }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        let times = try block.times()
        let sequences = try block.sequences()
        let shown = Array(sign == 0 ? call.patterns[...] : call.patterns.dropFirst())
        let keyColumn = sign == 0 ? nil : try block.queryColumn(call.patterns[0].name)
        let names = try (shown.isEmpty ? [.all] : shown).expanded(try block.queryFieldNames())
        let shownColumn = showsField ? try names.first.map { try block.queryColumn($0) } : nil
        let writer = showsField ? nil : try RowWriter(block, names: names)
        for (index, row) in rows.enumerated() {
            let group = Int(groups[index])
            var value: SortValue?
            if let keyColumn {
                let read = keyColumn.withText(row: row) { SortValue($0) }
                if read.text.isEmpty { continue }
                value = read
            }
            if let held = best[group] {
                let order = sign * compare(value, held.value)
                let isLater =
                    (times[row], sequences[row]) > (held.place.time, held.place.sequence)
                if order < 0 || order == 0 && isLater { continue }
            }
            let text =
                shownColumn.map { column in column.withText(row: row) { Array($0) } }
                ?? writer?.json(row: row) ?? []
            if sign == 0, showsField, text.isEmpty { continue }
            offer(
                Best(
                    value: value,
                    place: RowPlace(time: times[row], sequence: sequences[row], text: text)),
                group: group)
        }
    }

    private func compare(_ left: SortValue?, _ right: SortValue?) -> Int {
        guard let left, let right else { return 0 }
        return left.compare(right)
    }

    private func offer(_ candidate: Best, group: Int) {
        if let held = best[group] {
            let order = sign * compare(candidate.value, held.value)
            if order < 0 || order == 0 && candidate.place >= held.place { return }
            heldBytes -= held.place.text.count + 128
        }
        best[group] = candidate
        heldBytes += candidate.place.text.count + 128
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? RowState else { return }
        for (number, group) in groups.enumerated() where number < other.best.count {
            if let candidate = other.best[number] { offer(candidate, group: group) }
        }
    }

    override func append(group: Int, into out: inout ByteWriter) {
        if let held = best[group] {
            held.place.text.withView { out.append($0) }
        } else if !showsField {
            out.append("{}")
        }
    }

    override var memoryBytes: Int { heldBytes + best.capacity * 96 }
}
