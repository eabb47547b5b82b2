public import LogQuery
internal import LogRecords

/// One line of `retention.conf`: what belongs to a class and how long it is kept.
public struct RetentionClass: Sendable, Equatable {
    /// The name, also of its directory: `[a-z0-9_-]{1,64}`.
    public let name: String
    /// How long a record is kept, nanoseconds.
    public let keep: Int64
    /// How long, in the words of the file.
    public let keepText: String
    /// What belongs to it; nil for weir's own records, which no filter of the user's catches.
    public let filter: Filter?
}

/// A fault of `retention.conf`.
public struct RetentionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file.
    public let file: String
    /// The line, from 1; 0 for the file as a whole.
    public let line: Int
    /// What is wrong, and what would be right.
    public let message: String

    /// `file:line: message`, as compilers write it.
    public var description: String {
        line == 0 ? "\(file): \(message)" : "\(file):\(line): \(message)"
    }
}

/// The classes of `retention.conf`, in its order: the first whose filter matches a record is the record's.
public struct RetentionPolicy: Sendable, Equatable {
    /// All classes: the file's in its order, then those of weir's own records.
    public let classes: [RetentionClass]
    /// The text that the policy was read from.
    public let text: String

    /// More classes than any plan needs; a class takes one byte in a record.
    public static let classesMax = 64
    /// The class of alerts that fired.
    public static let alertsClass = "alerts"
    /// The class of weir's readings of the machine that it runs on.
    public static let metricsClass = "metrics"
    /// The class of what was done to stored lines on purpose: erasures, who asked for them and what came of it.
    public static let auditClass = "weir-audit"
    /// The classes of weir's own records, which no filter of `retention.conf` fills, and how long they are kept unless the
    /// file names them. Who was asked to erase something may have to show for years that it was done.
    private static let ownKeeps: [(name: String, keep: Int64, keepText: String)] = [
        (metricsClass, 30 * Timestamp.day, "30 days"), (alertsClass, 365 * Timestamp.day, "1 year"),
        (auditClass, 732 * Timestamp.day, "2 years"),
    ]
    /// The classes of weir's own records.
    public static let ownClasses = Set(ownKeeps.map(\.name))

    /// The policy of a data directory whose user has given none.
    public static let standardText = """
        # class      keep       match (LogsQL); the first match wins, * comes last
        security     2 years    logger:security* or event:in(login_failed, unauthorized)
        audit        1 year     audit:* or logger:audit*
        debug        7 days     level:DEBUG
        production   30 days    *

        """

    /// Reads the text of a `retention.conf`; `file` is for messages. Filters may not depend on the time at which they are
    /// asked, so `_time` is refused in them.
    public init(text: String, file: String) throws(RetentionError) {
        var classes: [RetentionClass] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let content = line.drop(while: \.isWhitespace)
            if content.isEmpty || content.first == "#" { continue }
            let parser = LineParser(file: file, line: index + 1)
            let entry = try parser.parse(content)
            if let last = classes.last(where: { $0.filter != nil }), last.filter == .all {
                throw parser.error(
                    "class \(entry.name) can match nothing: "
                        + "class \(last.name) above takes all records (*); move that line to the end"
                )
            }
            guard !classes.contains(where: { $0.name == entry.name }) else {
                throw parser.error("class \(entry.name) stands twice; join the two with `or`")
            }
            classes.append(entry)
        }
        guard classes.last(where: { $0.filter != nil })?.filter == .all else {
            throw RetentionError(
                file: file, line: 0,
                message: "the last class must match `*`, or some records would have no class; "
                    + "add e.g. `production  30 days  *`")
        }
        for (name, keep, keepText) in Self.ownKeeps
        where !classes.contains(where: { $0.name == name }) {
            classes.append(
                RetentionClass(name: name, keep: keep, keepText: keepText, filter: nil))
        }
        guard classes.count <= Self.classesMax else {
            let most = Self.classesMax - Self.ownClasses.count
            throw RetentionError(
                file: file, line: 0,
                message: "more than \(most) classes beside those of weir's own records")
        }
        self.classes = classes
        self.text = text
    }

    /// Whether `name` may name a class, and so a directory.
    static func isClassName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
                    || byte == 0x2D
            }
    }

    /// Whether it was read from the same text as `other`.
    public func hasSameText(as other: RetentionPolicy) -> Bool {
        // What is stored has a newline at its end in any case.
        func lines(_ text: String) -> Substring {
            text.hasSuffix("\n") ? text.dropLast() : text[...]
        }
        return lines(text) == lines(other.text)
    }

    /// The number of a class, or nil.
    public func index(of name: String) -> Int? { classes.firstIndex { $0.name == name } }
}

