internal import LogRecords

/// How a rule's window is cut into slots of equal length on the grid of event time.
///
/// A window always ends at a boundary between two slots. Slots are a thirtieth of the window long, but at least a second,
/// and at most a minute where that means no more than 120 slots. An evaluation interval that is set cuts them so that both
/// the window and the interval are whole numbers of slots where that is possible. With a baseline they are longer where it
/// would have more than 1,440.
struct RuleSlots: Equatable, Sendable {
    static let slotsMin: Int64 = 30
    static let slotsMax: Int64 = 120
    /// Slots that an interval may cut a window into.
    private static let intervalSlotsMax: Int64 = 360
    /// Slots of a baseline: a day in minutes.
    private static let baselineSlotsMax: Int64 = 1_440
    /// Baselines are at most so many windows long, so that one slot to the window is always possible.
    static let baselineWindowsMax: Int64 = 1_440
    private static let slotMin = Timestamp.second
    private static let slotMax = 60 * Timestamp.second

    /// The length of a slot in nanoseconds.
    let length: Int64
    /// The slots of the window.
    let window: Int64
    /// The slots of the baseline before it, 0 for none.
    let baseline: Int64
    /// Conditions are evaluated at the end of every slot whose number, plus one, this divides.
    let stride: Int64

    /// The slots of `condition`, evaluated every `interval` nanoseconds; 0 leaves that to the window.
    init(_ condition: Condition, baseline: Int64, interval: Int64) {
        let window = condition.window
        var count = Self.count(window: window)
        if baseline > 0 {
            // The largest number of slots that divides the window and keeps the baseline in its bounds.
            let most = max(Self.baselineSlotsMax / max(baseline / window, 1), 1)
            count = min(count, most)
            while count > 1, window % count != 0 { count -= 1 }
        }
        var length = window / count
        if interval > 0 {
            let common = Self.common(window, interval)
            let isFine = common >= Self.slotMin && window / common <= Self.intervalSlotsMax
            if isFine, baseline == 0 || baseline / common <= Self.baselineSlotsMax {
                length = common
                count = window / common
            }
        }
        self.length = length
        self.window = count
        self.baseline = (baseline + length - 1) / length
        stride = interval > 0 ? max((interval + length - 1) / length, 1) : 1
    }

    /// The number of slots of a window.
    private static func count(window: Int64) -> Int64 {
        if window < slotsMin * slotMin { return max(window / slotMin, 1) }
        return min(max(slotsMin, window / slotMax), slotsMax)
    }

    /// The greatest common divisor.
    private static func common(_ first: Int64, _ second: Int64) -> Int64 {
        var (first, second) = (first, second)
        while second != 0 { (first, second) = (second, first % second) }
        return first
    }
}
