internal import LogBytes
internal import LogRecords

/// The header `Retry-After`: seconds, or a date of HTTP (`Sun, 06 Nov 1994 08:49:37 GMT`).
enum RetryAfter {
    /// Nobody may silence alerts for longer.
    static let longest: Int64 = 3_600 * Timestamp.second

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The wait in nanoseconds, at most an hour; nil for what is neither.
    static func parse(_ text: String, now: Int64) -> Int64? {
        let words = text.split(separator: " ")
        if words.count == 1, let seconds = Double(words[0]), seconds >= 0, seconds.isFinite {
            return min(Int64(min(seconds, 1e6) * 1e9), longest)
        }
        guard words.count == 6, let day = Int(words[1]),
            let month = months.firstIndex(of: String(words[2])), let year = Int(words[3])
        else { return nil }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(year)-\(two(month + 1))-\(two(day))T\(words[4])Z"
        guard let time = date.withView({ Timestamp.parse($0) }) else { return nil }
        return min(max(time - now, 0), longest)
    }
}
