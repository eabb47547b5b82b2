internal import LogRecords

/// How long to wait between attempts: exponentially longer, each time anywhere between nothing and the whole ("full jitter"), so
/// that those who failed together do not come back together (Brooker, Exponential Backoff And Jitter, 2015).
struct Backoff: Sendable {
    /// The longest wait after the first failure.
    static let first = Timestamp.second
    /// The longest wait at all: a receiver that has come back hears of everything within it.
    static let longest = 300 * Timestamp.second
    /// The shortest: no receiver is asked faster.
    static let shortest = Timestamp.second / 10

    /// From 0 up to 1, another one each time.
    let random: @Sendable () -> Double

    init(random: @escaping @Sendable () -> Double) { self.random = random }

    /// The wait after so many failures, nanoseconds.
    func wait(after failures: Int, longest: Int64 = Backoff.longest) -> Int64 {
        let doublings = min(max(failures - 1, 0), 30)
        let limit = min(Self.first << Int64(doublings), longest)
        return max(Int64(Double(limit) * random()), Self.shortest)
    }
}
