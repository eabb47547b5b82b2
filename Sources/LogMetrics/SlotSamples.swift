/// The values that fell into one slot of a window.
///
/// Most slots of most groups see one or two values, which stand here as they are; a histogram, with memory of its own, takes
/// the third and those that follow. How many there are is the slot's count.
@usableFromInline
struct SlotSamples: ~Copyable {
    @usableFromInline var first: Double = 0
    @usableFromInline var second: Double = 0
    @usableFromInline var more = LatencyHistogram()

    @inlinable
    init() {}

    /// Takes the value that comes after `count` others.
    @inlinable @inline(__always)
    mutating func record(_ value: Double, after count: UInt32) {
        switch count {
        case 0: first = value
        case 1: second = value
        default: more.record(value)
        }
    }

    /// Adds all `count` values to `histogram`.
    func add(_ count: UInt32, to histogram: inout LatencyHistogram) {
        if count > 0 { histogram.record(first) }
        if count > 1 { histogram.record(second) }
        histogram.merge(more)
    }
}
