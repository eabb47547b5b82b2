/// The numbers that the ingester keeps about itself, by their names in `/metrics`.
public enum IngestCounter: String, CaseIterable, Sendable {
    case lines = "weir_lines_total"
    case bytes = "weir_bytes_total"
    case sourceLines = "weir_source_lines_total"
    case sourceBytes = "weir_source_bytes_total"
    case unparsed = "weir_lines_unparsed_total"
    case truncated = "weir_lines_truncated_total"
    case unterminated = "weir_lines_unterminated_total"
    case refused = "weir_lines_refused_total"
    case connections = "weir_connections_total"
    case connectionsRefused = "weir_connections_refused_total"
    case datagramsDropped = "weir_datagrams_dropped_total"
    case accessRefused = "weir_access_refused_total"
    case requests = "weir_insert_requests_total"
    case fileEvents = "weir_file_events_total"
    case redactions = "weir_redactions_total"
    case probes = "weir_probes_total"
    case skewed = "weir_lines_skewed_total"
    case late = "weir_lines_late_total"
    case journalFrames = "weir_journal_frames_total"
    case journalBytes = "weir_journal_bytes_total"
    case fsyncs = "weir_fsyncs_total"
    case sealedSegments = "weir_segments_sealed_total"
    case sealedRecords = "weir_records_sealed_total"
    case mergedSegments = "weir_segments_merged_total"
    case mergedBytes = "weir_segments_merged_bytes_total"
    case droppedPartitions = "weir_partitions_dropped_total"
    case damages = "weir_damages_found_total"
    case alertTransitions = "weir_alert_transitions_total"
    case alertGroupsRefused = "weir_alert_groups_refused_total"
    case alertValuesRefused = "weir_alert_values_refused_total"
    case notifications = "weir_notifications_total"
    case alertsWithheld = "weir_alerts_withheld_total"
    case notificationFailures = "weir_notification_failures_total"
    case notificationsDead = "weir_notifications_dead_total"
    case notificationsRefused = "weir_notifications_refused_total"

    /// One line that says what is counted.
    public var help: String {
        switch self {
        case .lines: "Lines read from all sources."
        case .bytes: "Bytes of the lines read, without newlines."
        case .sourceLines: "Lines read, by source."
        case .sourceBytes: "Bytes read, newlines included, by source."
        case .connections: "Connections accepted, by source."
        case .connectionsRefused: "Connections closed by weir or not accepted, by reason."
        case .datagramsDropped: "Datagrams not stored, or not whole, by reason."
        case .requests: "Requests to insert lines, by status."
        case .accessRefused: "Requests that were not let in, by reason."
        case .fileEvents: "What happened to files that are followed, by event."
        case .redactions: "Parts of lines that were redacted, by rule."
        case .probes: "Probes made, by outcome."
        case .unparsed: "Lines kept as text because they are no JSON object, by reason."
        case .truncated: "Lines cut at the length limit."
        case .unterminated: "Last lines, stored, of connections that ended inside them."
        case .refused: "Lines not stored, by reason."
        case .skewed: "Lines whose own time is more than a day ahead of the clock."
        case .late:
            "Records that came too late for the rules, left out of them, stored all the same."
        case .journalFrames: "Frames written to the journal."
        case .journalBytes: "Bytes written to the journal."
        case .fsyncs: "Times that written data was forced to the disk."
        case .sealedSegments: "Segments sealed from the journal."
        case .sealedRecords: "Records sealed into segments."
        case .mergedSegments: "Segments that were merged into others or packed tighter."
        case .mergedBytes: "Bytes of the segments that came of it."
        case .droppedPartitions: "Partitions dropped by retention."
        case .damages: "Damaged parts of the data directory found at the start."
        case .alertTransitions: "Alerts that changed their state, by state."
        case .alertGroupsRefused: "Records left out of a rule that has as many groups as it may."
        case .alertValuesRefused:
            "Values of a rule with `new` that it could not remember, and did not fire for."
        case .notifications: "Notifications delivered, by channel."
        case .alertsWithheld: "Alerts, changes and commands that were not told or done, by reason."
        case .notificationFailures: "Attempts to deliver a notification that failed, by channel."
        case .notificationsDead: "Notifications given up, by channel."
        case .notificationsRefused: "Notifications not taken because too many wait, by channel."
        }
    }

    /// The label that splits this counter, nil for a plain one.
    public var label: String? {
        switch self {
        case .accessRefused, .unparsed, .refused, .connectionsRefused, .datagramsDropped,
            .alertsWithheld:
            "reason"
        case .sourceLines, .sourceBytes, .connections: "source"
        case .requests: "status"
        case .fileEvents: "event"
        case .redactions: "rule"
        case .probes: "outcome"
        case .alertTransitions: "state"
        case .notifications, .notificationFailures, .notificationsDead, .notificationsRefused:
            "channel"
        default: nil
        }
    }
}
