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
        if let bucket = timeBucket(block) { return bucket.column(times: try block.times()) }
        let column = try block.queryColumn(field)
        return bucket?.column(column) ?? column
    }

    /// The buckets of the times of `block`, when the keys are these.
    func timeBucket(_ block: any ColumnBlock) -> Bucket? {
        field == "_time" && block.origin == .store ? bucket : nil
    }
}

/// Rows by the values of some fields: each combination of values has a number.
final class Grouping {
    private let keys: [GroupKey]
    private let table = ByteTable()
    private var scratch = ByteWriter(capacity: 256)
    /// Where rows are grouped by nothing but buckets of their times: the group of the bucket that begins at a time.
    private var groupOfStart: [Int64: Int32] = [:]

    /// Combinations of values in a block up to which their groups are looked up in an array.
    private static let cachedMax = 1 << 16

    init(_ keys: [GroupKey]) { self.keys = keys }

    /// The number of groups.
    var count: Int { table.count }

    /// The memory in use.
    var memoryBytes: Int { table.memoryBytes + groupOfStart.capacity * 24 }

    /// The group of each of `rows`. A combination of values that was seen in the block costs no look at the values.
    func groups(_ block: any ColumnBlock, rows: [Int]) throws -> [Int32] {
        if keys.isEmpty { return [Int32](repeating: 0, count: rows.count) }
        if keys.count == 1, let bucket = keys[0].timeBucket(block) {
            return groups(bucket, try block.times(), rows)
        }
        let columns = try keys.map { try $0.column(block) }
        if columns.count == 1 { return groups(columns[0], rows) }
        // Several values of a column may say the same: combinations are counted of those that differ.
        let distinct = columns.map { DistinctValues($0) }
        var combinations = 1
        for values in distinct where combinations <= Self.cachedMax {
            combinations *= max(values.count, 1)
        }
        guard combinations <= Self.cachedMax else { return rows.map { group(columns, row: $0) } }
        var known = [Int32](repeating: -1, count: combinations)
        return rows.map { row in
            var combination = 0
            for values in distinct { combination = combination * values.count + values[row] }
            if known[combination] < 0 { known[combination] = group(columns, row: row) }
            return known[combination]
        }
    }

    private func groups(_ column: Column, _ rows: [Int]) -> [Int32] {
        var known = [Int32](repeating: -1, count: column.valueCount)
        return [Int32](unsafeUninitializedCapacity: rows.count) { groups, filled in
            known.withUnsafeMutableBufferPointer { known in
                func fill(_ valueNumber: (Int) -> Int) {
                    for (index, row) in rows.enumerated() {
                        let number = valueNumber(row)
                        if known[number] < 0 { known[number] = group([column], row: row) }
                        groups[index] = known[number]
                    }
                }
                if let codes = column.codes {
                    codes.withUnsafeBufferPointer { codes in fill { Int(codes[$0]) } }
                } else {
                    fill { column.valueNumber(row: $0) }
                }
            }
            filled = rows.count
        }
    }

    private func groups(_ bucket: Bucket, _ times: [Int64], _ rows: [Int]) -> [Int32] {
        rows.withUnsafeBufferPointer { rows in
            times.withUnsafeBufferPointer { times in
                bucket.numbers(rows.count, { times[rows[$0]] }) { start in
                    if let known = groupOfStart[start] { return known }
                    var text = ByteWriter(capacity: 32)
                    NumberFormat.append(time: start, into: &text)
                    let group = group { $0(text.view) }
                    groupOfStart[start] = group
                    return group
                }
            }
        }
    }

    private func group(_ columns: [Column], row: Int) -> Int32 {
        group { append in
            for column in columns { column.withText(row: row) { append($0) } }
        }
    }

    /// The group of the values that `values` gives on, one for each key.
    private func group(_ values: ((ByteView) -> Void) -> Void) -> Int32 {
        scratch.removeAll()
        values { scratch.append(lengthPrefixed: $0) }
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
        if let sorted = sortedByBytes() { return sorted }
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

    /// The groups in the order of their values where their bytes tell it: times that end in `Z` and have the same length, and digits
    /// at the same places. Nil for others.
    private func sortedByBytes() -> [Int]? {
        guard keys.count == 1, count > 0 else { return nil }
        let first = table.key(0)
        guard first.count > 2, ASCII.isDigit(first[1]),
            first[first.count - 1] == UInt8(ascii: "Z")
        else { return nil }
        for number in 1..<count {
            let key = table.key(number)
            guard key.count == first.count else { return nil }
            for index in 0..<key.count where key[index] != first[index] {
                guard ASCII.isDigit(key[index]), ASCII.isDigit(first[index]) else { return nil }
            }
        }
        return (0..<count).sorted { table.key($0) < table.key($1) }
    }

    /// The groups `numbers` as rows: a column for each key, in order, and `extra` ones behind.
    func block(
        _ numbers: [Int], extra: [(name: String, column: Column)]
    ) -> DerivedBlock {
        let columns = keys.enumerated().map { position, key -> (name: String, column: Column) in
            var builder = ColumnBuilder()
            for number in numbers {
                var reader = ByteReader(table.key(number))
                for _ in 0..<position { _ = try? reader.lengthPrefixed("group") }
                builder.append((try? reader.lengthPrefixed("group")) ?? .empty)
            }
            return (key.field, builder.column())
        }
        return DerivedBlock(columns: columns + extra, rowCount: numbers.count)
    }
}

/// The values of a column by number, each text once where there are few.
private struct DistinctValues {
    let count: Int
    private let column: Column
    /// For each value of the column the number of its text; nil: its own.
    private let numbers: [Int]?

    /// Values up to which texts are compared.
    private static let comparedMax = 4_096

    init(_ column: Column) {
        self.column = column
        guard column.codes != nil, column.valueCount <= Self.comparedMax else {
            numbers = nil
            count = column.valueCount
            return
        }
        let table = ByteTable()
        numbers = (0..<column.valueCount).map { value in
            column.withValue(value) { table.insert($0).number }
        }
        count = table.count
    }

    subscript(row: Int) -> Int {
        let value = column.valueNumber(row: row)
        return numbers?[value] ?? value
    }
}
