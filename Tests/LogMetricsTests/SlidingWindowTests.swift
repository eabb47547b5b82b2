import LogMetrics
import Testing

@Suite struct SlidingWindowTests {
    private func pair(_ part: UInt64) -> CountPair { CountPair(part: part, whole: part) }

    @Test func theWorkedExampleHolds() {
        var window = SlidingWindow<CountPair>()
        for slot in [7 as Int64, 8, 10] { window.add(pair(1), slot: slot) }
        window.close(through: 8, length: 3)
        same(window.closed.part, 2)
        window.close(through: 10, length: 3)
        same(window.closed.part, 2)
        window.close(through: 13, length: 3)
        same(window.closed.part, 0)
        same(window.isEmpty, true)
    }

    @Test func additionsToClosedSlotsCount() {
        var window = SlidingWindow<CountPair>()
        window.add(pair(1), slot: 5)
        window.close(through: 6, length: 4)
        window.add(pair(2), slot: 6)
        window.add(pair(4), slot: 5)
        same(window.closed.part, 7)
        window.close(through: 9, length: 4)
        same(window.closed.part, 2)
    }

    @Test(arguments: [1 as UInt64, 2, 3, 4])
    func agreesWithKeepingEverything(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var window = SlidingWindow<CountPair>()
        var all: [(slot: Int64, amount: UInt64)] = []
        var now: Int64 = -50
        for _ in 0..<2_000 {
            now += Int64.random(in: 0...2, using: &random)
            if UInt8.random(in: 0...40, using: &random) == 0 { now += 100 }
            let slot = now - Int64.random(in: 0...3, using: &random)
            let amount = UInt64.random(in: 1...9, using: &random)
            window.add(pair(amount), slot: slot)
            all.append((slot, amount))
            let last = now - 4
            window.close(through: last, length: 10)
            let want = all.filter { $0.slot > last - 10 && $0.slot <= last }
                .reduce(0) { $0 + $1.amount }
            same(window.closed.part, want)
            let open = all.filter { $0.slot > now - 10 && $0.slot <= now }
                .reduce(0) { $0 + $1.amount }
            same(window.sum(endingAt: now, length: 10).part, open)
        }
    }
}
