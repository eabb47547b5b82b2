import LogMetrics
import TestSupport
import Testing

@Suite struct SlidingWindowTests {
    @Test func theWorkedExampleHolds() {
        var window = SlidingWindow()
        for slot in [7 as Int64, 8, 10] { window.add(isPart: true, slot: slot) }
        window.close(through: 8, length: 3)
        same(window.closed.part, 2)
        window.close(through: 10, length: 3)
        same(window.closed.part, 2)
        window.close(through: 13, length: 3)
        same(window.closed, CountPair())
        same(window.isEmpty, true)
    }

    @Test func additionsToClosedSlotsCount() {
        var window = SlidingWindow()
        window.add(isPart: true, slot: 5)
        window.close(through: 6, length: 4)
        window.add(isPart: false, slot: 6)
        window.add(isPart: true, slot: 5)
        same(window.closed, CountPair(part: 2, whole: 3))
        window.close(through: 9, length: 4)
        same(window.closed, CountPair(part: 0, whole: 1))
        same(window.heldPart, 0)
    }

    @Test func whatIsOutdatedMakesRoom() {
        var window = SlidingWindow(keepsSamples: true)
        for slot in 0..<1_000 as Range<Int64> {
            window.add(isPart: true, sample: 1, slot: slot, outdated: slot - 4)
        }
        same(window.bytes < 500, true)
        same(window.sum(endingAt: 999, length: 3).whole, 3)
        same(window.heldPart <= 4, true)
    }

    private struct Added {
        let slot: Int64
        let isPart: Bool
        let value: Double
    }

    private func pair(_ list: [Added]) -> CountPair {
        CountPair(part: UInt64(list.count { $0.isPart }), whole: UInt64(list.count))
    }

    @Test(arguments: [1 as UInt64, 2, 3, 4], [1, 6])
    func agreesWithKeepingEverything(seed: UInt64, density: Int) {
        var random = SeededGenerator(seed: seed)
        var window = SlidingWindow(keepsSamples: true)
        var all: [Added] = []
        var now: Int64 = -50
        for step in 0..<2_000 {
            if step % density == 0 { now += Int64.random(in: 0...2, using: &random) }
            if UInt8.random(in: 0...100, using: &random) == 0 { now += 100 }
            let added = Added(
                slot: now - Int64.random(in: 0...3, using: &random),
                isPart: Bool.random(using: &random), value: random.latency())
            window.add(
                isPart: added.isPart, sample: added.value, slot: added.slot, outdated: now - 14)
            all.append(added)
            let last = now - 4
            // A group that sleeps is closed now and then only.
            guard Bool.random(using: &random) else { continue }
            window.close(through: last, length: 10)
            all.removeAll { $0.slot <= last - 10 }
            let closed = all.filter { $0.slot <= last }
            same(window.closed, pair(closed))
            same(window.heldPart, pair(all).part)
            same(window.newest, all.map(\.slot).max())
            let open = all.filter { $0.slot > now - 10 && $0.slot <= now }
            same(window.sum(endingAt: now, length: 10), pair(open))
            let samples = window.closedSamples()
            same(samples.count, UInt64(closed.count))
            same(samples.min, closed.map(\.value).min())
            same(samples.max, closed.map(\.value).max())
        }
    }
}
