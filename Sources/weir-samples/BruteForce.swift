/// A series of failed logins from one address, and a success at its end.
struct BruteForce {
    /// 36 failures in four minutes: above any sensible threshold, and within five minutes.
    static let failures = 36
    private static let millisecondsMax: Int64 = 240_000

    /// From the block for documentation (RFC 5737); no other line carries it.
    static let address: StaticString = "203.0.113.7"

    /// The user whose password was found in the end.
    static let victim = 456

    /// The time of the first attempt, in milliseconds since 1970.
    private let start: Int64
    /// The milliseconds between two attempts.
    private let interval: Int64
    /// How many attempts have been made.
    private var made = 0

    /// A series that begins after three quarters of the range, and ends in it.
    static func planned(from start: Instant, to end: Instant) -> BruteForce {
        let length = end.millisecondsSince1970 - start.millisecondsSince1970
        return BruteForce(
            start: start.millisecondsSince1970 + length / 4 * 3,
            interval: min(millisecondsMax, length / 8) / Int64(failures))
    }

    private init(start: Int64, interval: Int64) {
        self.start = start
        self.interval = interval
    }

    /// Whether the attempt just made was the successful one.
    var hasSucceeded: Bool { made > Self.failures }

    /// Whether an attempt is due at `time`; it then counts as made.
    mutating func attempts(at time: Int64) -> Bool {
        guard made <= Self.failures, time >= start + Int64(made) * interval else { return false }
        made += 1
        return true
    }
}
