internal import LogBytes
internal import LogRecords

/// When a field that has a value already keeps it.
struct KeepRule: Sendable, Equatable {
    /// `keep_original_fields`: whenever it has one.
    var keepsOriginal = false
    /// `skip_empty_results`: when the new one would be empty.
    var skipsEmpty = false

    /// The rule in LogsQL, with a blank before it.
    var description: String {
        (keepsOriginal ? " keep_original_fields" : "") + (skipsEmpty ? " skip_empty_results" : "")
    }

    static let keywords = ["keep_original_fields", "skip_empty_results"]
}

extension QueryParser {
    /// `keep_original_fields`, `skip_empty_results` or nothing.
    mutating func keepRule() -> KeepRule {
        if accept("keep_original_fields") { return KeepRule(keepsOriginal: true) }
        return KeepRule(skipsEmpty: accept("skip_empty_results"))
    }
}

/// New values of some fields for some rows of a block. Rows that get none keep what they have.
///
/// A value is stored once, however many rows get it: what is computed from one field is computed once for each of its
/// distinct values.
final class FieldResults {
    /// A value that was stored; −1 is none.
    typealias Value = Int32

    private struct Target {
        let name: String
        var bytes = [UInt8]()
        var ends: [Int] = []
        /// For each row of the block the number of its value, or −1.
        var codes: [Value]
    }

    private let block: any ColumnBlock
    private let rows: [Int]
    private let rule: KeepRule
    private var targets: [Target] = []
    private var numbers: [String: Int] = [:]

    /// Results for the rows `rows` of `block`.
    init(_ slice: RowSlice, rule: KeepRule = KeepRule()) {
        block = slice.block
        rows = slice.rows
        self.rule = rule
    }

    /// The number of the field `name` among the results.
    func target(_ name: String) -> Int {
        if let number = numbers[name] { return number }
        numbers[name] = targets.count
        targets.append(Target(name: name, codes: Array(repeating: -1, count: block.rowCount)))
        return targets.count - 1
    }

    /// Stores `text` as a value of `target`.
    func store(_ text: ByteView, in target: Int) -> Value {
        targets[target].bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.start, count: text.count))
        targets[target].ends.append(targets[target].bytes.count)
        return Value(targets[target].ends.count - 1)
    }

    /// Gives `row` a value of `target`.
    func set(_ value: Value, in target: Int, row: Int) { targets[target].codes[row] = value }

    /// Gives `row` the value `text` of the field `name`.
    func set(_ text: ByteView, in target: Int, row: Int) {
        set(store(text, in: target), in: target, row: row)
    }

    /// Gives each of `rows` the values that `body` makes of its value of `source`; `body` is called once for each value.
    func map(
        _ source: Column, rows: [Int], _ body: (ByteView, inout FieldSink) throws -> Void
    ) rethrows {
        var made = [[(target: Int, value: Value)]?](repeating: nil, count: source.valueCount)
        for row in rows {
            let number = source.valueNumber(row: row)
            let values: [(target: Int, value: Value)]
            if let known = made[number] {
                values = known
            } else {
                var sink = FieldSink(results: self)
                try source.withValue(number) { try body($0, &sink) }
                values = sink.values
                made[number] = values
            }
            for (target, value) in values { set(value, in: target, row: row) }
        }
    }

    /// The columns of all fields that got a value.
    func columns() throws -> [(name: String, column: Column)] {
        try targets.indices.map { (targets[$0].name, try column($0)) }
    }

    private func column(_ number: Int) throws -> Column {
        let needsOriginal =
            rule.keepsOriginal || rule.skipsEmpty
            || rows.contains { targets[number].codes[$0] < 0 }
        if needsOriginal { try keepOriginals(number) }
        let target = targets[number]
        let count = target.ends.count
        if count == 0 || target.bytes.isEmpty {
            return .constant([], rowCount: block.rowCount)
        }
        // Rows of the block that are no rows of the slice are never looked at: they get any value.
        return .dictionary(
            bytes: target.bytes, ends: target.ends,
            codes: target.codes.map { UInt32(max($0, 0)) })
    }

    private func keepOriginals(_ number: Int) throws {
        let original = try block.queryColumn(targets[number].name)
        var kept = [Value](repeating: -1, count: original.valueCount)
        for row in rows {
            let value = targets[number].codes[row]
            if value >= 0 {
                let isKept =
                    rule.keepsOriginal || rule.skipsEmpty && isEmpty(value, in: number)
                guard isKept, original.withText(row: row, { !$0.isEmpty }) else { continue }
            }
            let source = original.valueNumber(row: row)
            if kept[source] < 0 {
                kept[source] = original.withValue(source) { store($0, in: number) }
            }
            targets[number].codes[row] = kept[source]
        }
    }

    private func isEmpty(_ value: Value, in target: Int) -> Bool {
        let ends = targets[target].ends
        return ends[Int(value)] == (value == 0 ? 0 : ends[Int(value) - 1])
    }
}

/// Takes the fields that are made of one value.
struct FieldSink {
    fileprivate let results: FieldResults
    fileprivate var values: [(target: Int, value: FieldResults.Value)] = []

    fileprivate init(results: FieldResults) { self.results = results }

    /// The field `name` gets the value `text`.
    mutating func add(_ name: String, _ text: ByteView) {
        let target = results.target(name)
        values.append((target, results.store(text, in: target)))
    }

    /// The field `name` gets the value `text`.
    mutating func add(_ name: String, _ text: String) { text.withView { add(name, $0) } }
}

/// A block with other or further columns.
final class OverlayBlock: NamedColumns {
    private let base: any ColumnBlock
    private let names: [String]
    private let columns: [String: Column]

    init(_ base: any ColumnBlock, _ columns: [(name: String, column: Column)]) {
        self.base = base
        self.names = columns.map(\.name)
        self.columns = Dictionary(
            columns.map { ($0.name, $0.column) }, uniquingKeysWith: { _, last in last })
    }

    var hasLines: Bool { false }
    var rowCount: Int { base.rowCount }
    var timeBounds: (first: Int64, last: Int64) { base.timeBounds }
    var className: String { base.className }
    func times() throws -> [Int64] { try base.times() }
    func sequences() throws -> [UInt64] { try base.sequences() }
    func lineFormat(row: Int) throws -> LineFormat { try base.lineFormat(row: row) }

    func fieldNames() throws -> [String] {
        let known = try base.queryFieldNames()
        var seen = Set(known)
        return known + names.filter { seen.insert($0).inserted }
    }

    func column(_ name: String) throws -> Column {
        try columns[name] ?? base.queryColumn(name)
    }

    func appendLine(row: Int, into out: inout ByteWriter) throws {
        try JSONRow.append(self, row: row, into: &out)
    }
}
