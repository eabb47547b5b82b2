import TestSupport
import Testing

@testable import LogSegments

@Suite struct SequenceSetTests {
    @Test func rangesInAnyOrderAreWhatTheirNumbersAre() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var set = SequenceSet()
            var numbers = Set<UInt64>()
            #expect(set.isEmpty)
            for _ in 0..<8 {
                let start = UInt64(random.below(40))
                let range = start..<start + UInt64(random.below(6))
                #expect(set.overlaps(range) == !numbers.isDisjoint(with: range), "seed \(seed)")
                set.insert(range)
                numbers.formUnion(range)
            }
            for number in 0..<50 as Range<UInt64> {
                #expect(set.contains(number) == numbers.contains(number), "seed \(seed), \(number)")
            }
        }
    }
}
