internal import LogBytes

/// A statistics function as a query calls it: `quantile(0.99, duration_ms)`.
public struct StatisticsCall: Sendable, CustomStringConvertible {
    /// The function's usual name.
    public let function: String
    /// The fields that it looks at; empty for the whole row. Of a call with `prefix*` those of the present block.
    public internal(set) var fields: [String]
    /// The fields as they are written, `prefix*` among them.
    let patterns: [FieldPattern]
    /// The most values that are kept (`limit N`); nil for all.
    let limit: Int?
    /// The seconds that a rate is of; nil where the query has no range of time.
    var seconds: Double?
    /// The share of values that lies below a quantile, 0 to 1; nil for other functions.
    public let share: Double?
    /// How the share is written.
    let shareText: String
    let makeState: @Sendable (StatisticsCall) -> StatisticsState

    /// Whether the call is `count()`: its state takes weighted rows, too.
    var countsRows: Bool { function == "count" && patterns.isEmpty }

    /// The call in LogsQL, which is also the name of its result unless another is given.
    public var description: String {
        let isRate = function == "rate"
        var arguments = patterns.isEmpty && !isRate ? ["*"] : patterns.map(\.description)
        if share != nil { arguments.insert(shareText, at: 0) }
        return "\(function)(\(arguments.joined(separator: ", ")))"
            + (limit.map { " limit \($0)" } ?? "")
    }

    /// The fields that have to be known; nil for all.
    var inputFields: [String]? {
        if hasPrefix { return nil }
        if ["count", "rate"].contains(function) { return fields }
        // `row_max(f)` shows the whole row.
        let shownFrom = ["row_min", "row_max"].contains(function) ? 1 : 0
        return fields.count > shownFrom ? fields : nil
    }

    /// Whether the fields depend on the block.
    var hasPrefix: Bool { patterns.contains(where: \.isPrefix) }
}

/// A statistics function.
///
/// A new one is a file beside this one and a line in `all`; the parser, its hints and the help know no other list.
public struct StatisticsFunction: Sendable {
    /// What it is called, the usual name first.
    public let names: [String]
    /// How it is written.
    public let synopsis: String
    /// What it gives, in one line.
    public let summary: String
    /// Whether it can do without a field.
    let worksOnRows: Bool
    /// Whether the first argument is a share between 0 and 1.
    let takesShare: Bool
    /// Whether `limit N` may follow.
    let takesLimit: Bool
    let makeState: @Sendable (StatisticsCall) -> StatisticsState

    init(
        _ names: String..., synopsis: String, summary: String, worksOnRows: Bool = false,
        takesShare: Bool = false, takesLimit: Bool = false,
        makeState: @escaping @Sendable (StatisticsCall) -> StatisticsState
    ) {
        self.names = names
        self.synopsis = synopsis
        self.summary = summary
        self.worksOnRows = worksOnRows
        self.takesShare = takesShare
        self.takesLimit = takesLimit
        self.makeState = makeState
    }

    /// Every statistics function.
    public static let all: [StatisticsFunction] = [
        .count, .countEmpty, .countUniq, .countUniqHash, .sum, .sumLen, .avg, .stddev, .min, .max,
        .median, .quantile, .histogram, .rate, .rateSum, .uniqValues, .values, .jsonValues, .any,
        .rowAny, .rowMin, .rowMax, .fieldMin, .fieldMax,
    ]

    static func named(_ name: String) -> StatisticsFunction? { byName[name] }

    private static let byName: [String: StatisticsFunction] = Dictionary(
        all.flatMap { function in function.names.map { ($0, function) } },
        uniquingKeysWith: { first, _ in first })
}

/// What a statistics function knows so far, for all groups of a query. One thread uses it.
public class StatisticsState {
    /// The call that it answers.
    var call: StatisticsCall

    init(_ call: StatisticsCall) { self.call = call }

    /// Makes room for groups 0 up to and without `count`.
    func resize(_ count: Int) { preconditionFailure("BUG: a statistics function without groups") }

    /// Takes rows as `update` does, for a call whose fields may depend on the block.
    final func take(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        if call.hasPrefix {
            let names = try call.patterns.expanded(try block.queryFieldNames())
            // No field is called so: nothing to look at is not the same as the whole row.
            call.fields = names.isEmpty ? [call.patterns[0].description] : names
        }
        try update(block, rows: rows, groups: groups)
    }

    /// Takes rows of `block`: `rows[i]` belongs to group `groups[i]`.
    func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        preconditionFailure("BUG: a statistics function that takes no rows")
    }

    /// Takes what `other`, of the same call, knows: its group i is this state's group `groups[i]`.
    func merge(_ other: StatisticsState, groups: [Int]) {
        preconditionFailure("BUG: a statistics function that cannot merge")
    }

    /// Looks at what `other` gathers from now on, if that is all that it needs: the state is then neither updated nor merged.
    func shares(with other: StatisticsState) -> Bool { false }

    /// Appends the result for `group`.
    func append(group: Int, into out: inout ByteWriter) {
        preconditionFailure("BUG: a statistics function without a result")
    }

    /// The memory in use, roughly.
    var memoryBytes: Int { 0 }
}
