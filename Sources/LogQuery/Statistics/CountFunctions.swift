internal import LogBytes

extension StatisticsFunction {
    static let count = StatisticsFunction(
        "count", synopsis: "count() count(f)",
        summary: "the rows, or those in which one of the fields is not empty", worksOnRows: true
    ) { CountState($0, countsEmpty: false) }

    static let countEmpty = StatisticsFunction(
        "count_empty", synopsis: "count_empty(f)", summary: "the rows in which all fields are empty"
    ) { CountState($0, countsEmpty: true) }

    static let countUniq = StatisticsFunction(
        "count_uniq", synopsis: "count_uniq(f)",
        summary: "the distinct values, exactly; rows in which all fields are empty do not count",
        takesLimit: true
    ) { UniqState($0, listsValues: false) }

    static let uniqValues = StatisticsFunction(
        "uniq_values", synopsis: "uniq_values(f)",
        summary: "the distinct values that are not empty, sorted, as a JSON array",
        takesLimit: true
    ) { UniqState($0, listsValues: true) }
}

private final class CountState: StatisticsState {
    private let countsEmpty: Bool
    private var counts: [Int] = []

    init(_ call: StatisticsCall, countsEmpty: Bool) {
        self.countsEmpty = countsEmpty
        super.init(call)
    }

    override func resize(_ count: Int) {
        if count > counts.count {
            counts += Array(repeating: 0, count: count - counts.count)
        }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        if call.fields.isEmpty {
            if let weights = (block as? any WeightedBlock)?.weights {
                for (row, group) in zip(rows, groups) { counts[Int(group)] += weights[row] }
                return
            }
            if counts.count == 1 {
                counts[0] += rows.count
                return
            }
            counts.withUnsafeMutableBufferPointer { counts in
                for group in groups { counts[Int(group)] += 1 }
            }
            return
        }
        let columns = try call.fields.map { try block.queryColumn($0) }
        let empty = columns.map { column in
            (0..<column.valueCount).map { column.withValue($0) { $0.isEmpty } }
        }
        for (index, row) in rows.enumerated() {
            let isEmpty = zip(columns, empty).allSatisfy { $1[$0.valueNumber(row: row)] }
            if isEmpty == countsEmpty { counts[Int(groups[index])] += 1 }
        }
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? CountState else { return }
        for (number, group) in groups.enumerated() where number < other.counts.count {
            counts[group] += other.counts[number]
        }
    }

    override func append(group: Int, into out: inout ByteWriter) {
        out.append("\(counts[group])")
    }

    override var memoryBytes: Int { counts.capacity * 8 }
}

/// The distinct values of each group. Their memory counts against the query's budget, which is their limit.
private final class UniqState: StatisticsState {
    private let listsValues: Bool
    private var sets: [ByteTable] = []
    private var setBytes = 0
    private var scratch = ByteWriter(capacity: 256)

    init(_ call: StatisticsCall, listsValues: Bool) {
        self.listsValues = listsValues
        super.init(call)
    }

    override func resize(_ count: Int) {
        while sets.count < count {
            let set = ByteTable()
            setBytes += set.memoryBytes
            sets.append(set)
        }
    }

    private func insert(_ key: ByteView, group: Int) {
        let set = sets[group]
        if !listsValues, let limit = call.limit, set.count >= limit { return }
        setBytes -= set.memoryBytes
        _ = set.insert(key)
        setBytes += set.memoryBytes
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        let columns = try call.fields.map { try block.queryColumn($0) }
        if columns.count == 1, columns[0].valueCount < rows.count {
            updateDistinct(columns[0], rows, groups)
            return
        }
        for (index, row) in rows.enumerated() {
            let group = Int(groups[index])
            if columns.count == 1 || listsValues {
                for column in columns {
                    column.withText(row: row) { if !$0.isEmpty { insert($0, group: group) } }
                }
                continue
            }
            scratch.removeAll()
            var isEmpty = true
            for column in columns {
                column.withText(row: row) { text in
                    isEmpty = isEmpty && text.isEmpty
                    scratch.append(lengthPrefixed: text)
                }
            }
            if !isEmpty { insert(scratch.view, group: group) }
        }
    }

    /// Looks each pair of value and group up once.
    private func updateDistinct(_ column: Column, _ rows: [Int], _ groups: [Int32]) {
        var lastGroup = [Int32](repeating: -1, count: column.valueCount)
        for (index, row) in rows.enumerated() {
            let number = column.valueNumber(row: row)
            guard lastGroup[number] != groups[index] else { continue }
            lastGroup[number] = groups[index]
            column.withValue(number) {
                if !$0.isEmpty { insert($0, group: Int(groups[index])) }
            }
        }
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? UniqState else { return }
        for (number, group) in groups.enumerated() where number < other.sets.count {
            for key in 0..<other.sets[number].count {
                insert(other.sets[number].key(key), group: group)
            }
        }
    }

    override func append(group: Int, into out: inout ByteWriter) {
        let set = sets[group]
        guard listsValues else {
            out.append("\(set.count)")
            return
        }
        let values = (0..<set.count).map { SortValue(set.key($0)) }
            .sorted { $0.compare($1) < 0 }.prefix(call.limit ?? .max)
        out.append(ASCII.openBracket)
        for (index, value) in values.enumerated() {
            if index > 0 { out.append(ASCII.comma) }
            value.text.withView { JSONRow.quote($0, into: &out) }
        }
        out.append(ASCII.closeBracket)
    }

    override var memoryBytes: Int { setBytes + sets.count * 64 }
}
