internal import Synchronization

/// Lines a second of each writer: a bucket that fills steadily, and holds ten seconds' worth.
///
/// A request is let in while its writer's bucket is not empty, and takes what its lines cost when they come; so a large one
/// passes, and the next waits until the debt is paid.
final class RateLimiter: Sendable {
    private struct Bucket {
        var level: Double
        var filled: Int64
    }

    private let linesPerSecond: Double
    private let buckets = Mutex<[String: Bucket]>([:])

    /// A bucket holds what comes in so many seconds: shippers send what they gathered in some seconds at once.
    static let burstSeconds = 10.0
    /// Buckets kept: a flood of addresses must not fill the memory. Beyond, those that are full go, which is the same as a
    /// fresh one; then an eighth of all, those that owe the least: whoever owes much stays known, however many others come.
    static let bucketsMax = 10_000

    /// The longest time that a client is sent away for (seconds).
    static let delayMax = 300.0

    init(linesPerSecond: Double) { self.linesPerSecond = linesPerSecond }

    private var capacity: Double { linesPerSecond * Self.burstSeconds }

    /// The seconds to wait before `writer` may send again; nil when it may now.
    func delay(_ writer: String, now: Int64) -> Int? {
        let level = buckets.withLock { fill(&$0, writer, now) }
        guard level <= 0 else { return nil }
        return max(1, Int(min(1 - level / linesPerSecond, Self.delayMax).rounded(.up)))
    }

    /// Takes `lines` from the writer's bucket.
    func spend(_ lines: Int, _ writer: String, now: Int64) {
        buckets.withLock { buckets in
            let before = fill(&buckets, writer, now)
            buckets[writer]?.level = before - Double(lines)
        }
    }

    private func fill(_ buckets: inout [String: Bucket], _ writer: String, _ now: Int64) -> Double {
        if buckets[writer] == nil, buckets.count >= Self.bucketsMax {
            buckets = buckets.filter { level(of: $0.value, now) < capacity }
            if buckets.count >= Self.bucketsMax { forgetLeastIndebted(&buckets, now) }
        }
        let bucket = buckets[writer] ?? Bucket(level: capacity, filled: now)
        let present = level(of: bucket, now)
        buckets[writer] = Bucket(level: present, filled: max(now, bucket.filled))
        return present
    }

    private func forgetLeastIndebted(_ buckets: inout [String: Bucket], _ now: Int64) {
        let levels = buckets.values.map { level(of: $0, now) }.sorted(by: >)
        let limit = levels[levels.count / 8]
        // Of many that owe the same, no more go than have to.
        var rest = levels.count / 8
        for (writer, bucket) in buckets where rest > 0 && level(of: bucket, now) >= limit {
            buckets[writer] = nil
            rest -= 1
        }
    }

    private func level(of bucket: Bucket, _ now: Int64) -> Double {
        let seconds = Double(max(0, now - bucket.filled)) / 1e9
        return min(capacity, bucket.level + seconds * linesPerSecond)
    }
}
