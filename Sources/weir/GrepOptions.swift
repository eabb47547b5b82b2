internal import ArgumentParser
internal import LogQuery

/// What a command finds, in grep's words, alike in every command that finds lines.
struct GrepOptions: ParsableArguments {
    @Option(
        name: [.customShort("g"), .customLong("grep")],
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            Only lines whose very bytes this extended regular expression matches, as grep -E \
            has it. Said repeatedly, any of them may match, as with grep's -e.
            """, valueName: "regex"))
    var patterns: [String] = []

    @Flag(
        name: [.customShort("F"), .customLong("fixed-strings")],
        help: "-g takes texts, not expressions.")
    var isFixed = false

    @Flag(
        name: [.customShort("w"), .customLong("word-regexp")], help: "-g matches whole words only.")
    var wholeWords = false

    @Flag(
        name: [.customShort("i"), .customLong("ignore-case")],
        help: "Upper and lower case are the same, for -g and in the query.")
    var ignoresCase = false

    @Flag(
        name: [.customShort("v"), .customLong("invert-match")],
        help: "Lines that -g does not match; without -g, that the query's filter does not match.")
    var isInverted = false

    /// `query` with what the options ask for.
    func apply(to query: inout Query) throws {
        if ignoresCase { query.filter = query.filter.ignoringCase }
        guard !patterns.isEmpty else {
            for (flag, isSet) in [("-F", isFixed), ("-w", wholeWords)] where isSet {
                throw CommandFailure("\(flag) says how -g matches, and there is no -g")
            }
            if isInverted { query.filter = query.filter.negated }
            return
        }
        var options = RawFilter.Options()
        options.isFixed = isFixed
        options.wholeWords = wholeWords
        options.ignoresCase = ignoresCase
        options.isInverted = isInverted
        do throws(QueryError) {
            let filter = try RawFilter(patterns, options: options)
            for note in filter.notes { Terminal.note("weir: -g: \(note)") }
            query.raw = filter
        } catch {
            throw CommandFailure("-g: \(error)")
        }
    }
}

/// A number of lines, as an option says it.
struct LineCount {
    let value: Int

    /// The number that `text` is; `option` is what the user wrote it behind.
    init(_ text: String, _ option: String) throws {
        guard let value = Int(text), value >= 0, !text.hasPrefix("+") else {
            throw CommandFailure("\(option) takes a number of lines, not `\(text)`")
        }
        self.value = value
    }
}

/// The query that a command is given, with the times beside it.
struct QueryText {
    /// The query `text` within `times`.
    static func parse(_ text: String, times: TimeOptions, now: Int64) throws -> Query {
        let query: Query
        do throws(QueryError) {
            query = try QueryParser.parse(text, now: now)
        } catch {
            throw CommandFailure("\(error)")
        }
        return query.restricted(by: try times.filters(now: now))
    }
}
