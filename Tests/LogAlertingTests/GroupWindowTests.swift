import LogBytes
import TestSupport
import Testing

@testable import LogAlerting

/// A window beside a dictionary that keeps every slot: narrow cells become whole words where they do not suffice, and nothing is
/// lost on the way.
@Suite struct GroupWindowTests {
    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    /// A slot's count, all that `window` says of `slots`, and what its last closed window of `length` holds.
    private func expectSame(
        _ window: GroupWindow, _ slots: [Int64: UInt64], _ layout: WindowLayout, length: Int64
    ) {
        let kept = slots.sorted { $0.key < $1.key }
        #expect(Int(window.count) == kept.count)
        #expect(window.newest == kept.last?.key)
        for (index, slot) in kept.enumerated() where index < Int(window.count) {
            #expect(window.number(index, layout) == slot.key)
            #expect(window.counter(0, at: window.place(index), layout) == slot.value)
        }
        let last = window.closedThrough
        guard last != .min else { return }
        let inside = slots.filter { $0.key <= last && $0.key > last - length }
        #expect(window.closed(0) == inside.values.reduce(0, +))
    }

    @Test(arguments: 1...60)
    func aWindowHoldsWhatWasCounted(seed: UInt64) {
        var random = Random(state: seed)
        let layout = WindowLayout(hasBaseline: false)
        defer { layout.destroy() }
        var window = GroupWindow(layout)
        defer { window.destroy(layout) }
        var slots: [Int64: UInt64] = [:]
        let length = Int64.random(in: 1...60, using: &random)
        // Within and beyond what narrow cells tell apart.
        let leap = [3, 40, 900, 3_000][Int(seed % 4)]
        var now = Int64.random(in: -5_000...5_000, using: &random)
        for _ in 0..<400 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0: now += Int64.random(in: 0...Int64(leap), using: &random)
            case 1...3: now += 1
            case 4...5:
                let last = now - Int64.random(in: 0...3, using: &random)
                guard last > window.closedThrough else { continue }
                window.close(through: last, length: length, baseline: 0, layout)
                slots = slots.filter { $0.key > last - length }
            case 6 where seed % 3 == 0:
                // As if so many had been counted: near the most that a narrow cell holds, and beyond.
                let number = max(now, window.closedThrough + 1)
                let value = UInt64.random(in: (1 << 22) - 3...(1 << 22) + 1, using: &random)
                window.setCounter(0, of: number, value, layout)
                slots[number] = value
            default:
                let number = now - Int64.random(in: 0...2, using: &random)
                if number <= window.closedThrough.minusClamped(length) { continue }
                let place = window.open(number, outdated: .min, layout)
                window.count(1, at: place, number: number, layout)
                slots[number, default: 0] += 1
            }
            expectSame(window, slots, layout, length: length)
        }
    }
}
