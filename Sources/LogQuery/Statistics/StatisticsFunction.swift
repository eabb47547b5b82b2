internal import LogBytes

/// A statistics function as a query calls it: `quantile(0.99, duration_ms)`.
public struct StatisticsCall: Sendable, CustomStringConvertible {
    /// The function's usual name.
    public let function: String
    /// The fields that it looks at; empty for `*`, the whole row.
    public let fields: [String]
    /// The share of values that lies below a quantile, 0 to 1; nil for other functions.
    public let share: Double?
    /// How the share is written.
    let shareText: String
    let makeState: @Sendable (StatisticsCall) -> StatisticsState

    /// The call in LogsQL, which is also the name of its result unless another is given.
    public var description: String {
        var arguments = fields.isEmpty ? ["*"] : fields.map(Quoting.word)
        if share != nil {
            arguments = fields.isEmpty ? [shareText] : [shareText] + arguments
        }
        if function == "median" { arguments = fields.map(Quoting.word) }
        return "\(function)(\(arguments.joined(separator: ", ")))"
    }
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
    let makeState: @Sendable (StatisticsCall) -> StatisticsState

    init(
        _ names: String..., synopsis: String, summary: String, worksOnRows: Bool = false,
        takesShare: Bool = false,
        makeState: @escaping @Sendable (StatisticsCall) -> StatisticsState
    ) {
        self.names = names
        self.synopsis = synopsis
        self.summary = summary
        self.worksOnRows = worksOnRows
        self.takesShare = takesShare
        self.makeState = makeState
    }

    /// Every statistics function.
    public static let all: [StatisticsFunction] = [
        .count, .countEmpty, .countUniq, .sum, .avg, .min, .max, .median, .quantile, .uniqValues,
    ]

    static func named(_ name: String) -> StatisticsFunction? { byName[name] }

    private static let byName: [String: StatisticsFunction] = Dictionary(
        all.flatMap { function in function.names.map { ($0, function) } },
        uniquingKeysWith: { first, _ in first })
}

/// What a statistics function knows so far, for all groups of a query. One thread uses it.
public class StatisticsState {
    /// The call that it answers.
    let call: StatisticsCall

    init(_ call: StatisticsCall) { self.call = call }

    /// Makes room for groups 0 up to and without `count`.
    func resize(_ count: Int) { preconditionFailure("BUG: a statistics function without groups") }

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
