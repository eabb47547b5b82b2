internal import LogRecords
internal import Yams

/// What the rules of a group share.
struct AlertGroupSettings {
    var name: String
    /// Nanoseconds between evaluations, 0 where the file leaves that to the rules' windows.
    var interval: Int64 = 0
    var labels: [String: AlertTemplate] = [:]
    let intervals: [NamedTimeIntervals]

    /// The window of an expression that names none, where its group names no interval: Prometheus' own default.
    static let intervalDefault = 60 * Timestamp.second
}

/// Groups of rules.
extension AlertFileReader {
    /// Keys of groups in files of Prometheus, vmalert and Loki that ask for what weir does anyway or has no part in.
    private static let idleKeys = [
        "limit": "weir bounds the alerts of each rule itself",
        "concurrency": "weir evaluates rules as records come",
        "eval_delay": "weir waits for late records by itself",
        "eval_offset": "weir evaluates on the grid of event time",
        "eval_alignment": "weir evaluates on the grid of event time",
        "query_offset": "weir waits for late records by itself",
        "headers": "weir asks nobody over HTTP",
        "notifier_headers": "headers belong to a receiver",
        "params": "weir asks nobody over HTTP",
        "tenant": "weir has no tenants",
        "partial_response_strategy": "weir asks nobody over HTTP",
        "debug": "`weir alerts test` shows what a rule does",
    ]

    /// The rules of all groups, in file order.
    func rules(
        _ groups: Node, _ intervals: [NamedTimeIntervals]
    ) throws(AlertFileError) -> [AlertRule] {
        var rules: [AlertRule] = []
        var names: Set<String> = []
        let known = ["name", "rules", "type", "interval", "labels"]
        each(try yaml.sequence(groups, "`groups`")) { node throws(AlertFileError) in
            let group = try yaml.mapping(
                node, "a group", keys: known, idle: Self.idleKeys, notes: notes)
            let name = try yaml.name(group["name"], "name", of: node, "the group")
            guard names.insert(name).inserted else {
                throw yaml.fault(node, "the group `\(name)` exists twice")
            }
            guard let list = group["rules"] else {
                throw yaml.fault(node, "the group `\(name)` has no `rules`")
            }
            try checkType(group["type"])
            var settings = AlertGroupSettings(name: name, intervals: intervals)
            settings.labels = try templates(group["labels"], "labels")
            settings.interval = try interval(group["interval"])
            var namesakes: [String: [AlertRule]] = [:]
            each(try yaml.sequence(list, "`rules`")) { rule throws(AlertFileError) in
                if try isRecording(rule) { return }
                // A rule that is off is read all the same: it must be right when somebody turns it on.
                let known = distinguished(try self.rule(rule, settings), rule, from: &namesakes)
                if try isEnabled(rule) { rules.append(known) }
            }
        }
        return rules
    }

    /// A rule whose alerts are told from those of the rules of the same name before it in the group, as Prometheus' files have
    /// them for several severities.
    private func distinguished(
        _ rule: AlertRule, _ node: Node, from namesakes: inout [String: [AlertRule]]
    ) -> AlertRule {
        let others = namesakes[rule.name, default: []]
        var rule = rule
        if !others.isEmpty {
            rule.discriminator = rule.labelText + "\u{1F}" + rule.condition.text
            let same = others.count { $0.discriminator == rule.discriminator }
            if same > 0 { rule.discriminator += "\u{1F}#\(same)" }
            if others.contains(where: { $0.labelText == rule.labelText }) {
                note(
                    node,
                    "another rule of this group is named `\(rule.name)`, too, and has the same labels: "
                        + "receivers, silences and routes cannot tell their alerts apart; give one "
                        + "of them another name or a label")
            }
        }
        namesakes[rule.name, default: []].append(rule)
        return rule
    }

    private func isEnabled(_ rule: Node) throws(AlertFileError) -> Bool {
        guard let node = rule.mapping?["enabled"] else { return true }
        switch try yaml.text(node, "`enabled`").lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        case let text: throw yaml.fault(node, "`enabled` is true or false, not `\(text)`")
        }
    }

    private func interval(_ node: Node?) throws(AlertFileError) -> Int64 {
        guard let node else { return 0 }
        let interval = try duration(node, "interval")
        guard (Timestamp.second...Timestamp.day).contains(interval) else {
            throw yaml.fault(node, "an `interval` is between 1s and 1d long")
        }
        return interval
    }

    private func checkType(_ node: Node?) throws(AlertFileError) {
        guard let node else { return }
        let type = try yaml.text(node, "`type`")
        guard type == "vlogs" || type == "logsql" else {
            throw yaml.fault(
                node,
                "weir evaluates LogsQL, which has the type `vlogs`, not `\(type)`; leave `type` out or "
                    + "write these rules as conditions")
        }
    }

    /// Recording rules store what a query gives; in weir the records themselves are stored, and `metrics:` defines series.
    private func isRecording(_ node: Node) throws(AlertFileError) -> Bool {
        guard let mapping = node.mapping, let name = mapping["record"] else { return false }
        let keys = ["record", "expr", "labels", "debug", "update_entries_limit"]
        _ = try yaml.mapping(node, "a recording rule", keys: keys)
        let text = try yaml.text(name, "`record`")
        note(
            node,
            "the recording rule `\(text)` is skipped: weir keeps the records, from which queries "
                + "compute this at any time; series for /metrics are defined under `metrics:`")
        return true
    }

    func note(_ node: Node, _ message: String) {
        notes.add(
            AlertFileNote(
                file: yaml.file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1,
                message: message))
    }
}
