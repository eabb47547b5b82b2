/// What the ingester measures about itself at a moment, by their names in `/metrics`.
public enum IngestGauge: String, CaseIterable, Sendable {
    case openConnections = "weir_connections"
    case followedFiles = "weir_files_followed"
    case fileLag = "weir_file_lag_bytes"
    case notificationsWaiting = "weir_notifications_waiting"
    case ruleGroups = "weir_rule_groups"

    /// One line that says what is measured.
    public var help: String {
        switch self {
        case .openConnections: "Connections that are open, by source."
        case .followedFiles: "Files that are followed."
        case .notificationsWaiting: "Notifications that are not delivered yet, by channel."
        case .ruleGroups: "Groups that all rules together keep windows for."
        case .fileLag: "Bytes of followed files that have not been read yet, by file."
        }
    }

    /// The label that splits this gauge, nil for a plain one.
    public var label: String? {
        switch self {
        case .openConnections: "source"
        case .fileLag: "file"
        case .notificationsWaiting: "channel"
        case .followedFiles, .ruleGroups: nil
        }
    }
}
