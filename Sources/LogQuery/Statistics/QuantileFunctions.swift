internal import LogBytes

extension StatisticsFunction {
    static let quantile = StatisticsFunction(
        "quantile", synopsis: "quantile(0.99, f)",
        summary: "the number below which this share of all numbers lies", takesShare: true
    ) { QuantileState($0) }

    static let median = StatisticsFunction(
        "median", synopsis: "median(f)", summary: "the number in the middle: quantile(0.5, f)"
    ) { QuantileState($0) }
}

private final class QuantileState: StatisticsState {
    private var groups: [Quantiles] = []
    private var groupBytes = 0

    override func resize(_ count: Int) {
        while groups.count < count {
            groups.append(Quantiles())
            groupBytes += groups[groups.count - 1].memoryBytes
        }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        for field in call.fields {
            var numbers = ColumnNumbers(try block.queryColumn(field))
            for (index, row) in rows.enumerated() {
                let number = numbers.number(row: row)
                if number.isNaN { continue }
                let group = Int(groups[index])
                groupBytes -= self.groups[group].memoryBytes
                self.groups[group].add(number)
                groupBytes += self.groups[group].memoryBytes
            }
        }
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? QuantileState else { return }
        for (number, group) in groups.enumerated() where number < other.groups.count {
            groupBytes -= self.groups[group].memoryBytes
            self.groups[group].merge(other.groups[number])
            groupBytes += self.groups[group].memoryBytes
        }
    }

    override func append(group: Int, into out: inout ByteWriter) {
        if let value = groups[group].quantile(call.share ?? 0.5) {
            NumberFormat.append(value, into: &out)
        }
    }

    override var memoryBytes: Int { groupBytes }
}
