internal import LogRecords
internal import Yams

/// Rules.
extension AlertFileReader {
    private static let ruleKeys = [
        "alert", "condition", "expr", "for", "keep_firing_for", "evaluations", "levels",
        "active_time_intervals", "enabled", "labels", "annotations",
    ]
    private static let idleRuleKeys = [
        "debug": "`weir alerts test` shows what a rule does",
        "update_entries_limit": "every transition is a record",
        "id": "a rule is known by its group and its name",
    ]

    func rule(
        _ node: Node, _ group: AlertGroupSettings
    ) throws(AlertFileError) -> AlertRule {
        let rule = try yaml.mapping(
            node, "a rule", keys: Self.ruleKeys, idle: Self.idleRuleKeys, notes: notes)
        let name = try yaml.name(rule["alert"], "alert", of: node, "the rule")
        let condition = try condition(rule, node, name, group)
        let labels = try templates(rule["labels"], "labels")
            .merging(group.labels) { own, _ in own }
        try checkSeverity(labels["severity"], rule["labels"])
        let patience = try pending(rule["for"], condition)
        let levels = try levels(rule["levels"], condition, labels, rule["for"] ?? node, patience)
        let (least, last) = try evaluations(rule["evaluations"])
        return AlertRule(
            name: name, group: group.name, condition: condition, pendingDuration: patience,
            keepFiringDuration: try rule["keep_firing_for"].map { (node) throws(AlertFileError) in
                try duration(node, "keep_firing_for")
            } ?? 0,
            evaluationsMin: least, evaluationsOf: last, interval: group.interval, levels: levels,
            activeTimeIntervals: try namedIntervals(
                rule["active_time_intervals"], "active_time_intervals", among: group.intervals),
            labels: labels, annotations: try templates(rule["annotations"], "annotations"))
    }

    private func condition(
        _ rule: [String: Node], _ node: Node, _ name: String, _ group: AlertGroupSettings
    ) throws(AlertFileError) -> Condition {
        guard let part = rule["condition"] ?? rule["expr"] else {
            throw yaml.fault(
                node,
                "the rule `\(name)` has no `condition`, as in `\(MeasureKind.all[0].example)`, and no "
                    + "`expr` of LogsQL")
        }
        if rule["condition"] != nil, let expression = rule["expr"] {
            throw yaml.fault(expression, "a rule has a `condition` or an `expr`, not both")
        }
        let isCondition = rule["condition"] != nil
        let text = try yaml.text(part, isCondition ? "`condition`" : "`expr`")
        do throws(ConditionError) {
            if isCondition {
                return try ConditionParser.parse(text, hasLevels: rule["levels"] != nil)
            }
            let interval =
                group.interval > 0 ? group.interval : AlertGroupSettings.intervalDefault
            return try ExpressionCompiler.compile(text, interval: interval)
        } catch {
            throw yaml.fault(
                part, error.message, offset: yaml.column(of: error.offset, in: part))
        }
    }

    private func pending(_ node: Node?, _ condition: Condition) throws(AlertFileError) -> Int64 {
        guard let node else { return condition.pendingDuration }
        guard condition.pendingDuration == 0 else {
            throw yaml.fault(
                node, "the condition itself says for how long it must hold; leave one of them out")
        }
        return try duration(node, "for")
    }

    private func checkSeverity(
        _ severity: AlertTemplate?, _ labels: Node?
    ) throws(AlertFileError) {
        guard let severity, Severity(severity.source) == nil,
            let node = labels?.mapping?["severity"]
        else { return }
        throw unknownSeverity(severity.source, node)
    }

    private func unknownSeverity(_ word: String, _ node: Node) -> AlertFileError {
        yaml.fault(
            node,
            "unknown severity `\(word)`; there are critical, high, medium, low, info "
                + "and P0 to P3, warning, error, page")
    }

