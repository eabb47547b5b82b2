/// Names that say how long something took.
///
/// A unit may be part of the name: `duration_ms`, `latencyUs`, `elapsed_seconds`, `responseTimeMillis`. The last component of
/// a path is what counts; containers have been taken off.
enum DurationKey {
    /// Where these stand among the names of `CanonicalAlias`: behind all of them.
    static let namedUnitRank = 500
    /// Names without a unit come last.
    static let bareRank = 600

    /// What may stand before the unit, or alone; separators taken out, in lower case.
    private static let words: Set<String> = [
        "duration", "latency", "elapsed", "elapsedtime", "took", "timetaken", "responsetime",
        "requestduration", "requesttime", "requestlatency", "responseduration", "responselatency",
        "processingtime", "executiontime", "totalduration", "totaltime", "callduration",
        "httpduration", "calltime", "originduration", "servicetime", "durationin",
        "requestdurationin", "handlingtime", "elapsedin", "latencyin", "responsetimein",
    ]

    /// Names of which one knows by themselves, without a unit, that they are durations.
    private static let bareWords: Set<String> = [
        "duration", "latency", "elapsed", "took", "elapsedtime", "responsetime", "timetaken",
        "requestduration", "requestlatency", "processingtime", "executiontime",
        "originduration",
    ]

    private static let units: [(suffix: String, transform: ValueTransform)] = [
        ("nanoseconds", .nanoseconds), ("nanosecond", .nanoseconds), ("nanosecs", .nanoseconds),
        ("nanos", .nanoseconds), ("nsec", .nanoseconds), ("ns", .nanoseconds),
        ("microseconds", .microseconds), ("microsecond", .microseconds),
        ("microsecs", .microseconds), ("micros", .microseconds), ("usecs", .microseconds),
        ("usec", .microseconds), ("us", .microseconds),
        ("milliseconds", .milliseconds), ("millisecond", .milliseconds),
        ("millisecs", .milliseconds), ("millis", .milliseconds), ("msecs", .milliseconds),
        ("msec", .milliseconds), ("ms", .milliseconds),
        ("seconds", .seconds), ("secs", .seconds), ("sec", .seconds), ("s", .seconds),
    ]

    /// How to read the value under `name` when the name says a unit, else nil.
    static func unit(of name: String) -> ValueTransform? {
        // Most names are no durations and end in another letter.
        guard let last = name.utf8.last, unitEnds.contains(last), !name.utf8.contains(dot) else {
            return nil
        }
        let plain = normalized(name)
        for (suffix, transform) in units
        where plain.hasSuffix(suffix) && words.contains(String(plain.dropLast(suffix.count))) {
            // One letter is a unit only when it stands apart: `elapsed_s`, `elapsedS`.
            let apart = name.hasSuffix("_s") || name.hasSuffix("S") || name.hasSuffix("-s")
            return suffix == "s" && !apart ? nil : transform
        }
        return nil
    }

    /// Whether `name` is that of a duration, without a unit.
    static func isBare(_ name: String) -> Bool {
        // Most names are no durations and end in another letter.
        guard name.utf8.count <= 20, let last = name.utf8.last, bareEnds.contains(last),
            !name.utf8.contains(dot)
        else { return false }
        return bareWords.contains(normalized(name))
    }

    private static let dot = UInt8(ascii: ".")
    private static let bareEnds = Set(
        bareWords.compactMap(\.utf8.last).flatMap { [$0, $0 & ~0x20] })
    private static let unitEnds = Set("sScCdD".utf8)

    private static func normalized(_ name: String) -> String {
        String(name.lazy.filter { $0 != "_" && $0 != "-" }).lowercased()
    }
}