/// One line of the file.
private struct LineParser {
    let file: String
    let line: Int

    func error(_ message: String) -> RetentionError {
        RetentionError(file: file, line: line, message: message)
    }

    func parse(_ content: Substring) throws(RetentionError) -> RetentionClass {
        var rest = content
        let name = word(&rest)
        guard RetentionPolicy.isClassName(name) else {
            throw error(
                "`\(name)` is no class name; use 1 to 64 of a-z, 0-9, `_` and `-`")
        }
        let (keep, keepText) = try duration(&rest, name: name)
        let query = String(rest.drop(while: \.isWhitespace))
        if query.isEmpty {
            guard RetentionPolicy.ownClasses.contains(name) else {
                throw error("class \(name) has no filter; write LogsQL behind the time, or `*`")
            }
            return RetentionClass(name: name, keep: keep, keepText: keepText, filter: nil)
        }
        guard !RetentionPolicy.ownClasses.contains(name) else {
            throw error(
                "class \(name) holds weir's own records and takes no filter; "
                    + "write only how long they are kept, or name your class otherwise")
        }
        return RetentionClass(
            name: name, keep: keep, keepText: keepText, filter: try filter(query))
    }

    private func word(_ rest: inout Substring) -> String {
        rest = rest.drop(while: \.isWhitespace)
        let end = rest.firstIndex(where: \.isWhitespace) ?? rest.endIndex
        defer { rest = rest[end...] }
        return String(rest[..<end])
    }

    private func duration(
        _ rest: inout Substring, name: String
    ) throws(RetentionError) -> (Int64, String) {
        let hint = "write e.g. `30 days`, `12 hours`, `1 year`"
        let first = word(&rest)
        guard !first.isEmpty else { throw error("class \(name) does not say how long; \(hint)") }
        let digits = first.prefix { $0.isASCII && $0.isNumber }
        guard let amount = Int64(digits), amount > 0 else {
            throw error("`\(first)` is no time to keep records for; \(hint)")
        }
        var unit = String(first.dropFirst(digits.count))
        if unit.isEmpty { unit = word(&rest) }
        let length: Int64? =
            switch unit {
            case "hour", "hours", "h": Timestamp.second * 3_600
            case "day", "days", "d": Timestamp.day
            case "week", "weeks", "w": Timestamp.day * 7
            case "month", "months": Timestamp.day * 31
            case "year", "years", "y": Timestamp.day * 366
            default: nil
            }
        guard let length else { throw error("`\(unit)` is no unit of time; \(hint)") }
        let (keep, overflow) = amount.multipliedReportingOverflow(by: length)
        guard !overflow else { throw error("\(amount) \(unit) is longer than weir can count") }
        return (keep, "\(amount) \(unit)")
    }

    private func filter(_ text: String) throws(RetentionError) -> Filter {
        let query: Query
        do throws(QueryError) {
            query = try QueryParser.parse(text, now: 0)
        } catch {
            throw self.error("in the filter of a class: \(error)")
        }
        guard query.pipes.isEmpty else {
            throw error("a class takes a filter; `\(text)` has pipes behind it")
        }
        guard query.filter.timeRange == .all else {
            throw error("a class may not depend on _time; retention looks after that")
        }
        return query.filter
    }
}
