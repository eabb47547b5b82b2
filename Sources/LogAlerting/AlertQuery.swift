internal import LogQuery
internal import LogRecords

/// The lines behind an alert, as a query that anybody can give.
extension Condition {
    /// LogsQL for the records of a group that the condition is about; empty where there is nothing to show.
    func query(_ groupValues: [String]) -> String {
        var parts: [String] = []
        if let filter = shownFilter { parts.append(filter) }
        for (field, value) in zip(groupBy, groupValues) {
            // The endpoint of a group is a template; lines have what it stands for.
            if field == "endpoint", value.contains(":id") { continue }
            parts.append("\(Self.quoted(field)):=\(Self.quoted(value))")
        }
        return parts.isEmpty ? "*" : parts.joined(separator: " ")
    }

    /// The filter for the records that make the condition true, as far as one says it.
    private var shownFilter: String? {
        let own = filter.map { Self.grouped($0.description) }
        switch measure {
        case .errorRate:
            let failed = "(status_code:>=500 or !status_code:* level:>=error endpoint:*)"
            return own.map { "\($0) \(failed)" } ?? failed
        case .quantile(_, let field):
            guard comparison.rises, hasThreshold, baseline == 0 else { return own }
            let slow = "\(Self.quoted(field)):>=\(threshold)"
            return own.map { "\($0) \(slow)" } ?? slow
        default: return own
        }
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
        let (start, underflow) = startTime.subtractingReportingOverflow(window)
        let (end, overflow) = eventTime.addingReportingOverflow(Timestamp.second)
        let first = underflow ? startTime : start
        return first..<max(overflow ? eventTime : end, first)
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
