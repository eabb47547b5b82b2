internal import LogBytes
internal import LogRecords

/// What fields there are: a row for each, with the kinds of its values, how many differ, and in what share of the rows it is.
/// Behind `weir fields`; LogsQL has no word for it.
public struct FieldSurveyPipe: Pipe {
    /// A survey of all fields.
    public init() {}

    /// Rows may come in any order.
    public var ordering: PipeOrdering { .makesOrder }
    /// No LogsQL.
    public var description: String { "field_survey" }

    /// The columns of the survey.
    public func outputFields(_ input: [String]?) -> [String]? {
        ["field", "type", "distinct", "lines", "share", "example"]
    }

    /// All fields.
    public func inputFields(_ output: Set<String>?) -> Set<String>? { nil }

    /// The survey at work.
    public func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        FieldSurveyStage(next, budget)
    }
}

/// What a value is, by its spelling.
enum ValueSort: Int, CaseIterable {
    case number, duration, size, time, address, boolean, string

    init(_ text: ByteView) {
        if text == ByteView("true") || text == ByteView("false") {
            self = .boolean
            return
        }
        switch NumberValue.parse(text)?.kind {
        case .plain: self = .number
        case .duration: self = .duration
        case .bytes: self = .size
        case .time: self = .time
        case .address: self = .address
        case nil: self = Timestamp.parse(text) == nil ? .string : .time
        }
    }
}

private final class FieldSurveyStage: RowConsumer {
    private struct Field {
        var sorts = [Int](repeating: 0, count: ValueSort.allCases.count)
        var distinct = DistinctCounter()
        var lines = 0
        var example = ""
    }

    private let next: any RowConsumer
    private var memory: MemoryShare
    private var fields: [String: Field] = [:]
    private var lines = 0

    /// Characters of an example: enough to see what a field holds.
    private static let exampleMax = 40

    init(_ next: any RowConsumer, _ budget: MemoryBudget) {
        self.next = next
        memory = MemoryShare(budget, pipe: "counting fields")
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        lines += slice.rows.count
        for name in try slice.block.queryFieldNames() {
            let column = try slice.block.queryColumn(name)
            var field = fields.removeValue(forKey: name) ?? Field()
            var counts: [Int: Int] = [:]
            for row in slice.rows { counts[column.valueNumber(row: row), default: 0] += 1 }
            for (number, count) in counts.sorted(by: { $0.key < $1.key }) {
                column.withValue(number) { text in
                    if text.isEmpty { return }
                    field.lines += count
                    field.distinct.insert(text.memoryHash)
                    field.sorts[ValueSort(text).rawValue] += count
                }
            }
            if field.example.isEmpty, field.lines > 0 {
                field.example = Self.example(column, slice.rows)
            }
            fields[name] = field
        }
        try memory.set(fields.values.reduce(0) { $0 + $1.distinct.memoryBytes + 256 })
        return .proceed
    }

    /// The first value that is there.
    private static func example(_ column: Column, _ rows: [Int]) -> String {
        for row in rows {
            let text = column.withText(row: row) {
                $0.isEmpty ? nil : TerminalText.cut($0.text, to: exampleMax)
            }
            if let text { return text }
        }
        return ""
    }

    func finish() throws {
        let found = fields.filter { $0.value.lines > 0 }.sorted { left, right in
            left.value.lines != right.value.lines
                ? left.value.lines > right.value.lines : left.key < right.key
        }
        var cells: [[String]] = []
        for (name, field) in found {
            let sorts = ValueSort.allCases.filter { field.sorts[$0.rawValue] > 0 }
                .sorted { field.sorts[$0.rawValue] > field.sorts[$1.rawValue] }
            cells.append([
                name, sorts.map { "\($0)" }.joined(separator: ", "), field.distinct.description,
                "\(field.lines)", Self.percent(field.lines, of: lines), field.example,
            ])
        }
        let names = FieldSurveyPipe().outputFields(nil) ?? []
        let columns = names.enumerated().map { index, name in
            var builder = ColumnBuilder()
            for row in cells { row[index].withView { builder.append($0) } }
            return (name: name, column: builder.column())
        }
        if !cells.isEmpty {
            let block = DerivedBlock(columns: columns, rowCount: cells.count)
            _ = try next.consume(RowSlice(block: block, rows: Array(cells.indices)))
        }
        try next.finish()
    }

    /// The share in per cent with one digit; what is there and not everywhere is neither 0 % nor 100 %.
    private static func percent(_ part: Int, of whole: Int) -> String {
        let tenths = Int((Double(part) * 1_000 / Double(max(whole, 1))).rounded())
        let shown = part == whole ? 1_000 : min(max(tenths, 1), 999)
        return "\(shown / 10).\(shown % 10)%"
    }
}

/// How many values differ: exactly up to a limit, then by HyperLogLog (Flajolet et al. 2007) with a standard error of 1.6 %.
struct DistinctCounter: CustomStringConvertible {
    /// Distinct values that are counted exactly: 160 KB of hashes a field.
    private static let exactMax = 10_000
    private static let registerBits = 12

    private var hashes: Set<UInt64> = []
    private var registers: [UInt8] = []

    /// The memory in use, roughly.
    var memoryBytes: Int { hashes.capacity * 16 + registers.count }

    /// Whether `count` is an estimate.
    var isEstimate: Bool { !registers.isEmpty }

    /// Adds the value with this hash.
    mutating func insert(_ hash: UInt64) {
        if registers.isEmpty {
            hashes.insert(hash)
            guard hashes.count > Self.exactMax else { return }
            registers = Array(repeating: 0, count: 1 << Self.registerBits)
            for known in hashes { note(known) }
            hashes = []
        } else {
            note(hash)
        }
    }

    private mutating func note(_ hash: UInt64) {
        // Mixed once more: the registers need bits that do not hang together.
        var mixed = hash ^ (hash >> 31)
        mixed = mixed &* 0x9E37_79B9_7F4A_7C15
        mixed ^= mixed >> 29
        let index = Int(mixed >> UInt64(64 - Self.registerBits))
        let rank = UInt8((mixed << UInt64(Self.registerBits)).leadingZeroBitCount + 1)
        registers[index] = max(registers[index], min(rank, 64))
    }

    /// The number of values.
    var count: Int {
        guard isEstimate else { return hashes.count }
        let size = Double(registers.count)
        var sum = 0.0
        var empty = 0
        for register in registers {
            sum += 1 / Double(UInt64(1) << UInt64(min(register, 63)))
            if register == 0 { empty += 1 }
        }
        let estimate = 0.7213 / (1 + 1.079 / size) * size * size / sum
        return Int(estimate.rounded())
    }

    /// The number, with `~` where it is an estimate, then rounded to what is known.
    var description: String {
        guard isEstimate else { return "\(count)" }
        var step = 1
        while count / step >= 1_000 { step *= 10 }
        return "~\((count + step / 2) / step * step)"
    }
}
