internal import LogRecords
internal import Yams

extension AlertConfiguration {
    /// The longest alert file in bytes. Thousands of rules fit.
    public static let fileBytesMax = 4 << 20

    /// Reads an alert file.
    ///
    /// - Parameters:
    ///   - file: the name that errors show.
    ///   - channels: the kinds of channels that exist.
    ///   - environment: where `${NAME}` in texts is looked up.
    ///   - secrets: where the files of secrets are read.
    ///   - zones: where the zones come from that `location:` names.
    public static func parse(
        _ text: String, file: String, channels: ChannelRegistry,
        environment: [String: String] = [:], secrets: SecretSource = .none,
        zones: ZoneSource = .none
    ) throws(AlertFileError) -> AlertConfiguration {
        let reader = AlertFileReader(
            yaml: YAMLReader(file: file), channels: channels, secrets: secrets,
            environment: EnvironmentText(environment: environment), zones: zones)
        guard text.utf8.count <= fileBytesMax else {
            throw AlertFileError(
                file: file, line: 1, column: 1,
                message: "an alert file has at most \(fileBytesMax >> 20) MiB")
        }
        return try reader.read(text)
    }

    /// Reads an alert file for its rules and routes: of its receivers only the names and kinds are looked at.
    ///
    /// - Parameter channelKinds: the kinds of channels that exist.
    public static func parse(
        _ text: String, file: String, channelKinds: [String], environment: [String: String] = [:],
        zones: ZoneSource = .none
    ) throws(AlertFileError) -> AlertConfiguration {
        try parse(
            text, file: file, channels: .unread(channelKinds), environment: environment,
            zones: zones)
    }
}

/// The shape of an alert file: Prometheus' groups of rules, with route and receivers as in Alertmanager.
struct AlertFileReader {
    let yaml: YAMLReader
    let channels: ChannelRegistry
    let secrets: SecretSource
    let environment: EnvironmentText
    let zones: ZoneSource
    let notes = AlertFileNotes()
    let faults = AlertFileFaults()

    /// The keys of an alert file.
    private static let keys = [
        "groups", "metrics", "route", "receivers", "global", "time_intervals",
        "mute_time_intervals", "inhibit_rules", "maintenance", "flapping", "storm",
    ]

    func read(_ text: String) throws(AlertFileError) -> AlertConfiguration {
        guard let root = try compose(text) else {
            throw AlertFileError(
                file: yaml.file, line: 1, column: 1,
                message: "the file is empty; it has `groups:` of `rules:`")
        }
        let top = try yaml.mapping(root, "an alert file", keys: Self.keys, hint: Self.topHint)
        // A file of Alertmanager has a route and no rules; one may define metrics only.
        guard top["groups"] != nil || top["route"] != nil || top["metrics"] != nil else {
            throw yaml.fault(root, "the file has no `groups:`")
        }
        let intervals =
            attempt { () throws(AlertFileError) in
                try timeIntervals(top["time_intervals"], top["mute_time_intervals"])
            } ?? []
        // What refers to names is not asked for names that may stand where a fault was found.
        let areIntervalsKnown = faults.list.isEmpty
        let receivers = attempt { () throws(AlertFileError) in
            try self.receivers(top["receivers"], global: top["global"])
        }
        let areNamesKnown = faults.list.isEmpty
        let metrics = attempt { () throws(AlertFileError) in try self.metrics(top["metrics"]) }
        var rules: [AlertRule] = []
        if areIntervalsKnown, let groups = top["groups"] {
            rules = attempt { () throws(AlertFileError) in try self.rules(groups, intervals) } ?? []
        }
        var routing: AlertRouting?
        if areNamesKnown, let receivers {
            routing = attempt { () throws(AlertFileError) in
                try self.routing(top, receivers: receivers, intervals: intervals)
            }
        }
        if let error = AlertFileError(faults.list) { throw error }
        guard let receivers, let metrics, let routing else {
            throw yaml.fault(root, "BUG: a part of the file was not read")
        }
        return AlertConfiguration(
            rules: rules, metrics: metrics, receivers: receivers, routing: routing,
            timeIntervals: intervals, notes: notes.list)
    }

    /// What `read` gives; nil when it finds a fault, which is kept, so that those of what comes after are found, too.
    func attempt<Value>(_ read: () throws(AlertFileError) -> Value) -> Value? {
        do throws(AlertFileError) {
            return try read()
        } catch {
            faults.add(error)
            return nil
        }
    }

    /// Has `read` read each of `nodes`, whatever faults there are in others, until there are too many: aliases of YAML can stand
    /// for more than could ever be read.
    func each(_ nodes: [Node], _ read: (Node) throws(AlertFileError) -> Void) {
        for node in nodes where faults.list.count < AlertFileFaults.listMax {
            _ = attempt { () throws(AlertFileError) in try read(node) }
        }
    }

    private func compose(_ text: String) throws(AlertFileError) -> Node? {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw Self.fault(error, file: yaml.file)
        }
        guard let root else { return nil }
        return try environment.expanded(root, yaml)
    }

    private static func fault(_ error: any Error, file: String) -> AlertFileError {
        var mark: Mark?
        var message = "\(error)"
        switch error as? YamlError {
        case .scanner(_, let problem, let place, _), .parser(_, let problem, let place, _),
            .composer(_, let problem, let place, _):
            mark = place
            message = "this is no YAML: \(problem)"
        case .duplicatedKeysInMapping(let duplicates, let context):
            mark = context.mark
            let names = duplicates.map { "`\($0)`" }
            message = "the same key stands here twice: \(names.joined(separator: ", "))"
        default: break
        }
        return AlertFileError(
            file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, message: message)
    }

    private static func topHint(_ key: String) -> String? {
        switch key {
        case "rules": "rules stand in a group: `groups: [{name: …, rules: […]}]`"
        case "inhibition", "inhibitions": "write `inhibit_rules:`"
        case "maintenance_windows": "write `maintenance:`"
        case "templates":
            "weir does not have it yet"
        default: nil
        }
    }
}

/// Gathers what is wrong while a file is read.
final class AlertFileFaults {
    /// The most faults that are looked for.
    static let listMax = 100

    private(set) var list: [AlertFileError] = []

    func add(_ fault: AlertFileError) { list.append(fault) }
}

/// Gathers what has no effect while a file is read.
final class AlertFileNotes {
    private(set) var list: [AlertFileNote] = []

    func add(_ note: AlertFileNote) { list.append(note) }
}