    /// `3 of 5`.
    private func evaluations(_ node: Node?) throws(AlertFileError) -> (Int, Int) {
        guard let node else { return (1, 1) }
        let text = try yaml.text(node, "`evaluations`")
        let words = text.split(separator: " ")
        guard words.count == 3, words[1] == "of", let least = Int(words[0]),
            let last = Int(words[2]), least >= 1, least <= last,
            last <= AlertRule.evaluationsMax
        else {
            throw yaml.fault(
                node,
                "`\(text)` is no number of evaluations; write `3 of 5`, with at most "
                    + "\(AlertRule.evaluationsMax)")
        }
        return (least, last)
    }

    // MARK: Levels

    private func levels(
        _ node: Node?, _ condition: Condition, _ labels: [String: AlertTemplate],
        _ pendingNode: Node, _ patience: Int64
    ) throws(AlertFileError) -> [AlertLevel] {
        guard let node else { return [] }
        if case .expression = condition.measure {
            throw yaml.fault(
                node, "levels are for conditions; write one rule with `expr` for each threshold")
        }
        if condition.measure == .absent || condition.memory > 0 {
            throw yaml.fault(node, "`\(condition.subject)` has no threshold and so no levels")
        }
        if let severity = labels["severity"] {
            throw yaml.fault(
                node,
                "each level has its own severity; leave `severity: \(severity.source)` out of the "
                    + "labels")
        }
        var result: [(level: AlertLevel, severity: Severity)] = []
        for item in try yaml.sequence(node, "`levels`") {
            let level = try level(item, condition, patience)
            if let other = result.first,
                other.level.limit.comparison != level.level.limit.comparison
            {
                throw yaml.fault(item, "all levels of a rule are compared in the same way")
            }
            if result.contains(where: { $0.severity == level.severity }) {
                throw yaml.fault(item, "two levels have the same severity")
            }
            result.append(level)
        }
        guard !result.isEmpty else { throw yaml.fault(node, "`levels` is empty") }
        let sorted = result.sorted { $0.severity < $1.severity }
        try checkOrder(sorted.map(\.level), node)
        return sorted.map(\.level)
    }

    /// A higher level has the harder threshold; else a lower one would never be seen.
    private func checkOrder(_ levels: [AlertLevel], _ node: Node) throws(AlertFileError) {
        for (lower, upper) in zip(levels, levels.dropFirst()) {
            let isHarder =
                lower.limit.comparison.rises
                ? upper.limit.value > lower.limit.value : upper.limit.value < lower.limit.value
            guard lower.limit.comparison.rises || lower.limit.comparison.falls else {
                throw yaml.fault(node, "levels are compared by >, >=, < or <=")
            }
            guard isHarder, lower.limit.baseline == upper.limit.baseline else {
                throw yaml.fault(
                    node,
                    "the level \(upper.severity ?? "") has a threshold that is no harder than that of "
                        + "\(lower.severity ?? "")")
            }
        }
    }

    private func level(
        _ node: Node, _ condition: Condition, _ patience: Int64
    ) throws(AlertFileError) -> (level: AlertLevel, severity: Severity) {
        let entry = try yaml.mapping(node, "a level", keys: ["severity", "when", "for"])
        let word = try yaml.name(entry["severity"], "severity", of: node, "the level")
        guard let severity = Severity(word) else {
            throw unknownSeverity(word, entry["severity"] ?? node)
        }
        let text = try yaml.name(entry["when"], "when", of: node, "the level")
        let when = entry["when"] ?? node
        let limit: Condition.Limit
        do throws(ConditionError) {
            limit = try ConditionParser.limit(text, of: condition)
        } catch {
            throw yaml.fault(
                when, error.message, offset: yaml.column(of: error.offset, in: when))
        }
        let pending = try entry["for"].map { (node) throws(AlertFileError) in
            try duration(node, "for")
        }
        return (
            AlertLevel(severity: word, limit: limit, pendingDuration: pending ?? patience),
            severity
        )
    }

    // MARK: Values

    func duration(_ node: Node, _ key: String) throws(AlertFileError) -> Int64 {
        let text = try yaml.text(node, "`\(key)`")
        // Prometheus reads a bare zero as a duration too.
        if text == "0" { return 0 }
        guard let duration = DurationText.parse(text) else {
            throw yaml.fault(node, "`\(text)` is no duration; write `30s`, `5m` or `1h`")
        }
        return duration
    }

    func templates(
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
