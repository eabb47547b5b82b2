internal import LogRecords

/// What the value of a condition is counted in, and how people read it.
public enum ValueUnit: String, Sendable {
    /// A share from 0 to 1, shown in percent.
    case fraction
    /// Milliseconds, shown as a duration.
    case milliseconds
    /// Seconds, shown as a duration.
    case seconds
    /// Records.
    case count
    /// Records a second.
    case perSecond
    /// Hundredths, as fields hold them whose names say so: 80 is shown as 80%.
    case percent
    /// Bytes, shown in powers of 1024.
    case bytes
    /// The field's own unit, which weir does not know.
    case plain

    /// The value for people: `12.3%`, `1.24s`, `7`, `5.2/s`.
    public func text(_ value: Double) -> String {
        switch self {
        case .fraction: Self.short(value * 100) + "%"
        case .milliseconds: Self.duration(value)
        case .seconds: Self.duration(value * 1_000)
        case .perSecond: Self.short(value) + "/s"
        case .percent: Self.short(value) + "%"
        case .bytes: Self.size(value)
        case .count, .plain: Self.short(value)
        }
    }

    private static func size(_ bytes: Double) -> String {
        var rest = bytes
        var names = ["B", "KiB", "MiB", "GiB", "TiB"][...]
        while abs(rest) >= 1_024, names.count > 1 {
            rest /= 1_024
            names.removeFirst()
        }
        return short(rest) + (names.first ?? "")
    }

    private static func duration(_ milliseconds: Double) -> String {
        switch abs(milliseconds) {
        case ..<1_000: short(milliseconds) + "ms"
        case ..<60_000: short(milliseconds / 1_000) + "s"
        // Above a century a Double may not fit the integer.
        case ..<3e15: DurationText.text(Int64(milliseconds / 1_000) * Timestamp.second)
        default: short(milliseconds / 1_000) + "s"
        }
    }

    /// The number with three significant digits, at most two behind the point; whole numbers stay whole.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        let scale: Double = abs(value) < 10 ? 100 : abs(value) < 1_000 ? 10 : 1
        let rounded = (value * scale).rounded() / scale
        if rounded == 0, value != 0 { return "\(value)" }
        if rounded == rounded.rounded(), abs(rounded) < 1e15 { return String(Int64(rounded)) }
        return "\(rounded)"
    }
}
