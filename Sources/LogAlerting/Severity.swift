/// How urgent an alert is: one scale for the words of many runbooks.
public enum Severity: Int, Comparable, Sendable, CaseIterable {
    case info, low, medium, high, critical

    /// The severity that a `severity` label names, in any case: `critical`, `P0`, `page`; `high`, `P1`, `error`; `medium`,
    /// `P2`, `warning`; `low`, `P3`; `info`. Nil for other words.
    public init?(_ word: String) {
        switch word.lowercased() {
        case "critical", "crit", "p0", "page", "emergency": self = .critical
        case "high", "p1", "error", "major": self = .high
        case "medium", "p2", "warning", "warn", "minor": self = .medium
        case "low", "p3": self = .low
        case "info", "p4", "notice", "none": self = .info
        default: return nil
        }
    }

    /// The level of the alert's record: errors for what wakes people, warnings for what can wait until morning.
    public var level: String {
        switch self {
        case .critical, .high: "ERROR"
        case .medium: "WARNING"
        case .low, .info: "INFO"
        }
    }

    /// The less urgent one is less.
    public static func < (left: Severity, right: Severity) -> Bool {
        left.rawValue < right.rawValue
    }
}
