internal import LogBytes
internal import LogRecords
internal import Yams

/// Matchers, and what keeps alerts quiet: inhibition, maintenance, flapping, storms.
extension AlertFileReader {
    /// `matchers:` and the two older spellings of it.
    func matchers(
        _ node: Node?, equal: Node?, expressions: Node?
    ) throws(AlertFileError) -> [LabelMatcher] {
        var result: [LabelMatcher] = []
        for (old, operation) in [
            (equal, LabelMatcher.Operation.equals), (expressions, LabelMatcher.Operation.matches),
        ] {
            guard let old else { continue }
            guard let mapping = old.mapping else {
                throw yaml.fault(old, "a mapping of labels to texts is wanted here")
            }
            for (key, value) in mapping {
                let name = try yaml.text(key, "a label")
                let text = try yaml.text(value, "`\(name)`")
                do throws(LabelMatcher.Fault) {
                    result.append(try LabelMatcher(name, operation, text))
                } catch {
                    throw yaml.fault(value, error.message)
                }
            }
        }
        guard let node else { return result }
        let items = node.scalar == nil ? try yaml.sequence(node, "`matchers`") : [node]
        for item in items {
            let text = try yaml.text(item, "a matcher")
            do throws(LabelMatcher.Fault) {
                result += try LabelMatcher.parse(text)
            } catch {
                throw yaml.fault(
                    item, error.message, offset: yaml.column(of: error.offset, in: item))
            }
        }
        return result
    }

    func inhibitions(_ node: Node?) throws(AlertFileError) -> [InhibitRule] {
        guard let node else { return [] }
        var result: [InhibitRule] = []
        each(try yaml.sequence(node, "`inhibit_rules`")) { item throws(AlertFileError) in
            let keys = try yaml.mapping(
                item, "an inhibit rule",
                keys: [
                    "name", "source_matchers", "target_matchers", "equal", "source_match",
                    "source_match_re", "target_match", "target_match_re",
                ])
            let source = try matchers(
                keys["source_matchers"], equal: keys["source_match"],
                expressions: keys["source_match_re"])
            let target = try matchers(
                keys["target_matchers"], equal: keys["target_match"],
                expressions: keys["target_match_re"])
            // Alertmanager takes a rule without either, and then every alert inhibits every other.
            guard !source.isEmpty else {
                throw yaml.fault(
                    item, "the inhibit rule has no `source_matchers`: any alert would inhibit")
            }
            guard !target.isEmpty else {
                throw yaml.fault(
                    item,
                    "the inhibit rule has no `target_matchers`: every alert would be inhibited")
            }
            var equal: [String] = []
            if let list = keys["equal"] {
                for label in try yaml.sequence(list, "`equal`") {
                    equal.append(try yaml.text(label, "a label in `equal`"))
                }
            }
            result.append(InhibitRule(source: source, target: target, equal: equal))
        }
        return result
    }

    func maintenance(
        _ node: Node?, _ intervals: [NamedTimeIntervals]
    ) throws(AlertFileError) -> [MaintenanceWindow] {
        guard let node else { return [] }
        var result: [MaintenanceWindow] = []
        each(try yaml.sequence(node, "`maintenance`")) { item throws(AlertFileError) in
            let keys = try yaml.mapping(
                item, "a maintenance window",
                keys: ["name", "matchers", "start", "end", "time_intervals"])
            let name = try yaml.name(keys["name"], "name", of: item, "the maintenance window")
            guard !result.contains(where: { $0.name == name }) else {
                throw yaml.fault(item, "the maintenance window `\(name)` exists twice")
            }
            let window = MaintenanceWindow(
                name: name,
                matchers: try matchers(keys["matchers"], equal: nil, expressions: nil),
                start: try moment(keys["start"], "start"), end: try moment(keys["end"], "end"),
                intervals: try namedIntervals(
                    keys["time_intervals"], "time_intervals", among: intervals))
            guard !window.intervals.isEmpty || window.end != nil else {
                throw yaml.fault(
                    item,
                    "the maintenance window `\(name)` never ends: give it an `end`, or "
                        + "`time_intervals` in which it recurs")
            }
            if let start = window.start, let end = window.end, start >= end {
                throw yaml.fault(
                    keys["end"] ?? item, "the maintenance window ends before it begins")
            }
            result.append(window)
        }
        return result
    }

    private func moment(_ node: Node?, _ key: String) throws(AlertFileError) -> Int64? {
        guard let node else { return nil }
        let text = try yaml.text(node, "`\(key)`")
        guard let time = text.withView({ Timestamp.parse($0) }) else {
            throw yaml.fault(
                node, "`\(text)` is no time; write `2026-01-05T22:00:00Z` or `…+01:00`")
        }
        return time
    }

    func flapping(_ node: Node) throws(AlertFileError) -> FlappingPolicy? {
        guard let (changes, within) = try policy(node, "flapping", counted: "changes") else {
            return nil
        }
        let standard = FlappingPolicy.standard
        return FlappingPolicy(
            changes: changes ?? standard.changes, within: within ?? standard.within)
    }

    func storm(_ node: Node) throws(AlertFileError) -> StormPolicy? {
        guard let (groups, within) = try policy(node, "storm", counted: "groups") else {
            return nil
        }
        let standard = StormPolicy.standard
        return StormPolicy(
            groups: groups ?? standard.groups, within: within ?? standard.within)
    }

    /// The most that is counted: the times of all are kept.
    private static let countedMax = 10_000

    /// A number and a duration; nil for `off`.
    private func policy(
        _ node: Node, _ what: String, counted: String
    ) throws(AlertFileError) -> (Int?, Int64?)? {
        if let word = node.scalar?.string, ["off", "false", "no"].contains(word) { return nil }
        let keys = try yaml.mapping(node, "`\(what)`", keys: [counted, "within"]) { _ in
            "write `\(what): {\(counted): 10, within: 5m}` or `\(what): off`"
        }
        var count: Int?
        if let number = keys[counted] {
            let text = try yaml.text(number, "`\(counted)`")
            guard let value = Int(text), (1...Self.countedMax).contains(value) else {
                throw yaml.fault(
                    number, "`\(counted)` is a whole number from 1 to \(Self.countedMax)")
            }
            count = value
        }
        var within: Int64?
        if let text = keys["within"] {
            within = try routeDuration(text, "within")
            guard within != 0 else { throw yaml.fault(text, "`within` is longer than nothing") }
        }
        return (count, within)
    }
}
