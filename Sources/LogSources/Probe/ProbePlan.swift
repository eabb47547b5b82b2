internal import LogRecords

/// What a probe does: `https://example.org/health every 60s timeout 5s expect 200`.
public struct ProbePlan: Sendable, Equatable {
    /// The address, http or https.
    public let url: String
    /// The time from one check to the next, nanoseconds.
    public private(set) var interval: Int64 = 60 * Timestamp.second
    /// How long an answer may take, nanoseconds; 5 seconds, or until the next check, unless said otherwise.
    public private(set) var timeout: Int64 = 5 * Timestamp.second
    /// The statuses that count as well.
    public private(set) var expected: ClosedRange<Int> = 200...399
    /// What the lines name as their service; nil: the host.
    public private(set) var service: String?

    /// Checks at shorter intervals are load, not probes (nanoseconds).
    private static let intervalMin = Timestamp.second

    /// The plan that `text` describes.
    public init(_ text: String) throws(SourceError) {
        var words = text.split(separator: " ").map(String.init)[...]
        let url = words.popFirst() ?? ""
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.utf8.count > 8,
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw SourceError(
                "a probe begins with an address, http:// or https://, not with `\(url)`")
        }
        self.url = url
        let saysTimeout = words.contains("timeout")
        while let word = words.popFirst() {
            guard let value = words.popFirst() else {
                throw SourceError("`\(word)` at the end of the probe of \(url) lacks its value")
            }
            try take(word, value)
        }
        if !saysTimeout { timeout = min(timeout, interval) }
        guard timeout <= interval else {
            throw SourceError(
                "the probe of \(url) waits for an answer longer than until its next check; "
                    + "say a timeout that is not above `every`")
        }
    }

    private mutating func take(_ word: String, _ value: String) throws(SourceError) {
        switch word {
        case "every": interval = try duration(word, value, atLeast: Self.intervalMin)
        case "timeout": timeout = try duration(word, value, atLeast: 1_000_000)
        case "expect": expected = try statuses(value)
        case "service": service = value
        default:
            throw SourceError(
                "`\(word)` is no word of a probe: there are every, timeout, expect and service, as "
                    + "in `\(url) every 60s timeout 5s expect 200`")
        }
    }

    private func duration(
        _ word: String, _ value: String, atLeast least: Int64
    ) throws(SourceError) -> Int64 {
        guard let nanoseconds = DurationText.parse(value), nanoseconds >= least else {
            throw SourceError(
                "`\(word) \(value)` of the probe of \(url) is no duration of at least "
                    + "\(DurationText.text(least))")
        }
        return nanoseconds
    }

    /// `200`, `2xx` or `200-299`.
    private func statuses(_ value: String) throws(SourceError) -> ClosedRange<Int> {
        let parts = value.split(separator: "-").map { Int(String($0)) }
        if value.hasSuffix("xx"), let hundred = Int(String(value.dropLast(2))),
            (1...5).contains(hundred)
        {
            return hundred * 100...hundred * 100 + 99
        }
        if let first = parts.first ?? nil, let last = parts.last ?? nil, parts.count <= 2,
            first <= last, (100...599).contains(first), (100...599).contains(last)
        {
            return first...last
        }
        throw SourceError(
            "`expect \(value)` of the probe of \(url) is no status: say 200, 2xx or 200-299")
    }
}
