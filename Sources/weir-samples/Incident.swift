/// A span of time in which `endpoints` fail often and answer slowly, and clients try again.
struct Incident {
    /// Long enough for a rule over five minutes to fill its window and to hold for a while.
    private static let minutesDefault: Int64 = 8

    /// Durations multiply by this: a median of 125 ms becomes 1.75 s.
    static let slowdown = 14

    /// Of 10,000 calls during the incident this many are further attempts at its endpoints.
    static let retriesPer10000 = 2500

    /// A gateway gives up after 5 s, in hundredths of a millisecond.
    static let gatewayTimeout = 500_000

    /// The endpoints it hits, as indexes into `Endpoint.catalog`: workflows/execute of
    /// brainops-api and payments/charge of billing-service.
    static let endpoints = [0, 5]

    /// Its beginning and its end in milliseconds since 1970.
    var range: Range<Int64>

    /// An incident at a given time or in the middle of the range.
    static func planned(
        from start: Instant, to end: Instant, at begin: Instant?, minutes: Int?
    ) -> Incident {
        let length = end.millisecondsSince1970 - start.millisecondsSince1970
        let duration =
            minutes.map { Int64($0) * 60_000 } ?? min(minutesDefault * 60_000, length / 4)
        let begin =
            begin?.millisecondsSince1970
            ?? start.millisecondsSince1970 + (length - duration) / 2
        return Incident(range: begin..<begin + duration)
    }
}
