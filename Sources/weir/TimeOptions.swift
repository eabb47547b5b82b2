internal import ArgumentParser
internal import LogQuery

/// The options `--since` and `--until`, alike in every command that has them.
struct TimeOptions: ParsableArguments {
    @Option(
        help: "Only lines from this time on: an age (1h, 30m, 7d) or a time (2025-01-18T12:00:00Z)."
    )
    var since: String?

    @Option(help: "Only lines before this time: an age or a time.")
    var until: String?

    /// The filters that the options stand for.
    func filters(now: Int64) throws -> [Filter] {
        var filters: [Filter] = []
        if let since { filters.append(try filter(since, age: "", time: ">=", "--since", now)) }
        if let until { filters.append(try filter(until, age: ">", time: "<", "--until", now)) }
        try checkOrder(filters)
        return filters
    }

    /// The times that the options leave.
    func range(now: Int64) throws -> TimeRange { Filter.and(try filters(now: now)).timeRange }

    /// Dates that somebody took one for the other leave no time at all, which looks as if there were no lines.
    private func checkOrder(_ filters: [Filter]) throws {
        let range = Filter.and(filters).timeRange
        guard let since, let until, range.end <= range.start else { return }
        throw CommandFailure(
            "--since \(since) is not before --until \(until), so no line lies between them")
    }

    /// The filter that `_time:` makes of an age or a time; nothing else is let into the query.
    private func filter(
        _ text: String, age: String, time: String, _ option: String, _ now: Int64
    ) throws -> Filter {
        let text = text == "now" ? "0s" : text.hasPrefix("now-") ? String(text.dropFirst(4)) : text
        let isPlain = text.utf8.allSatisfy { byte in
            byte | 0x20 &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                || "-+:., ".utf8.contains(byte)
        }
        let isAge = text.last?.isLetter == true && !text.contains { "-:Z".contains($0) }
        // A time may have a space where RFC 3339 has a T.
        let spaces = text.split(separator: " ", omittingEmptySubsequences: false).count - 1
        let value = text.replacing(" ", with: "T")
        var message = "no age and no time"
        if isPlain, text.first?.isNumber == true, spaces <= (isAge ? 0 : 1) {
            do throws(QueryError) {
                return try QueryParser.parseFilter("_time:\(isAge ? age : time)\(value)", now: now)
            } catch {
                message = error.message
            }
        }
        throw CommandFailure(
            "\(option) takes an age such as 1h or a time such as 2025-01-18T12:00:00Z, "
                + "not `\(text)`: \(message)")
    }
}
