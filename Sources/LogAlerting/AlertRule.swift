public import LogMetrics

/// One threshold of a rule, with its own severity and patience.
public struct AlertLevel: Equatable, Sendable {
    /// The severity as written; nil where the rule's labels name it.
    public let severity: String?
    /// What the value is compared with.
    public let limit: Condition.Limit
    /// How long the comparison must hold until the alert fires at this level, in nanoseconds.
    public let pendingDuration: Int64
}

/// A rule: a condition, how long it must hold, and what its alerts say.
public struct AlertRule: Equatable, Sendable {
    /// The name of the alert.
    public let name: String
    /// The name of the group that the rule stands in.
    public let group: String
    /// The condition.
    public let condition: Condition
    /// How long the condition must hold until the alert fires, in nanoseconds; of the first level where there are several.
    public let pendingDuration: Int64
    /// How long the alert goes on firing when the condition has ceased to hold, in nanoseconds.
    public let keepFiringDuration: Int64
    /// The condition holds when it held at so many of the last `evaluationsOf` evaluations; 1 of 1 unless the rule says else.
    public let evaluationsMin: Int
    /// See `evaluationsMin`.
    public let evaluationsOf: Int
    /// How often the condition is evaluated, in nanoseconds; 0 leaves that to the length of the window.
    public let interval: Int64
    /// The thresholds, the least severe first; at least one.
    public let levels: [AlertLevel]
    /// The time intervals outside of which the condition does not hold; empty for always.
    public let activeTimeIntervals: [NamedTimeIntervals]
    /// Labels that every alert of this rule gets, `severity` among them.
    public let labels: [String: AlertTemplate]
    /// Texts for people.
    public let annotations: [String: AlertTemplate]
    /// What tells the alerts of the rule from those of other rules of its group and name; empty for the first of these.
    var discriminator = ""

    init(
        name: String, group: String, condition: Condition, pendingDuration: Int64 = 0,
        keepFiringDuration: Int64 = 0, evaluationsMin: Int = 1, evaluationsOf: Int = 1,
        interval: Int64 = 0, levels: [AlertLevel] = [],
        activeTimeIntervals: [NamedTimeIntervals] = [],
        labels: [String: AlertTemplate] = [:], annotations: [String: AlertTemplate] = [:]
    ) {
        self.name = name
        self.group = group
        self.condition = condition
        self.pendingDuration = levels.first?.pendingDuration ?? pendingDuration
        self.keepFiringDuration = keepFiringDuration
        self.evaluationsMin = evaluationsMin
        self.evaluationsOf = evaluationsOf
        self.interval = interval
        self.levels =
            levels.isEmpty
            ? [
                AlertLevel(
                    severity: nil, limit: condition.limit, pendingDuration: pendingDuration)
            ] : levels
        self.activeTimeIntervals = activeTimeIntervals
        self.labels = labels
        self.annotations = annotations
    }

    /// The most levels of a rule: the severities that there are.
    public static let levelsMax = Severity.allCases.count
    /// Evaluations that a rule can look back on: the bits of a word.
    public static let evaluationsMax = 64

    /// The severity of the rule, of its highest level where it has several; nil when it names none.
    public var severity: Severity? { severity(level: levels.count - 1) }

    /// The severity at level `level`.
    func severity(level: Int) -> Severity? {
        let word = levels[level].severity ?? labels["severity"]?.source
        return word.flatMap { Severity($0) }
    }

    /// True when the alert fires on the record that makes the condition true.
    public var firesOnRecord: Bool {
        evaluationsOf == 1 && activeTimeIntervals.isEmpty
            && levels.allSatisfy {
                $0.limit.baseline == 0 && condition.firesOnRecord($0.limit.comparison)
            }
    }

    /// The labels of its alerts besides those of their groups, as the file has them.
    var labelText: String {
        let labels = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.source)" }
        return (labels + levels.compactMap(\.severity)).joined(separator: "\u{1F}")
    }

    /// What the state of the rule depends on: the state of an older rule is of use if and only if this is the same.
    var identity: String {
        var parts = [group, name, condition.text, "\(interval)"]
        if evaluationsOf > 1 { parts.append("\(evaluationsMin)/\(evaluationsOf)") }
        for level in levels {
            let limit = level.limit
            parts.append(
                "\(limit.comparison.rawValue)\(limit.value)@\(limit.baseline):\(level.severity ?? "")"
            )
        }
        return parts.joined(separator: "\u{1F}")
    }
}

/// What an alert file says.
public struct AlertConfiguration: Equatable, Sendable {
    /// The rules, in file order.
    public let rules: [AlertRule]
    /// The metrics that the file defines.
    public let metrics: [MetricDefinition]
    /// The receivers; at least one.
    public let receivers: [Receiver]
    /// Who is told of which alerts, when and how often.
    public let routing: AlertRouting
    /// The time intervals that rules, routes and maintenance windows refer to by name.
    public let timeIntervals: [NamedTimeIntervals]
    /// What the file says and weir makes no use of, and why; empty for most files.
    public let notes: [AlertFileNote]

    /// The receiver that gets the notifications which no route takes.
    public var receiver: Receiver {
        receivers.first { $0.name == routing.root.receivers.first }
            ?? Receiver(name: Self.defaultReceiverName)
    }

    /// The name of the receiver, and of the kind of its only channel, when the file names none.
    public static let defaultReceiverName = "stdout"
}

/// Why an alert file cannot be used, and where.
public struct AlertFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file.
    public let file: String
    /// The line, counted from 1.
    public let line: Int
    /// The column in characters, counted from 1.
    public let column: Int
    /// What is wrong and what was meant.
    public let message: String
    /// What else is wrong in the file, in its order: one fault of each rule, receiver, route and the like that has some.
    public internal(set) var others: [AlertFileError] = []

    /// A fault by itself.
    public init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// The faults of one file as one error; nil when there are none.
    init?(_ faults: [AlertFileError]) {
        let sorted = faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        guard let first = sorted.first else { return nil }
        self = first
        others += sorted.dropFirst()
    }

    /// The most faults that are shown.
    private static let shownMax = 20

    /// `alerts.yaml:12:18: message`, a line for each fault.
    public var description: String {
        let faults = [self] + others
        var lines = faults.prefix(Self.shownMax).map {
            "\($0.file):\($0.line):\($0.column): \($0.message)"
        }
        if faults.count > lines.count { lines.append("and \(faults.count - lines.count) more") }
        return lines.joined(separator: "\n")
    }
}

/// Something in an alert file that is understood and has no effect.
public struct AlertFileNote: Equatable, Sendable, CustomStringConvertible {
    /// The file.
    public let file: String
    /// The line, counted from 1.
    public let line: Int
    /// The column in characters, counted from 1.
    public let column: Int
    /// What has no effect, and why.
    public let message: String

    /// `alerts.yaml:12:18: message`
    public var description: String { "\(file):\(line):\(column): \(message)" }
}
