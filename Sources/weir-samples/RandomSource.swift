/// Random numbers that are the same on every machine: xoshiro256** by Blackman and Vigna, its
/// state filled by SplitMix64.
struct RandomSource {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init(seed: UInt64) {
        var counter = seed
        func splitMix() -> UInt64 {
            counter &+= 0x9E37_79B9_7F4A_7C15
            var mixed = counter
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
        state = (splitMix(), splitMix(), splitMix(), splitMix())
    }

    /// The next 64 random bits.
    mutating func next() -> UInt64 {
        let scrambled = state.1 &* 5
        let result = ((scrambled << 7) | (scrambled >> 57)) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = (state.3 << 45) | (state.3 >> 19)
        return result
    }

    /// A number from 0 to `bound - 1`; `bound` must be positive. The bias is below bound / 2^32.
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: ((next() >> 32) &* UInt64(truncatingIfNeeded: bound)) >> 32)
    }

    /// A number of `range`.
    mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// Whether an event with a chance of `share` in 10,000 happens.
    mutating func happens(per10000 share: Int) -> Bool {
        below(10_000) < share
    }

    /// A number from 0 to `bound - 1` where small ones are far more frequent than large ones:
    /// the cube of a uniform number, so that the first thousandth gets a tenth of the picks.
    mutating func skewed(below bound: Int) -> Int {
        let uniform = next() >> 32
        let cube = (((uniform &* uniform) >> 32) &* uniform) >> 32
        return Int(truncatingIfNeeded: (cube &* UInt64(truncatingIfNeeded: bound)) >> 32)
    }
}
