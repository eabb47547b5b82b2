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
                if distributions.count * Self.rowsOfGroupMin > rows.count {
                    numbers.visit(rows, groups) { number, group in
                        distributions[group].add(number)
                    }
                } else {
                    Self.add(&numbers, rows, groups, to: distributions)
                }
            }
        }
    }

    /// Groups of fewer rows in a block are not worth having their numbers gathered.
    private static let rowsOfGroupMin = 16

    /// Adds the numbers of all groups, those of each together.
    private static func add(
        _ numbers: inout ColumnNumbers, _ rows: [Int], _ groups: [Int32],
        to distributions: UnsafeMutableBufferPointer<Quantiles>
    ) {
        var ends = [Int](repeating: 0, count: distributions.count + 1)
        ends.withUnsafeMutableBufferPointer { ends in
            numbers.visit(rows, groups) { _, group in ends[group + 1] += 1 }
            for group in 1..<ends.count { ends[group] += ends[group - 1] }
        }
        // Where the next number of each group goes; in the end where those of the next group begin.
        var next = ends
        let gathered = [Double](unsafeUninitializedCapacity: rows.count) { gathered, filled in
            next.withUnsafeMutableBufferPointer { next in
                numbers.visit(rows, groups) { number, group in
                    gathered[next[group]] = number
                    next[group] += 1
                }
            }
            filled = ends[ends.count - 1]
        }
        gathered.withUnsafeBufferPointer { gathered in
            for group in distributions.indices where ends[group + 1] > ends[group] {
                distributions[group].add(
                    UnsafeBufferPointer(rebasing: gathered[ends[group]..<ends[group + 1]]))
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
