/// Log-normal latencies from integers only at run time, so that every machine agrees.
///
/// The normal variable is the sum of the four 16-bit parts of one random number (Irwin–Hall):
/// its tails end at 3.46 standard deviations, which `stragglerFactor` makes up for. Its
/// exponential comes from a table, made at the start with additions and multiplications alone,
/// which IEEE 754 defines exactly; the system's `exp` may differ in its last bit.
struct LatencyTable {
    /// One call in a thousand takes this many times longer: a lost packet, a cold cache.
    private static let stragglerFactor = 4
    private static let stragglersPer10000 = 10

    /// 2^12 entries: between two neighbours a straight line is good to a fraction of a percent.
    private static let indexBits = 12
    private static let fractionBits = 18 - indexBits

    /// e^(spread · z) in 1/65536, for `z` from -3.46 to 3.46.
    private let factors: [Int]

    /// A table whose logarithm has the standard deviation `spread`.
    init(spread: Double) {
        let entries = 1 << Self.indexBits
        // The variance of a sum of four uniform numbers is 1/3; √3 makes it 1.
        let scale = 1.732_050_807_568_877_2 * spread
        factors = (0...entries).map { index in
            let sum = Double(index) * 4 / Double(entries) - 2
            return Int(Self.exponential(sum * scale) * 65_536)
        }
    }

    /// A latency in hundredths of a millisecond around `median`, which is in the same unit.
    func sample(median: Int, using random: inout RandomSource) -> Int {
        let bits = random.next()
        let sum = Int((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + bits >> 48)
        let index = sum >> Self.fractionBits
        let fraction = sum & ((1 << Self.fractionBits) - 1)
        let step = factors[index + 1] - factors[index]
        let factor = factors[index] + (step * fraction) >> Self.fractionBits
        let latency = max(1, (median * factor) >> 16)
        return random.happens(per10000: Self.stragglersPer10000)
            ? latency * Self.stragglerFactor : latency
    }

    /// e^x as (e^(x/1024))^1024, the inner one by its Taylor series.
    private static func exponential(_ exponent: Double) -> Double {
        let small = exponent / 1024
        var term = 1.0
        var sum = 1.0
        for order in 1...8 {
            term = term * small / Double(order)
            sum += term
        }
        for _ in 0..<10 {
            sum *= sum
        }
        return sum
    }
}
