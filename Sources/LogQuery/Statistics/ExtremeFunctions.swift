internal import LogBytes

extension StatisticsFunction {
    static let min = StatisticsFunction(
        "min", synopsis: "min(f)",
        summary: "the smallest value: numbers by size, other text in natural order"
    ) { ExtremeState($0, sign: -1) }

    static let max = StatisticsFunction(
        "max", synopsis: "max(f)",
        summary: "the greatest value: numbers by size, other text in natural order"
    ) { ExtremeState($0, sign: 1) }
}

/// The smallest or greatest value that is not empty, as it is spelt.
private final class ExtremeState: StatisticsState {
    private let sign: Int
    private var values: [SortValue?] = []

    init(_ call: StatisticsCall, sign: Int) {
        self.sign = sign
        super.init(call)
    }

    override func resize(_ count: Int) {
        if count > values.count { values += Array(repeating: nil, count: count - values.count) }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        for field in call.fields {
            let column = try block.queryColumn(field)
            var numbers = ColumnNumbers(column)
            // The group for which a value was offered last: rows with one value mostly share a group, too.
            var offered = [Int32](repeating: -1, count: column.valueCount)
            for (index, row) in rows.enumerated() {
                let number = column.valueNumber(row: row)
                guard offered[number] != groups[index] else { continue }
                offered[number] = groups[index]
                if let best = values[Int(groups[index])],
                    (numbers.number(row: row) - best.number) * Double(sign) < 0
                {
                    // Both are numbers, and this one is not better: most values end here.
                    continue
                }
                column.withValue(number) { text in
                    if !text.isEmpty { offer(SortValue(text), group: Int(groups[index])) }
                }
            }
        }
    }

    private func offer(_ value: SortValue, group: Int) {
        guard let best = values[group] else {
            values[group] = value
            return
        }
        if value.compare(best) == sign { values[group] = value }
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? ExtremeState else { return }
        for (number, group) in groups.enumerated() where number < other.values.count {
            if let value = other.values[number] { offer(value, group: group) }
        }
    }

    override func append(group: Int, into out: inout ByteWriter) {
        values[group]?.text.withView { out.append($0) }
    }

    override var memoryBytes: Int { values.capacity * 64 }
}
