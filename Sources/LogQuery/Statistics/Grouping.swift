internal import LogBytes
internal import LogRecords

/// A field that rows are grouped by, perhaps rounded down to buckets.
public struct GroupKey: Sendable, CustomStringConvertible {
    /// The field.
    public let field: String
    /// The buckets that its values are put in.
    public let bucket: Bucket?

    /// The key in LogsQL.
    public var description: String {
        Quoting.word(field) + (bucket.map { ":\($0.syntax)" } ?? "")
    }

    /// The column of keys of `block`.
    func column(_ block: any ColumnBlock) throws -> Column {
        guard let bucket else { return try block.queryColumn(field) }
        if field == "_time", block.origin == .store {
            return bucket.column(times: try block.times())
        }
        return bucket.column(try block.queryColumn(field))
    }
}

/// Rows by the values of some fields: each combination of values has a number.
final class Grouping {
    private let keys: [GroupKey]
    private let table = ByteTable()
    private var scratch = ByteWriter(capacity: 256)

    /// Combinations of values in a block up to which their groups are looked up in an array.
    private static let cachedMax = 1 << 16

    init(_ keys: [GroupKey]) { self.keys = keys }

    /// The number of groups.
    var count: Int { table.count }

    /// The memory in use.
    var memoryBytes: Int { table.memoryBytes }

    /// The group of each of `rows`. A combination of values that was seen in the block costs no look at the values.
    func groups(_ block: any ColumnBlock, rows: [Int]) throws -> [Int32] {
        if keys.isEmpty { return [Int32](repeating: 0, count: rows.count) }
        let columns = try keys.map { try $0.column(block) }
        if columns.count == 1 { return groups(columns[0], rows) }
        var combinations = 1
        for column in columns where combinations <= Self.cachedMax {
            combinations *= max(column.valueCount, 1)
        }
        guard combinations <= Self.cachedMax else { return rows.map { group(columns, row: $0) } }
        var known = [Int32](repeating: -1, count: combinations)
        return rows.map { row in
            var combination = 0
            for column in columns {
                combination = combination * column.valueCount + column.valueNumber(row: row)
            }
            if known[combination] < 0 { known[combination] = group(columns, row: row) }
            return known[combination]
        }
    }

    private func groups(_ column: Column, _ rows: [Int]) -> [Int32] {
        var known = [Int32](repeating: -1, count: column.valueCount)
        return rows.map { row in
            let number = column.valueNumber(row: row)
            let group = known[number]
            if group >= 0 { return group }
            known[number] = self.group([column], row: row)
            return known[number]
        }
    }

    private func group(_ columns: [Column], row: Int) -> Int32 {
        scratch.removeAll()
        for column in columns {
            column.withText(row: row) { scratch.append(lengthPrefixed: $0) }
        }
        return Int32(table.insert(scratch.view).number)
    }

    /// Makes the one group of a grouping by nothing.
    func insertEmpty() { _ = table.insert(.empty) }

    /// The values that make up group `number`.
    func values(_ number: Int) -> [[UInt8]] {
        var reader = ByteReader(table.key(number))
        var values: [[UInt8]] = []
        while reader.remaining > 0, let value = try? reader.lengthPrefixed("group") {
            values.append(Array(value))
        }
        return values
    }

    /// The number of the group of `other` with number `number` in this grouping.
    func adopt(_ other: Grouping, _ number: Int) -> Int {
        table.insert(other.table.key(number)).number
    }

    /// All groups in the order of their values.
    func sorted() -> [Int] {
        let values = (0..<count).map { number in
            self.values(number).map { $0.withView { SortValue($0) } }
        }
        return (0..<count).sorted { left, right in
            for (a, b) in zip(values[left], values[right]) {
                let order = a.compare(b)
                if order != 0 { return order < 0 }
            }
            return left < right
        }
    }

    /// The groups `numbers` as rows: a column for each key, in order, and `extra` ones behind.
    func block(
        _ numbers: [Int], extra: [(name: String, column: Column)]
    ) -> DerivedBlock {
        let rows = numbers.map { values($0) }
        let columns = keys.enumerated().map { position, key -> (name: String, column: Column) in
            var builder = ColumnBuilder()
            for row in rows { row[position].withView { builder.append($0) } }
            return (key.field, builder.column())
        }
        return DerivedBlock(columns: columns + extra, rowCount: numbers.count)
    }
}
