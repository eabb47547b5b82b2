internal import LogQuery
internal import LogRecords

/// The lines behind an alert, as a query that anybody can give.
extension Condition {
    /// LogsQL for the records of a group that the condition is about; empty where there is nothing to show.
    func query(_ groupValues: [String]) -> String {
        var parts: [String] = []
        if !shownFilter.isEmpty { parts.append(shownFilter) }
        for (field, value) in zip(groupBy, groupValues) {
            // The endpoint of a group is a template; lines have what it stands for.
            if field == "endpoint", value.contains(":id") { continue }
            parts.append("\(Self.quoted(field)):=\(Self.quoted(value))")
        }
        return parts.isEmpty ? "*" : parts.joined(separator: " ")
    }

    /// The filter for the records that make the condition true, as far as one says it.
    private var shownFilter: String {
        let own = filter.map { Self.grouped($0.description) }
        return [own, measured].compactMap(\.self).joined(separator: " ")
    }

    /// What the measure looks at among the records that pass the filter of the condition.
    private var measured: String? {
        switch measure {
        case .errorRate, .successRate:
            "(status_code:>=500 or !status_code:* level:>=error endpoint:*)"
        case .requestRate: "(status_code:* or endpoint:*)"
        case .quantile(_, let field):
            // The values that lie beyond the threshold make the quantile do so.
            beyond(field) ?? present(field)
        case .maximum(let field):
            comparison.rises ? beyond(field) ?? present(field) : present(field)
        case .minimum(let field):
            comparison.falls ? beyond(field) ?? present(field) : present(field)
        case .average(let field), .sum(let field), .last(let field), .distinct(let field),
            .new(let field):
            present(field)
        case .ratio(let part, let whole):
            Self.grouped((comparison.falls ? whole : part).description)
        case .count, .rate, .absent, .expression: nil
        }
    }

    private func present(_ field: String) -> String { "\(Self.quoted(field)):*" }

    /// The records whose number in `field` is beyond the threshold; nil where that depends on more than the record.
    private func beyond(_ field: String) -> String? {
        guard hasThreshold, baseline == 0, comparison.rises || comparison.falls else { return nil }
        return "\(Self.quoted(field)):\(comparison.rises ? ">=" : "<=")\(threshold)"
    }

    /// An alternative binds less than the conditions beside it.
    private static func grouped(_ filter: String) -> String {
        filter.contains(" or ") && !filter.hasPrefix("(") ? "(\(filter))" : filter
    }

    private static func quoted(_ text: String) -> String {
        let isWord =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "_")
            }
        if isWord { return text }
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n").replacing("\r", with: "\\r")
        return "\"\(escaped)\""
    }
}

extension AlertTransition {
    /// The times within which the lines of the alert lie, nanoseconds since the epoch.
    var lineTimes: Range<Int64> {
        let first = startTime.minusClamped(window)
        return first..<max(linesEnd, first)
    }

    /// LogsQL for the lines behind the alert, with their times.
    var filter: String {
        if query.isEmpty { return "" }
        let times = lineTimes
        return "_time:>=\(Timestamp.text(times.lowerBound)) "
            + "_time:<\(Timestamp.text(times.upperBound)) (\(query))"
    }

    /// A command that shows the lines behind the alert, for a shell.
    var commandLine: String {
        if query.isEmpty { return "" }
        let times = lineTimes
        let quoted = query.replacing("'", with: "'\\''")
        return "weir query --since \(Timestamp.text(times.lowerBound)) "
            + "--until \(Timestamp.text(times.upperBound)) '\(quoted)'"
    }
}
