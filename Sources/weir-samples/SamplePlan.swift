/// Everything that decides the bytes of a sample. Equal plans give equal bytes.
struct SamplePlan {
    /// Ten years: the traffic curve keeps one number for each hour of the range.
    static let rangeMillisecondsMax: Int64 = 10 * 366 * 24 * 3_600_000

    /// A million millions: with room to spare for the arithmetic of the traffic curve.
    static let linesMax = 1_000_000_000_000

    /// One day: a longer incident is a state of affairs.
    static let incidentMinutesMax = 24 * 60

    /// The number of lines.
    var lines: Int
    /// The seed of the random numbers.
    var seed: UInt64
    /// The time at which lines begin.
    var start: Instant
    /// The time at which lines end; later than `start`.
    var end: Instant
    /// The burst of errors and slow calls, if there is one.
    var incident: Incident?
    /// The series of failed logins, if there is one.
    var bruteForce: BruteForce?
}
