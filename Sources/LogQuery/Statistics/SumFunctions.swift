internal import LogBytes

extension StatisticsFunction {
    static let sum = StatisticsFunction(
        "sum", synopsis: "sum(f)", summary: "the sum of all numbers; NaN when there is none"
    ) { SumState($0, isAverage: false) }

    static let avg = StatisticsFunction(
        "avg", synopsis: "avg(f)", summary: "the mean of all numbers; NaN when there is none"
    ) { SumState($0, isAverage: true) }
}

private final class SumState: StatisticsState {
    private struct Sum {
        var total = 0.0
        /// What rounding took from the total so far (Neumaier), so that the order of rows does not show in the result.
        var lost = 0.0
        var count = 0

        mutating func add(_ value: Double) {
            let next = total + value
            if next.isFinite {
                lost += abs(total) >= abs(value) ? (total - next) + value : (value - next) + total
            }
            total = next
        }
    }

    private let isAverage: Bool
    private var sums: [Sum] = []

    init(_ call: StatisticsCall, isAverage: Bool) {
        self.isAverage = isAverage
        super.init(call)
    }

    override func resize(_ count: Int) {
        if count > sums.count { sums += Array(repeating: Sum(), count: count - sums.count) }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        for field in call.fields {
            var numbers = ColumnNumbers(try block.queryColumn(field))
            numbers.visit(rows, groups) { number, group in
                sums[group].add(number)
                sums[group].count += 1
            }
        }
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? SumState else { return }
        for (number, group) in groups.enumerated() where number < other.sums.count {
            let sum = other.sums[number]
            sums[group].add(sum.total)
            sums[group].lost += sum.lost
            sums[group].count += sum.count
        }
    }

    override func append(group: Int, into out: inout ByteWriter) {
        let sum = sums[group]
        let total = sum.count == 0 ? .nan : sum.total + sum.lost
        NumberFormat.append(isAverage ? total / Double(sum.count) : total, into: &out)
    }

    override var memoryBytes: Int { sums.capacity * MemoryLayout<Sum>.stride }
}
