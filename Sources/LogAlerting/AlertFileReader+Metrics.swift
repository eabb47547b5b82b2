internal import LogMetrics
internal import LogQuery
internal import LogRecords
internal import Yams

/// The metrics that a file defines beside its rules:
///
///     metrics:
///       - name: ai_api_calls_total
///         type: counter
///         filter: event:ai_call
///         labels: [service, {outcome: status}]
///         constants: {team: platform}
///
/// A label is a field under its own name or, as `name: field`, under another; `constants` are the same for all series.
extension AlertFileReader {
    /// Metrics of one file: each costs some nanoseconds a record.
    private static let metricsMax = 500
    /// Labels of one metric.
    private static let labelsMax = 16
    /// Bounds of one histogram: each is a line in `/metrics` for each series.
    private static let boundsMax = 64
    private static let metricKeys = [
        "name", "type", "filter", "of", "field", "labels", "constants", "unit", "help", "buckets",
        "category",
        "over",
    ]

    /// The definitions under `metrics`, none where the key is missing.
    func metrics(_ node: Node?) throws(AlertFileError) -> [MetricDefinition] {
        guard let node else { return [] }
        var result: [MetricDefinition] = []
        var names: [String: Node] = [:]
        let list = try yaml.sequence(node, "`metrics`")
        guard list.count <= Self.metricsMax else {
            throw yaml.fault(node, "a file defines at most \(Self.metricsMax) metrics")
        }
        each(list) { item throws(AlertFileError) in
            let definition = try metric(item)
            let isSame = definition.exposedName == definition.name
            for name in [definition.name] + (isSame ? [] : [definition.exposedName]) {
                if let other = names[name] {
                    let line = other.mark?.line ?? 0
                    let shown =
                        name == definition.name ? "" : ", which Prometheus sees as `\(name)`,"
                    throw yaml.fault(
                        item.mapping?["name"] ?? item,
                        "the metric `\(definition.name)`\(shown) is defined in line \(line) too")
                }
            }
            names[definition.name] = item
            names[definition.exposedName] = item
            result.append(definition)
        }
        return result
    }

    private func metric(_ node: Node) throws(AlertFileError) -> MetricDefinition {
        let keys = try yaml.mapping(node, "a metric", keys: Self.metricKeys, hint: Self.metricHint)
        let name = try metricName(keys["name"], node)
        let what = "the metric `\(name)`"
        let kind = try metricKind(keys["type"], node, what)
        if let of = keys["of"], kind != .ratio {
            throw yaml.fault(of, "`of` is for ratios; \(what) is a \(kind.rawValue)")
        }
        if let buckets = keys["buckets"], kind != .histogram {
            throw yaml.fault(buckets, "`buckets` are for histograms; \(what) is a \(kind.rawValue)")
        }
        if let over = keys["over"], kind != .ratio, kind != .rate {
            throw yaml.fault(
                over, "`over` is for ratios and rates; \(what) is a \(kind.rawValue)")
        }
        let field = try metricField(keys["field"], kind, node, what)
        if kind == .ratio, keys["filter"] == nil {
            throw yaml.fault(
                node, "\(what) has no `filter`: which records are the share of those of `of`")
        }
        let unit = try metricUnit(keys["unit"])
        let own = unit ?? field.map(MetricUnit.ofField) ?? .none
        return MetricDefinition(
            name: name, kind: kind, filter: try metricFilter(keys["filter"], "filter"),
            whole: try metricFilter(keys["of"], "of"), field: field,
            labels: try metricLabels(keys["labels"], keys["constants"], kind), unit: unit,
            help: try keys["help"].map { node throws(AlertFileError) in
                try yaml.text(node, "`help`")
            },
            category: try metricCategory(keys["category"]),
            bounds: try metricBounds(keys["buckets"], own), window: try metricWindow(keys["over"]))
    }

