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
    public static func parse(
        _ text: String, file: String, channelKinds: [String]
    ) throws(AlertFileError) -> AlertConfiguration {
        let reader = AlertFileReader(yaml: YAMLReader(file: file), channelKinds: channelKinds)
        guard text.utf8.count <= fileBytesMax else {
            throw AlertFileError(
                file: file, line: 1, column: 1,
                message: "an alert file has at most \(fileBytesMax >> 20) MiB")
        }
        return try reader.read(text)
    }
}

/// The shape of an alert file: Prometheus' groups of rules, with route and receivers as in Alertmanager.
private struct AlertFileReader {
    let yaml: YAMLReader
    let channelKinds: [String]

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
        do {
            return try Yams.compose(yaml: text)
        } catch {
            throw Self.fault(error, file: yaml.file)
        }
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

    // MARK: Rules

    private func rule(_ node: Node, group: String) throws(AlertFileError) -> AlertRule {
        let keys = ["alert", "condition", "for", "labels", "annotations"]
        let rule = try yaml.mapping(node, "a rule", keys: keys) { key in
            switch key {
            case "expr": "write `condition:`, as in `\(MeasureKind.all[0].example)`"
            case "record": "weir has alert rules only; its metrics need no recording rules"
            case "keep_firing_for": "weir does not have it yet"
            default: nil
            }
        }
        let name = try yaml.name(rule["alert"], "alert", of: node, "the rule")
        guard let conditionNode = rule["condition"] else {
            throw yaml.fault(node, "the rule `\(name)` has no `condition`")
        }
        let labels = try templates(rule["labels"], "labels")
        if let severity = labels["severity"], Severity(severity.source) == nil,
            let severityNode = rule["labels"]?.mapping?["severity"]
        {
            throw yaml.fault(
                severityNode,
                "unknown severity `\(severity.source)`; there are critical, high, medium, low, info "
                    + "and P0 to P3, warning, error, page")
        }
        return AlertRule(
            name: name, group: group, condition: try condition(conditionNode),
            pendingDuration: try duration(rule["for"]), labels: labels,
            annotations: try templates(rule["annotations"], "annotations"))
    }

    private func condition(_ node: Node) throws(AlertFileError) -> Condition {
        let text = try yaml.text(node, "`condition`")
        do throws(ConditionError) {
            return try ConditionParser.parse(text)
        } catch {
            throw yaml.fault(
                node, error.message, offset: yaml.column(of: error.offset, in: node))
        }
    }

    private func duration(_ node: Node?) throws(AlertFileError) -> Int64 {
        guard let node else { return 0 }
        let text = try yaml.text(node, "`for`")
        // Prometheus reads a bare zero as a duration too.
        if text == "0" { return 0 }
        guard let duration = DurationText.parse(text) else {
            throw yaml.fault(node, "`\(text)` is no duration; write `30s`, `5m` or `1h`")
        }
        return duration
    }

    private func templates(
        _ node: Node?, _ what: String
    ) throws(AlertFileError) -> [String: AlertTemplate] {
        guard let node else { return [:] }
        guard let mapping = node.mapping else {
            throw yaml.fault(node, "`\(what)` is a mapping of names to texts")
        }
        var result: [String: AlertTemplate] = [:]
        for (key, value) in mapping {
            let name = try yaml.text(key, "a name in `\(what)`")
            let text = try yaml.text(value, "`\(name)`")
            do throws(AlertTemplate.Fault) {
                result[name] = try AlertTemplate(text)
            } catch {
                throw yaml.fault(
                    value, error.message, offset: yaml.column(of: error.offset, in: value))
            }
        }
        return result
    }

    // MARK: Receivers

    private func receivers(_ node: Node?) throws(AlertFileError) -> [Receiver] {
        guard let node else { return [AlertConfiguration.defaultReceiver] }
        var result: [Receiver] = []
        for item in try yaml.sequence(node, "`receivers`") {
            let receiver = try yaml.mapping(item, "a receiver", keys: ["name", "type"]) { key in
                key.hasSuffix("_configs")
                    ? "a receiver has a `type`; there are \(channelKinds.joined(separator: ", "))"
                    : nil
            }
            let name = try yaml.name(receiver["name"], "name", of: item, "the receiver")
            guard !result.contains(where: { $0.name == name }) else {
                throw yaml.fault(item, "the receiver `\(name)` exists twice")
            }
            let kind = try yaml.name(receiver["type"], "type", of: item, "the receiver `\(name)`")
            guard channelKinds.contains(kind) else {
                throw yaml.fault(
                    receiver["type"] ?? item,
                    "weir has no receivers of type `\(kind)`; there are: "
                        + channelKinds.joined(separator: ", "))
            }
            result.append(Receiver(name: name, kind: kind))
        }
        guard !result.isEmpty else { throw yaml.fault(node, "`receivers` is empty") }
        return result
    }

    private func receiver(
        _ node: Node?, among receivers: [Receiver]
    ) throws(AlertFileError) -> Receiver {
        guard let node else { return receivers.first ?? AlertConfiguration.defaultReceiver }
        let route = try yaml.mapping(node, "`route`", keys: ["receiver"])
        let name = try yaml.name(route["receiver"], "receiver", of: node, "`route`")
        guard let receiver = receivers.first(where: { $0.name == name }) else {
            let names = receivers.map { "`\($0.name)`" }.joined(separator: ", ")
            throw yaml.fault(
                route["receiver"] ?? node, "there is no receiver `\(name)`; there are \(names)")
        }
        return receiver
    }
}
