import LogBytes
import TestSupport
import Testing

@testable import LogQuery

@Suite struct QuantilesTests {
    private func check(_ values: [Double], parts: Int) {
        var merged = Quantiles()
        for part in 0..<parts {
            var quantiles = Quantiles()
            if part % 2 == 1 {
                // Many at once.
                let own = stride(from: part, to: values.count, by: parts).map { values[$0] }
                for start in stride(from: 0, to: own.count, by: 5_000) {
                    own[start..<min(start + 5_000, own.count)].withUnsafeBufferPointer {
                        quantiles.add($0)
                    }
                }
                merged.merge(quantiles)
                continue
            }
            for index in stride(from: part, to: values.count, by: parts) {
                quantiles.add(values[index])
            }
            merged.merge(quantiles)
        }
        let sorted = values.sorted()
        for share in [0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1] {
            let exact = sorted[min(Int(share * Double(sorted.count)), sorted.count - 1)]
            let found = merged.quantile(share) ?? .nan
            let isExact = values.count <= Quantiles.exactMax
            let error = isExact ? 0 : abs(exact) * 0.01
            #expect(abs(found - exact) <= error, "\(share) of \(values.count): \(found), \(exact)")
        }
    }

    @Test func exactWhileFew() {
        var random = SeededGenerator(seed: 1)
        check((0..<1_000).map { _ in Double(random.below(5_000)) - 2_500 }, parts: 3)
        check([7], parts: 1)
        var none = Quantiles()
        #expect(none.quantile(0.5) == nil)
    }

    @Test func withinOnePerCentWhenMany() {
        var random = SeededGenerator(seed: 2)
        // From a millionth to a billion, some negative, some zero.
        let values = (0..<250_000).map { _ -> Double in
            var value = Double(random.below(1_000_000)) / 1_000_000
            for _ in 0..<random.below(10) { value *= 10 }
            return random.below(5) == 0 ? -value : value
        }
        check(values, parts: 1)
        check(values, parts: 4)
    }

    @Test func memoryOfASketchIsBounded() {
        var random = SeededGenerator(seed: 3)
        var quantiles = Quantiles()
        for _ in 0..<300_000 { quantiles.add(Double(random.next())) }
        #expect(quantiles.memoryBytes < 200_000)
    }
}
