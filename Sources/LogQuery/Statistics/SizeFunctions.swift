internal import LogBytes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension StatisticsFunction {
    static let sumLen = StatisticsFunction(
        "sum_len", synopsis: "sum_len(f)", summary: "the bytes of all values together"
    ) { LengthState($0) }

    static let countUniqHash = StatisticsFunction(
        "count_uniq_hash", synopsis: "count_uniq_hash(f)",
        summary: "the distinct values by a hash of 64 bits: less memory than count_uniq",
        takesLimit: true
    ) { HashState($0) }

    static let histogram = StatisticsFunction(
        "histogram", synopsis: "histogram(f)",
        summary: "how many numbers lie in which range, as a JSON array; 18 ranges a power of ten"
    ) { HistogramState($0) }
}

private final class LengthState: StatisticsState {
    private var sums: [Int] = []

    override func resize(_ count: Int) {
        if count > sums.count { sums += Array(repeating: 0, count: count - sums.count) }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        for field in call.fields {
            let column = try block.queryColumn(field)
            for (index, row) in rows.enumerated() {
                sums[Int(groups[index])] += column.withText(row: row) { $0.count }
            }
        }
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? LengthState else { return }
        for (number, group) in groups.enumerated() where number < other.sums.count {
            sums[group] += other.sums[number]
        }
    }

    override func append(group: Int, into out: inout ByteWriter) { out.append("\(sums[group])") }

    override var memoryBytes: Int { sums.capacity * 8 }
}

/// Distinct values by their hashes alone. Among n values the count is too small by about n² / 2⁶⁵: not at all.
private final class HashState: StatisticsState {
    private var sets: [Set<UInt64>] = []
    private var entries = 0

    override func resize(_ count: Int) {
        if count > sets.count { sets += Array(repeating: [], count: count - sets.count) }
    }

    private func insert(_ hash: UInt64, group: Int) {
        if let limit = call.limit, sets[group].count >= limit { return }
        if sets[group].insert(hash).inserted { entries += 1 }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        let columns = try call.fields.map { try block.queryColumn($0) }
        // The hash of each value that a row has; 0 for the empty one.
        var hashes = columns.map { [UInt64?](repeating: nil, count: $0.valueCount) }
        for (index, row) in rows.enumerated() {
            var hash: UInt64 = 0
            var isEmpty = true
            for (place, column) in columns.enumerated() {
                let number = column.valueNumber(row: row)
                let value =
                    hashes[place][number]
                    ?? column.withValue(number) { $0.isEmpty ? 0 : XXHash64.hash($0) | 1 }
                hashes[place][number] = value
                isEmpty = isEmpty && value == 0
                hash = (hash &* 0x9E37_79B1_85EB_CA87 ^ hash >> 29) &+ value
            }
            if !isEmpty { insert(hash, group: Int(groups[index])) }
        }
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? HashState else { return }
        for (number, group) in groups.enumerated() where number < other.sets.count {
            for hash in other.sets[number] { insert(hash, group: group) }
        }
    }

    override func append(group: Int, into out: inout ByteWriter) {
        out.append("\(sets[group].count)")
    }

    override var memoryBytes: Int { sets.capacity * 8 + entries * 16 }
}

/// VictoriaMetrics' histogram: ranges whose ends grow by the 18th root of ten, from 1e-9 to 1e18.
private final class HistogramState: StatisticsState {
    private static let rangesPerDecade = 18
    private static let lowest = -9
    private static let highest = 18
    private static let rangeCount = (highest - lowest) * rangesPerDecade

    /// The numbers in each range; −1 is what lies below the ranges, `rangeCount` what lies above.
    private var counts: [[Int: Int]] = []
    private var entries = 0

    override func resize(_ count: Int) {
        if count > counts.count { counts += Array(repeating: [:], count: count - counts.count) }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        for field in call.fields {
            var numbers = ColumnNumbers(try block.queryColumn(field))
            for (index, row) in rows.enumerated() {
                let number = numbers.number(row: row)
                if number.isNaN || number < 0 { continue }
                add(1, to: Self.range(of: number), group: Int(groups[index]))
            }
        }
    }

    private func add(_ count: Int, to range: Int, group: Int) {
        if counts[group].updateValue(counts[group][range, default: 0] + count, forKey: range) == nil
        {
            entries += 1
        }
    }

    /// A number that is the end of a range belongs to it, and not to the one that begins there.
    private static func range(of number: Double) -> Int {
        let place = (log10(number) - Double(lowest)) * Double(rangesPerDecade)
        if place < 0 { return -1 }
        if place >= Double(rangeCount) {
            return number.isInfinite ? rangeCount : min(Int(place), rangeCount)
        }
        let range = Int(place)
        return place == Double(range) && range > 0 ? range - 1 : range
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? HistogramState else { return }
        for (number, group) in groups.enumerated() where number < other.counts.count {
            for (range, count) in other.counts[number] { add(count, to: range, group: group) }
        }
    }

    override func append(group: Int, into out: inout ByteWriter) {
        out.append(ASCII.openBracket)
        for (index, entry) in counts[group].sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { out.append(ASCII.comma) }
            let lower = entry.key < 0 ? "0" : Self.end(entry.key)
            let upper = entry.key == Self.rangeCount ? "+Inf" : Self.end(entry.key + 1)
            out.append("{\"vmrange\":\"\(lower)...\(upper)\",\"hits\":\(entry.value)}")
        }
        out.append(ASCII.closeBracket)
    }

    /// The lower end of range `number`, with three decimals: `1.896e+00`.
    private static func end(_ number: Int) -> String {
        let place = number + lowest * rangesPerDecade
        var decade = Int((Double(place) / Double(rangesPerDecade)).rounded(.down))
        let rest = place - decade * rangesPerDecade
        var thousandths = Int(
            (pow(10, Double(rest) / Double(rangesPerDecade)) * 1_000).rounded())
        if thousandths >= 10_000 {
            thousandths = 1_000
            decade += 1
        }
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        return "\(thousandths / 1_000).\(padded(thousandths % 1_000, 3))e"
            + (decade < 0 ? "-" : "+") + padded(abs(decade), 2)
    }

    override var memoryBytes: Int { counts.capacity * 8 + entries * 32 }
}
