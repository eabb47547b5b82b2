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
    public static func parse(
        _ text: String, file: String, channelKinds: [String], environment: [String: String] = [:]
    ) throws(AlertFileError) -> AlertConfiguration {
        let reader = AlertFileReader(
            yaml: YAMLReader(file: file), channelKinds: channelKinds,
            environment: EnvironmentText(environment: environment))
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

    func read(_ text: String) throws(AlertFileError) -> AlertConfiguration {
        guard let root = try compose(text) else {
            throw AlertFileError(
                file: yaml.file, line: 1, column: 1,
                message: "the file is empty; it has `groups:` of `rules:`")
        }
        let top = try yaml.mapping(
            root, "an alert file", keys: ["groups", "route", "receivers"], hint: Self.topHint)
        guard let groups = top["groups"] else {
            throw yaml.fault(root, "the file has no `groups:`")
        }
        var rules: [AlertRule] = []
        var groupNames: Set<String> = []
        for node in try yaml.sequence(groups, "`groups`") {
            let group = try yaml.mapping(node, "a group", keys: ["name", "rules"])
            let name = try yaml.name(group["name"], "name", of: node, "the group")
            guard groupNames.insert(name).inserted else {
                throw yaml.fault(node, "the group `\(name)` exists twice")
            }
            guard let list = group["rules"] else {
                throw yaml.fault(node, "the group `\(name)` has no `rules`")
            }
            for rule in try yaml.sequence(list, "`rules`") {
                rules.append(try self.rule(rule, group: name))
            }
        }
        let receivers = try receivers(top["receivers"])
        return AlertConfiguration(
            rules: rules, receivers: receivers,
            receiver: try receiver(top["route"], among: receivers))
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
        case "inhibit_rules", "time_intervals", "templates", "mute_time_intervals":
            "weir does not have it yet"
        default: nil
        }
    }
}
