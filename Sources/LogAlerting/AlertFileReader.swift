internal import LogRecords
internal import Yams

extension AlertConfiguration {
    /// The longest alert file in bytes. Thousands of rules fit.
    public static let fileBytesMax = 4 << 20

    /// Reads an alert file.
    ///
    /// - Parameters:
    ///   - file: the name that errors show.
    ///   - channelKinds: the kinds of receivers that exist, from the channel registry.
    ///   - environment: where `${NAME}` in texts is looked up.
    ///   - zones: where the zones come from that `location:` names.
    public static func parse(
        _ text: String, file: String, channelKinds: [String], environment: [String: String] = [:],
        zones: ZoneSource = .none
    ) throws(AlertFileError) -> AlertConfiguration {
        let reader = AlertFileReader(
            yaml: YAMLReader(file: file), channelKinds: channelKinds,
            environment: EnvironmentText(environment: environment), zones: zones)
        guard text.utf8.count <= fileBytesMax else {
            throw AlertFileError(
                file: file, line: 1, column: 1,
                message: "an alert file has at most \(fileBytesMax >> 20) MiB")
        }
        return try reader.read(text)
    }
}

/// The shape of an alert file: Prometheus' groups of rules, with route and receivers as in Alertmanager.
struct AlertFileReader {
    let yaml: YAMLReader
    let channelKinds: [String]
    let environment: EnvironmentText
    let zones: ZoneSource
    let notes = AlertFileNotes()

    func read(_ text: String) throws(AlertFileError) -> AlertConfiguration {
        guard let root = try compose(text) else {
            throw AlertFileError(
                file: yaml.file, line: 1, column: 1,
                message: "the file is empty; it has `groups:` of `rules:`")
        }
        let top = try yaml.mapping(
            root, "an alert file",
            keys: [
                "groups", "route", "receivers", "time_intervals", "mute_time_intervals",
                "inhibit_rules", "maintenance", "flapping", "storm",
            ],
            hint: Self.topHint)
        // A file of Alertmanager has a route and no rules.
        guard top["groups"] != nil || top["route"] != nil else {
            throw yaml.fault(root, "the file has no `groups:`")
        }
        let intervals = try timeIntervals(top["time_intervals"], top["mute_time_intervals"])
        let rules = try top["groups"].map { node throws(AlertFileError) in try self.rules(node, intervals) } ?? []
        let receivers = try receivers(top["receivers"])
        return AlertConfiguration(
            rules: rules, receivers: receivers,
            routing: try routing(top, receivers: receivers, intervals: intervals),
            timeIntervals: intervals, notes: notes.list)
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

/// Gathers what has no effect while a file is read.
final class AlertFileNotes {
    private(set) var list: [AlertFileNote] = []

    func add(_ note: AlertFileNote) { list.append(note) }
}
