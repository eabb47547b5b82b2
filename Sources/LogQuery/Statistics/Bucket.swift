internal import LogBytes
internal import LogRecords

/// Buckets of equal size, `5m` or `10KiB`, or of calendar months and years.
public struct Bucket: Sendable, Equatable {
    private enum Width: Equatable, Sendable {
        case size(Double)
        case month
        case year
        /// The bits of an IPv4 address that stay.
        case network(UInt32)
    }

    private let width: Width
    private let offset: Double
    /// The power of ten that makes whole numbers of size and offset; 1 where there is none.
    private let scale: Double
    /// The bucket as it is written behind the colon.
    public let syntax: String

    /// Reads `5m`, `day`, `10KiB` and, if given, an offset such as `1h`; nil when they are no sizes.
    init?(_ text: String, offset offsetText: String?) {
        switch text.lowercased() {
        case "month": width = .month
        case "year": width = .year
        case let network where network.hasPrefix("/"):
            guard let bits = UInt32(network.dropFirst()), bits <= 32 else { return nil }
            width = .network(bits == 0 ? 0 : ~0 << (32 - bits))
        default:
            guard let size = Self.words[text.lowercased()] ?? NumberValue.operand(text)?.value,
                size > 0, size.isFinite
            else { return nil }
            width = .size(size)
        }
        var syntax = Quoting.operand(text)
        if let offsetText {
            guard let offset = NumberValue.operand(offsetText)?.value, offset.isFinite else {
                return nil
            }
            self.offset = offset
            syntax += " offset " + Quoting.operand(offsetText)
        } else {
            offset = 0
        }
        self.syntax = syntax
        scale = if case .size(let size) = width { Self.scale(size, offset) } else { 1 }
    }

    /// The most decimals of a size that are counted exactly: a double holds fifteen digits.
    private static let decimalsMax = 12

    private static func scale(_ size: Double, _ offset: Double) -> Double {
        var scale = 1.0
        for _ in 0...decimalsMax {
            let isWhole = [size, offset].allSatisfy { number in
                let whole = (number * scale).rounded()
                return abs(whole) < 1e15 && whole / scale == number
            }
            if isWhole { return scale }
            scale *= 10
        }
        return 1
    }

    private static let words: [String: Double] = [
        "nanosecond": 1, "microsecond": 1e3, "millisecond": 1e6, "second": 1e9, "minute": 60e9,
        "hour": 3_600e9, "day": 86_400e9, "week": 7 * 86_400e9,
    ]

    /// The first nanosecond of the bucket of `time`.
    func start(of time: Int64) -> Int64 {
        let shift = Int64(clamping: offset)
        // The least integer has no positive counterpart.
        let moved = time.addingClamped(shift == .min ? .max : -shift)
        switch width {
        case .size(let size):
            let step = max(Int64(clamping: size), 1)
            let (start, overflow) =
                Timestamp.floorDivide(moved, step).multipliedReportingOverflow(by: step)
            return (overflow ? moved : start).addingClamped(shift)
        case .network: return time
        case .month, .year:
            let date = CivilDate(daysSinceEpoch: Timestamp.dayNumber(moved))
            let first = CivilDate(
                year: date.year, month: width == .year ? 1 : date.month, day: 1)
            let (start, overflow) = Int64(first.daysSinceEpoch)
                .multipliedReportingOverflow(by: Timestamp.day)
            // Only a far offset leads to a month that began before the first time there is.
            return (overflow ? Int64.min : start).addingClamped(shift)
        }
    }

    /// The bucket of each time, as RFC 3339 text.
    func column(times: [Int64]) -> Column {
        guard !times.isEmpty else { return .constant([], rowCount: 0) }
        var numbers: [Int64: UInt32] = [:]
        var bytes = ByteWriter(capacity: 256)
        var ends: [Int] = []
        let codes = times.withUnsafeBufferPointer { times in
            self.numbers(times.count, { times[$0] }) { start -> UInt32 in
                if let known = numbers[start] { return known }
                let number = UInt32(ends.count)
                NumberFormat.append(time: start, into: &bytes)
                ends.append(bytes.count)
                numbers[start] = number
                return number
            }
        }
        return .dictionary(bytes: Array(bytes.view), ends: ends, codes: codes)
    }

