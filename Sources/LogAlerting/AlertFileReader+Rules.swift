internal import LogRecords
internal import Yams

/// Groups and their rules.
extension AlertFileReader {
    func rule(_ node: Node, group: String) throws(AlertFileError) -> AlertRule {
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
}
