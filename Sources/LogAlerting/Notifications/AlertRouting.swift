/// Who is told of which alerts, when and how often: what an alert file says besides its rules and receivers.
public struct AlertRouting: Equatable, Sendable {
    /// The root of the routing tree. Every alert matches it.
    public var root: AlertRoute
    /// Alerts that keep others quiet.
    public var inhibitions: [InhibitRule]
    /// Times in which some alerts are expected.
    public var maintenance: [MaintenanceWindow]
    /// When an alert counts as flapping; nil for never.
    public var flapping: FlappingPolicy?
    /// When new groups are summed up; nil for never.
    public var storm: StormPolicy?

    /// What holds when a file names no route: the first receiver hears of each change of each alert at once.
    static func immediate(_ receiver: String) -> AlertRouting {
        var root = AlertRoute(receivers: [receiver])
        root.grouping = .all
        root.wait = 0
        root.interval = 0
        root.repetition = 0
        return AlertRouting(
            root: root, inhibitions: [], maintenance: [], flapping: nil, storm: nil)
    }

    /// The names of all receivers that a route or an escalation names.
    public var receiverNames: Set<String> { root.receiverNames }
}

/// A node of the routing tree.
public struct AlertRoute: Equatable, Sendable {
    /// What makes alerts one group.
    public enum Grouping: Equatable, Sendable {
        /// These labels have the same values.
        case labels([String])
        /// All labels have: each alert is a group of its own (`group_by: ['...']`).
        case all
    }

    /// The receivers; at least one.
    public var receivers: [String]
    /// The alerts that the route takes, of those that reach its parent; empty for all.
    public var matchers: [LabelMatcher] = []
    /// What makes alerts one group.
    public var grouping = Grouping.labels([])
    /// How long a new group waits for further alerts, in nanoseconds.
    public var wait: Int64 = 30_000_000_000
    /// How long a group waits between two messages, in nanoseconds; 0 for each change at once.
    public var interval: Int64 = 300_000_000_000
    /// After how long a message is repeated while nothing changes, in nanoseconds; 0 for never.
    public var repetition: Int64 = 14_400_000_000_000
    /// Whether the routes behind it are tried as well.
    public var continues = false
    /// When the route says nothing.
    public var mutedDuring: [NamedTimeIntervals] = []
    /// When the route speaks; empty for always.
    public var activeDuring: [NamedTimeIntervals] = []
    /// Who is told when nobody reacts.
    public var escalation: [EscalationStep] = []
    /// How soon somebody must acknowledge an alert of a severity.
    public var response = SeverityDelay(all: nil)
    /// The routes below it, tried in order.
    public var routes: [AlertRoute] = []

    init(receivers: [String]) { self.receivers = receivers }

    /// Whether the route speaks at `time`.
    func speaks(at time: Int64) -> Bool {
        !mutedDuring.contains { $0.contains(time) }
            && (activeDuring.isEmpty || activeDuring.contains { $0.contains(time) })
    }

    fileprivate var receiverNames: Set<String> {
        routes.reduce(into: Set(receivers + escalation.flatMap(\.receivers))) {
            $0.formUnion($1.receiverNames)
        }
    }
}

/// A step of the escalation: who is told of an alert that has fired for so long.
public struct EscalationStep: Equatable, Sendable {
    /// The age of the alert.
    public var after: SeverityDelay
    /// Who is told.
    public var receivers: [String]
    /// The alerts that the step is for; empty for all.
    public var matchers: [LabelMatcher] = []
    /// Whether the step is left out once somebody has acknowledged the alert.
    public var unlessAcknowledged = true
    /// After how long the step is repeated, in nanoseconds; 0 for never.
    public var repetition: Int64 = 0
}

/// A delay that is the same for all alerts, or differs by severity.
public struct SeverityDelay: Equatable, Sendable {
    /// The delay of severities that `bySeverity` does not name, in nanoseconds; nil for none.
    public var all: Int64?
    /// The delays of single severities, in nanoseconds.
    public var bySeverity: [Severity: Int64] = [:]

    /// The delay for alerts of a severity, nil when there is none.
    public func delay(_ severity: Severity?) -> Int64? {
        severity.flatMap { bySeverity[$0] } ?? all
    }

    /// Whether there is a delay for any alert.
    var isEmpty: Bool { all == nil && bySeverity.isEmpty }
}

/// Alerts that keep others quiet: while an alert fires that all of `source` holds for, alerts that all of `target` holds for
/// are left out of notifications, if both have the same values of the labels `equal`.
public struct InhibitRule: Equatable, Sendable {
    /// The alerts that keep others quiet.
    public var source: [LabelMatcher]
    /// The alerts that are kept quiet.
    public var target: [LabelMatcher]
    /// The labels that must be equal; two missing ones are.
    public var equal: [String]
}

/// A time in which some alerts are expected: they are silenced.
public struct MaintenanceWindow: Equatable, Sendable {
    /// The name.
    public var name: String
    /// The alerts; empty for all.
    public var matchers: [LabelMatcher]
    /// The beginning of a window that happens once, nanoseconds since the epoch.
    public var start: Int64?
    /// Its end, which belongs to it no more.
    public var end: Int64?
    /// When the window recurs.
    public var intervals: [NamedTimeIntervals]

    /// Whether `time` lies in it.
    public func contains(_ time: Int64) -> Bool {
        time >= start ?? .min && time < end ?? .max
            && (intervals.isEmpty || intervals.contains { $0.contains(time) })
    }
}

/// When an alert counts as flapping: it is held as firing and told as flapping once.
public struct FlappingPolicy: Equatable, Sendable {
    /// How often it must have begun or ceased to fire.
    public var changes: Int
    /// Within how long, in nanoseconds. After as long without a change it has calmed down.
    public var within: Int64
    /// Whether routes that want each change at once (`group_interval: 0s`) are left out of it.
    public var sparesImmediateRoutes = false

    /// What holds when a file has a route and says nothing: it takes a change every six minutes for an hour.
    static let standard = FlappingPolicy(
        changes: 10, within: 3_600_000_000_000, sparesImmediateRoutes: true)
}

/// When so many groups begin to fire that one message sums them up.
public struct StormPolicy: Equatable, Sendable {
    /// How many groups a receiver hears of one by one.
    public var groups: Int
    /// Within how long, in nanoseconds. After as long without a further one the storm has calmed down.
    public var within: Int64
    /// Whether routes that want each change at once (`group_interval: 0s`) are left out of it.
    public var sparesImmediateRoutes = false

    /// What holds when a file has a route and says nothing: nobody reads a hundred messages in a minute.
    static let standard = StormPolicy(
        groups: 100, within: 60_000_000_000, sparesImmediateRoutes: true)
}