    /// The number of each of `count` times' bucket, which `number` gives for the bucket that begins at a time. It is asked again where
    /// neighbours are of other buckets than those before them.
    @inline(__always)
    func numbers<Number: BitwiseCopyable>(
        _ count: Int, _ time: (Int) -> Int64, number: (Int64) -> Number
    ) -> [Number] {
        let size: UInt64 =
            if case .size(let size) = width { UInt64(clamping: Int64(clamping: max(size, 1))) } else
            { 1 }
        return [Number](unsafeUninitializedCapacity: count) { numbers, filled in
            guard count > 0 else { return }
            // Neighbours are mostly of one bucket, or of two where times are not in order: their bounds.
            var first = start(of: time(0))
            var length: UInt64 = 0
            var known = number(first)
            var other = (first: first, length: length, number: known)
            for index in 0..<count {
                let time = time(index)
                if UInt64(bitPattern: time &- first) >= length {
                    swap(&first, &other.first)
                    swap(&length, &other.length)
                    swap(&known, &other.number)
                    if UInt64(bitPattern: time &- first) >= length {
                        first = start(of: time)
                        known = number(first)
                        // At the ends of time a bucket is cut: then each time is asked for by itself.
                        length =
                            first > .min && first < .max - Int64(clamping: size) ? size : 0
                    }
                }
                numbers[index] = known
            }
            filled = count
        }
    }

    /// The bucket of each number or time; other text stays as it is.
    func column(_ column: Column) -> Column {
        let distinct = ByteTable()
        var scratch = ByteWriter(capacity: 64)
        let numbers = (0..<column.valueCount).map { number in
            column.withValue(number) { text -> UInt32 in
                scratch.removeAll()
                append(text, into: &scratch)
                return UInt32(distinct.insert(scratch.view).number)
            }
        }
        var bytes = ByteWriter(capacity: 256)
        var ends: [Int] = []
        for number in 0..<distinct.count {
            bytes.append(distinct.key(number))
            ends.append(bytes.count)
        }
        let codes = (0..<column.rowCount).map { numbers[column.valueNumber(row: $0)] }
        return .dictionary(bytes: Array(bytes.view), ends: ends, codes: codes)
    }

    private var isNetwork: Bool {
        if case .network = width { true } else { false }
    }

    /// The seconds that a bucket of time spans; nil for months and years, which differ.
    var seconds: Double? {
        if case .size(let size) = width { size / 1e9 } else { nil }
    }

    /// The lower end of the bucket of `value`. Sizes such as 0.1 are counted in whole tenths, so that 0.3 begins the bucket
    /// `0.3`, and not lies in one called 0.2 or 0.30000000000000004.
    private func start(of value: Double, size: Double) -> Double {
        let count = (value - offset) / size
        if scale == 1 { return count.rounded(.down) * size + offset }
        let nearest = count.rounded()
        let isOnEdge = abs(count - nearest) <= min(4 * count.ulp, 1e-6)
        let index = isOnEdge ? nearest : count.rounded(.down)
        return (index * (size * scale).rounded() + (offset * scale).rounded()) / scale
    }

    private func append(_ text: ByteView, into out: inout ByteWriter) {
        if text.count >= 19, text[4] == ASCII.minus, !isNetwork, let time = Timestamp.parse(text) {
            NumberFormat.append(time: start(of: time), into: &out)
        } else if case .size(let size) = width, let number = NumberValue.parse(text) {
            NumberFormat.append(start(of: number.value, size: size), into: &out)
        } else if case .network(let mask) = width, let address = NumberValue.address(text) {
            AddressFormat.append(address & mask, into: &out)
        } else {
            out.append(text)
        }
    }
}
