internal import LogRecords

/// The unit of a field or metric.
///
/// Times are known by their length, so that they can be converted; any other unit is a word that OpenMetrics shows.
public struct MetricUnit: Equatable, Sendable {
    /// The word: `milliseconds`, `bytes`, `percent`, empty for none.
    public let name: String
    /// Milliseconds in one of it, nil when it is no time.
    public let milliseconds: Double?

    /// No unit.
    public static let none = MetricUnit(name: "", milliseconds: nil)
    /// Milliseconds, the unit in which times are kept.
    public static let milliseconds = MetricUnit(name: "milliseconds", milliseconds: 1)
    /// Seconds, the base unit of times.
    public static let seconds = MetricUnit(name: "seconds", milliseconds: 1_000)
    /// Percent: ratios are multiplied by 100.
    public static let percent = MetricUnit(name: "percent", milliseconds: nil)

    private static let times: [(words: [String], unit: MetricUnit)] = [
        (["ms", "milliseconds", "millisecond", "millis"], milliseconds),
        (["seconds", "second", "s", "sec", "secs"], seconds),
        (
            ["us", "microseconds", "microsecond", "micros"],
            MetricUnit(name: "microseconds", milliseconds: 1e-3)
        ),
        (
            ["ns", "nanoseconds", "nanosecond", "nanos"],
            MetricUnit(name: "nanoseconds", milliseconds: 1e-6)
        ),
        (["minutes", "minute"], MetricUnit(name: "minutes", milliseconds: 60_000)),
        (["hours", "hour"], MetricUnit(name: "hours", milliseconds: 3_600_000)),
        (["days", "day"], MetricUnit(name: "days", milliseconds: 86_400_000)),
    ]

    /// The time that `word` names as a part of a name (`ms`, `seconds`), nil for other words.
    static func time(_ word: String) -> MetricUnit? {
        times.first { $0.words.contains(word) }?.unit
    }

    /// The unit that `word` names; nil when it is no word of small letters, digits and underscores.
    public init?(_ word: String) {
        if let time = Self.time(word) {
            self = time
            return
        }
        guard !word.isEmpty, word.utf8.count <= 32, PrometheusText.isLabelName(word),
            word.lowercased() == word
        else { return nil }
        self = MetricUnit(name: word, milliseconds: nil)
    }

    private init(name: String, milliseconds: Double?) {
        self.name = name
        self.milliseconds = milliseconds
    }

    /// The unit that the name of a field ends in: `duration_ms`, `size_bytes`.
    public static func ofField(_ name: String) -> MetricUnit {
        let words = name.split(whereSeparator: { $0 == "_" || $0 == "." })
        guard words.count > 1, let last = words.last.map(String.init) else { return .none }
        if let time = time(last) { return time }
        return ["bytes", "percent"].contains(last) ? MetricUnit(last) ?? .none : .none
    }

    /// The bounds of buckets that suit the unit, where a definition names none.
    var defaultBounds: [Double] {
        if let milliseconds {
            return StreamMetrics.latencyBoundsSeconds.map { $0 * 1_000 / milliseconds }
        }
        if name == "bytes" {
            // 1 KiB to 1 GiB in steps of 4.
            return (5...15).map { Double(1 << (2 * $0)) }
        }
        return [
            0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000,
            100_000, 1_000_000,
        ]
    }
}
