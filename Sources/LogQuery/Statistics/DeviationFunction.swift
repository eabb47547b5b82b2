internal import LogBytes

extension StatisticsFunction {
    static let stddev = StatisticsFunction(
        "stddev", synopsis: "stddev(f)",
        summary: "the standard deviation of all numbers; NaN when there is none"
    ) { DeviationState($0) }
}

/// The standard deviation of a whole population, without subtracting great sums from each other: B. P. Welford, "Note on a
/// method for calculating corrected sums of squares and products" (1962), merged as by Chan, Golub and LeVeque (1979).
private final class DeviationState: StatisticsState {
    private struct Moments {
        var count = 0.0
        var mean = 0.0
        var squares = 0.0

        mutating func add(_ other: Moments) {
            guard other.count > 0 else { return }
            let total = count + other.count
            let distance = other.mean - mean
            mean += distance * other.count / total
            squares += other.squares + distance * distance * count * other.count / total
            count = total
        }
    }

    private var groups: [Moments] = []

    override func resize(_ count: Int) {
        if count > groups.count {
            groups += Array(repeating: Moments(), count: count - groups.count)
        }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        for field in call.fields {
            var numbers = ColumnNumbers(try block.queryColumn(field))
            for (index, row) in rows.enumerated() {
                let number = numbers.number(row: row)
                if number.isNaN { continue }
                self.groups[Int(groups[index])].add(Moments(count: 1, mean: number))
            }
        }
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? DeviationState else { return }
        for (number, group) in groups.enumerated() where number < other.groups.count {
            self.groups[group].add(other.groups[number])
        }
    }

    override func append(group: Int, into out: inout ByteWriter) {
        let moments = groups[group]
        let variance = moments.count > 0 ? moments.squares / moments.count : .nan
        NumberFormat.append(variance.squareRoot(), into: &out)
    }

    override var memoryBytes: Int { groups.capacity * MemoryLayout<Moments>.stride }
}
