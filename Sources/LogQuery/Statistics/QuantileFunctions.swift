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

/// The distributions of all groups, which several quantiles may look at.
private final class GroupDistributions {
    var groups: [Quantiles] = []
}

private final class QuantileState: StatisticsState {
    private var distributions = GroupDistributions()

    override func resize(_ count: Int) {
        while distributions.groups.count < count { distributions.groups.append(Quantiles()) }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        for field in call.fields {
            var numbers = ColumnNumbers(try block.queryColumn(field))
            distributions.groups.withUnsafeMutableBufferPointer { distributions in
                numbers.visit(rows, groups) { number, group in distributions[group].add(number) }
            }
        }
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? QuantileState else { return }
        for (number, group) in groups.enumerated()
        where number < other.distributions.groups.count {
            distributions.groups[group].merge(other.distributions.groups[number])
        }
    }

    override func shares(with other: StatisticsState) -> Bool {
        guard let other = other as? QuantileState, other.call.fields == call.fields else {
            return false
        }
        distributions = other.distributions
        return true
    }

    override func append(group: Int, into out: inout ByteWriter) {
        if let value = distributions.groups[group].quantile(call.share ?? 0.5) {
            NumberFormat.append(value, into: &out)
        }
    }

    override var memoryBytes: Int { distributions.groups.reduce(0) { $0 + $1.memoryBytes } }
}