    private static func metricHint(_ key: String) -> String? {
        switch key {
        case "kind", "metric_type": "the kind of a metric stands under `type`"
        case "match", "query", "expr", "where": "which records count stands under `filter`"
        case "bounds", "le": "the bounds of a histogram stand under `buckets`"
        case "tags", "by": "the labels stand under `labels`"
        case "window", "for": "what a ratio or rate looks back on stands under `over`"
        default: nil
        }
    }

    private func metricName(_ node: Node?, _ owner: Node) throws(AlertFileError) -> String {
        let name = try yaml.name(node, "name", of: owner, "a metric")
        if let fault = MetricDefinition.fault(inName: name) {
            throw yaml.fault(
                node ?? owner, "`\(name)` is no name for a metric: \(fault.message)",
                offset: yaml.column(of: fault.offset, in: node ?? owner))
        }
        guard !name.hasPrefix("weir_") else {
            throw yaml.fault(
                node ?? owner, "names that begin with `weir_` are those of weir's own metrics")
        }
        return name
    }

    private func metricKind(
        _ node: Node?, _ owner: Node, _ what: String
    ) throws(AlertFileError) -> MetricKind {
        let word = try yaml.name(node, "type", of: owner, what)
        if let kind = MetricKind(rawValue: word) { return kind }
        let kinds = MetricKind.allCases.map(\.rawValue)
        let guess = Spelling.nearest(to: word, in: kinds).map { "did you mean `\($0)`?" }
        throw yaml.fault(
            node ?? owner,
            "`\(word)` is no type of a metric; "
                + (guess ?? "there are \(kinds.map { "`\($0)`" }.joined(separator: ", "))"))
    }

    private func metricField(
        _ node: Node?, _ kind: MetricKind, _ owner: Node, _ what: String
    ) throws(AlertFileError) -> String? {
        switch kind {
        case .gauge, .histogram:
            return try yaml.name(node, "field", of: owner, what)
        case .counter:
            guard let node else { return nil }
            return try yaml.name(node, "field", of: owner, what)
        case .ratio, .rate:
            if let node {
                throw yaml.fault(
                    node, "\(what) counts records; a \(kind.rawValue) has no `field`")
            }
            return nil
        }
    }

    private func metricFilter(_ node: Node?, _ key: String) throws(AlertFileError) -> Filter? {
        guard let node else { return nil }
        let text = try yaml.text(node, "`\(key)`")
        let filter: Filter
        do {
            filter = try QueryParser.parseFilter(text, now: 0)
        } catch {
            throw yaml.fault(
                node, "in `\(key)`: \(error.message)",
                offset: yaml.column(of: error.offset, in: node))
        }
        guard filter.timeRange == .all else {
            throw yaml.fault(node, "`\(key)` cannot ask for times: a metric goes on for ever")
        }
        return filter == .all ? nil : filter
    }

    private func metricUnit(_ node: Node?) throws(AlertFileError) -> MetricUnit? {
        guard let node else { return nil }
        let word = try yaml.text(node, "`unit`")
        guard let unit = MetricUnit(word) else {
            throw yaml.fault(
                node,
                "`\(word)` is no unit: write a word such as `seconds`, `milliseconds`, `bytes`")
        }
        return unit
    }

    private func metricCategory(_ node: Node?) throws(AlertFileError) -> String {
        guard let node else { return MetricFamily.businessCategory }
        let word = try yaml.text(node, "`category`")
        guard PrometheusText.isLabelName(word) else {
            throw yaml.fault(node, "`\(word)` is no category: letters, digits and underscores")
        }
        return word
    }

    private func metricWindow(
        _ node: Node?
    ) throws(AlertFileError) -> MetricDefinition.Window? {
        guard let node else { return nil }
        let word = try yaml.text(node, "`over`")
        let wanted = DurationText.parse(word).map { $0 / Timestamp.second }
        guard let window = MetricDefinition.Window.allCases.first(where: { $0.seconds == wanted })
        else {
            throw yaml.fault(node, "`over` is `1m`, `5m` or `1h`, not `\(word)`")
        }
        return window
    }

