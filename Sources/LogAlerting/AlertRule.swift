public import LogMetrics

/// A rule: a condition, how long it must hold, and what its alerts say.
public struct AlertRule: Equatable, Sendable {
    /// The name of the alert.
    public let name: String
    /// The name of the group that the rule stands in.
    public let group: String
    /// The condition.
    public let condition: Condition
    /// How long the condition must hold until the alert fires, in nanoseconds.
    public let pendingDuration: Int64
    /// Labels that every alert of this rule gets, `severity` among them.
    public let labels: [String: AlertTemplate]
    /// Texts for people.
    public let annotations: [String: AlertTemplate]

    /// The severity that the `severity` label names.
    public var severity: Severity? { labels["severity"].flatMap { Severity($0.source) } }
}

/// Where notifications go: a channel of some kind under a name.
public struct Receiver: Equatable, Sendable {
    /// The name that a route refers to.
    public let name: String
    /// The kind of channel, one that the channel registry knows.
    public let kind: String

    /// The receiver `name` of kind `kind`.
    public init(name: String, kind: String) {
        self.name = name
        self.kind = kind
    }
}

/// What an alert file says.
public struct AlertConfiguration: Equatable, Sendable {
    /// The rules, in file order.
    public let rules: [AlertRule]
    /// The receivers; at least one.
    public let receivers: [Receiver]
    /// The receiver that gets the notifications.
    public let receiver: Receiver
    /// The metrics that the file defines.
    public var metrics: [MetricDefinition] = []

    /// The kind and name of the receiver when the file names none.
    public static let defaultReceiver = Receiver(name: "stdout", kind: "stdout")
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

    /// `alerts.yaml:12:18: message`
    public var description: String { "\(file):\(line):\(column): \(message)" }
}