    private func metricBounds(
        _ node: Node?, _ unit: MetricUnit
    ) throws(AlertFileError) -> [Double]? {
        guard let node else { return nil }
        var bounds: [Double] = []
        for item in try yaml.sequence(node, "`buckets`") {
            let word = try yaml.text(item, "a bound of `buckets`")
            guard let bound = bound(word, unit), bound.isFinite else {
                throw yaml.fault(
                    item,
                    "`\(word)` is no bound: a number is wanted"
                        + (unit.milliseconds == nil ? "" : " or a duration such as `250ms`"))
            }
            guard bounds.last.map({ $0 < bound }) ?? true else {
                throw yaml.fault(item, "the bounds of `buckets` ascend; `\(word)` does not")
            }
            bounds.append(bound)
        }
        guard (1...Self.boundsMax).contains(bounds.count) else {
            throw yaml.fault(node, "`buckets` has 1 to \(Self.boundsMax) bounds")
        }
        return bounds
    }

    /// A bound in the metric's own unit.
    private func bound(_ word: String, _ unit: MetricUnit) -> Double? {
        if let number = Double(word) { return number }
        guard let milliseconds = unit.milliseconds, let duration = DurationText.parse(word) else {
            return nil
        }
        return Double(duration) / 1e6 / milliseconds
    }

    // MARK: Labels

    private func metricLabels(
        _ node: Node?, _ constants: Node?, _ kind: MetricKind
    ) throws(AlertFileError) -> [MetricDefinition.Label] {
        var result: [MetricDefinition.Label] = []
        if let mapping = node?.mapping {
            try addLabels(mapping, kind, to: &result)
        } else if let node {
            for item in try yaml.sequence(node, "`labels`") {
                if let mapping = item.mapping {
                    try addLabels(mapping, kind, to: &result)
                } else {
                    let field = try yaml.text(item, "a label")
                    let name = field.replacing(".", with: "_")
                    try add(
                        MetricDefinition.Label(name, .field(field)), at: item, kind, to: &result)
                }
            }
        }
        if let constants {
            guard let mapping = constants.mapping else {
                throw yaml.fault(constants, "`constants` is a mapping of labels to their values")
            }
            for (key, value) in mapping {
                let label = MetricDefinition.Label(
                    try yaml.text(key, "a label"), .constant(try yaml.text(value, "a constant")))
                try add(label, at: key, kind, to: &result)
            }
        }
        guard result.count <= Self.labelsMax else {
            throw yaml.fault(
                node ?? constants ?? Node(""), "a metric has at most \(Self.labelsMax) labels")
        }
        return result
    }

    private func addLabels(
        _ mapping: Node.Mapping, _ kind: MetricKind, to labels: inout [MetricDefinition.Label]
    ) throws(AlertFileError) {
        for (key, value) in mapping {
            let field = try yaml.text(value, "a label")
            let label = MetricDefinition.Label(try yaml.text(key, "a label"), .field(field))
            guard !field.isEmpty else {
                throw yaml.fault(value, "the label `\(label.name)` names no field")
            }
            try add(label, at: key, kind, to: &labels)
        }
    }

    private func add(
        _ label: MetricDefinition.Label, at node: Node, _ kind: MetricKind,
        to labels: inout [MetricDefinition.Label]
    ) throws(AlertFileError) {
        let name = label.name
        guard PrometheusText.isLabelName(name), !name.hasPrefix("__") else {
            throw yaml.fault(
                node,
                "`\(name)` is no name for a label: letters, digits and underscores; a field with "
                    + "other characters gets a name as in `{status: http-status}`")
        }
        guard name != "le" || kind != .histogram else {
            throw yaml.fault(node, "`le` is what histograms name their buckets by")
        }
        guard !labels.contains(where: { $0.name == name }) else {
            throw yaml.fault(node, "the label `\(name)` is named twice")
        }
        labels.append(label)
    }
}
