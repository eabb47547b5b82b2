internal import LogBytes
internal import LogRecords

/// Lines that are metrics themselves.
///
///     {"event":"metric_counter","metric":"sessions_started","value":1,"tags":{"channel":"web"}}
///
/// `event` (or the message) is `metric_counter`, `metric_gauge` or `metric_histogram`, also with a dot. The name stands in
/// `metric`, `metric_name` or `name`, the number in `value` or `metric_value` (a counter without one adds 1), labels in the
/// members of `labels`, `tags` or `attributes`. What cannot be used is counted by reason and stored all the same.
struct MetricLines: ~Copyable {
    /// Why a line that says that it is a metric is none.
    enum Refusal: String, CaseIterable {
        /// It names no metric, or by a name that Prometheus does not know.
        case name
        /// It has no number, or a counter goes back.
        case value
        /// The metric was of another kind before.
        case kind
        /// There are as many metrics as there may be.
        case tooMany = "too_many"
    }

    /// Metrics that lines may name.
    static let metricsMax = 500
    private static let names = ["metric", "metric_name", "name"]
    private static let values = ["value", "metric_value"]
    private static let containers = ["labels.", "tags.", "attributes."]

    /// Where things stand in lines of one shape.
    private struct Plan {
        let event: Int32
        let name: Int32
        let value: Int32
        /// By name, so that the order in the line is of no account.
        let labels: [(name: String, slot: Int32)]
    }

    private struct Metric {
        let name: String
        let kind: MetricKind
        /// The name that Prometheus' formats show, which no second metric may have.
        let exposedName: String
        /// What a number is multiplied with to be kept: times in milliseconds.
        let scale: Double
    }

    private var table: ShapeTable?
    /// 0 for shapes that are no metrics, else the number of the plan.
    private var planNumbers = Vector<UInt32>(capacity: 64)
    private var plans: [Plan] = []
    private var metrics: [Metric] = []
    private var numbers: [String: Int] = [:]
    private var tables: [MetricTableBox] = []
    private(set) var refused: [Refusal: UInt64] = [:]
    private var scratch = ByteWriter(capacity: 256)
    private var key = ByteWriter(capacity: 256)
    private let seriesMax: Int

    init(seriesMax: Int = MetricTable.seriesMax) { self.seriesMax = seriesMax }

    var overflowed: UInt64 { tables.reduce(0) { $0 &+ $1.table.overflowed } }

    // MARK: Shapes

    mutating func prepare(_ batch: RecordBatch) {
        if table !== batch.table {
            table = batch.table
            planNumbers.removeAll()
            plans = []
        }
        let shapes = batch.table.shapes
        while planNumbers.count < shapes.count {
            guard let plan = Self.plan(shapes[planNumbers.count]) else {
                planNumbers.append(0)
                continue
            }
            plans.append(plan)
            planNumbers.append(UInt32(plans.count))
        }
    }

    private static func plan(_ shape: Shape) -> Plan? {
        func slot(_ names: [String]) -> Int32 {
            for name in names {
                let field = shape.fields.lastIndex { $0.path == name }
                if let field { return FieldSlot(field: field).packed }
            }
            return -1
        }
        let event = slot(["event", "message", "msg"])
        // A line without a name may still say that it is a metric, which is then refused.
        guard event >= 0, slot(names) >= 0 || slot(values) >= 0 else { return nil }
        var labels: [(name: String, slot: Int32)] = []
        for (index, field) in shape.fields.enumerated() {
            guard let container = containers.first(where: { field.path.hasPrefix($0) }) else {
                continue
            }
            let name = labelName(String(field.path.dropFirst(container.count)))
            labels.removeAll { $0.name == name }
            labels.append((name, FieldSlot(field: index).packed))
        }
        labels.sort { $0.name < $1.name }
        return Plan(event: event, name: slot(names), value: slot(values), labels: labels)
    }

    private static func labelName(_ path: String) -> String {
        let word = MetricName.word(path)
        // `le` is what histograms name their buckets by.
        return PrometheusText.isLabelName(word) && word != "le" ? word : "_" + word
    }

    // MARK: Records

    /// A line of a known shape.
    @inline(__always)
    mutating func observe(
        _ row: Int, _ reader: BatchReader, slot: Int32, _ budget: inout SeriesBudget
    ) {
        let number = planNumbers[Int(reader[row].shape)]
        if number > 0 { observe(row, reader, plans[Int(number) - 1], slot, &budget) }
    }

    /// Whether a value as it stands in its line may be what `kind` knows.
    @inline(__always)
    static func mayBegin(_ raw: ByteView) -> Bool {
        let word: StaticString = "metric"
        guard raw.count > word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount {
            // An escape may stand for any letter.
            if raw[index] == ASCII.backslash { return true }
            if raw[index] != word.utf8Start[index] { return false }
        }
        return true
    }

    /// A line of no known shape, of which `mayBegin` is true: its fields are found out.
    mutating func observeLoose(
        _ row: Int, _ reader: BatchReader, _ slot: Int32, _ budget: inout SeriesBudget
    ) {
        let record = reader[row]
        let line = reader.owner._withUnsafeGuaranteedRef { $0.line(record) }
        guard line.firstIndex(of: ByteView("metric")) != nil else { return }
        let shape = reader.owner._withUnsafeGuaranteedRef { $0.shape(record) }
        guard let plan = Self.plan(shape) else { return }
        observe(row, reader, plan, slot, &budget)
    }

    private mutating func observe(
        _ row: Int, _ reader: BatchReader, _ plan: Plan, _ slot: Int32,
        _ budget: inout SeriesBudget
    ) {
        guard let kind = Self.kind(reader.text(row, plan.event, scratch: &scratch)) else {
            return
        }
        let name = reader.text(row, plan.name, scratch: &scratch).text
        guard MetricName.isPlain(name) else { return refuse(.name) }
        var value = plan.value < 0 ? .nan : reader.number(row, plan.value, scratch: &scratch)
        if plan.value < 0, kind == .counter { value = 1 }
        guard value.isFinite, kind != .counter || value >= 0 else { return refuse(.value) }
        guard let index = metric(name, kind) else { return }
        key.removeAll()
        for label in plan.labels {
            label.name.withView { key.append(lengthPrefixed: $0) }
            key.append(lengthPrefixed: reader.text(row, label.slot, scratch: &scratch))
        }
        tables[index].add(value * metrics[index].scale, kind, key.view, slot, &budget)
    }

    /// What an event says that its line is, nil when it is no metric.
    static func kind(_ event: ByteView) -> MetricKind? {
        guard event.hasPrefix(ByteView("metric_")) || event.hasPrefix(ByteView("metric.")) else {
            return nil
        }
        let kind = event.dropFirst(7)
        if kind == ByteView("counter") { return .counter }
        if kind == ByteView("gauge") { return .gauge }
        if kind == ByteView("histogram") { return .histogram }
        return nil
    }

    private mutating func refuse(_ reason: Refusal) { refused[reason, default: 0] &+= 1 }

    private mutating func metric(_ name: String, _ kind: MetricKind) -> Int? {
        if let known = numbers[name] {
            guard metrics[known].kind == kind else {
                refuse(.kind)
                return nil
            }
            return known
        }
        guard metrics.count < Self.metricsMax else {
            refuse(.tooMany)
            return nil
        }
        let family = Self.family(name, kind)
        guard !metrics.contains(where: { $0.exposedName == family.exposedName }) else {
            refuse(.kind)
            return nil
        }
        numbers[name] = metrics.count
        metrics.append(
            Metric(
                name: name, kind: kind, exposedName: family.exposedName,
                scale: Self.unit(name).milliseconds ?? 1))
        tables.append(MetricTableBox(limit: seriesMax))
        return metrics.count - 1
    }

    private static func family(_ name: String, _ kind: MetricKind) -> MetricFamily {
        let unit = unit(name)
        return MetricFamily(
            name, kind, help: "From lines that are metrics themselves.",
            keptUnit: unit.milliseconds == nil ? unit : .milliseconds,
            category: MetricFamily.businessCategory)
    }

    /// The unit that the name says, wherever in it.
    private static func unit(_ name: String) -> MetricUnit {
        let words = name.split { $0 == "_" || $0 == "." }.dropFirst().map(String.init)
        if let time = words.last(where: { MetricUnit.time($0) != nil }) {
            return MetricUnit.time(time) ?? .none
        }
        return words.last.flatMap { MetricUnit($0) }.map {
            $0.name == "bytes" || $0.name == "percent" ? $0 : .none
        } ?? .none
    }

    // MARK: Reading

    /// Writes all families whose names in Prometheus' formats are not among `skipping`.
    func write(into sink: inout some MetricSink, slot: Int32, skipping: Set<String>) {
        for (index, metric) in metrics.enumerated()
        where !skipping.contains(metric.exposedName) && !skipping.contains(metric.name) {
            guard sink.begin(Self.family(metric.name, metric.kind)) else { continue }
            tables[index].write(metric.kind, into: &sink, slot)
        }
    }

    // MARK: Snapshot

    func snapshot(into out: inout ByteWriter) {
        for reason in Refusal.allCases { out.append(varint: refused[reason] ?? 0) }
        out.append(length: metrics.count)
        for (index, metric) in metrics.enumerated() {
            metric.name.withView { out.append(lengthPrefixed: $0) }
            out.append(UInt8(MetricKind.allCases.firstIndex(of: metric.kind) ?? 0))
            tables[index].table.snapshot(into: &out)
        }
    }

    mutating func restore(
        from reader: inout ByteReader, _ budget: inout SeriesBudget
    ) throws(MalformedBytes) {
        for reason in Refusal.allCases { refused[reason] = try reader.varint("refused lines") }
        let count = try reader.length(atMost: Self.metricsMax, "metrics of lines")
        for _ in 0..<count {
            let name = try reader.lengthPrefixed("name of a metric").text
            let kind = Int(try reader.fixed(UInt8.self, "kind of a metric"))
            guard kind < MetricKind.allCases.count, MetricName.isPlain(name),
                let index = metric(name, MetricKind.allCases[kind])
            else { throw MalformedBytes(offset: reader.offset, what: "a metric of lines") }
            try tables[index].table.restore(from: &reader, &budget)
        }
    }
}

/// A table that an array can hold.
private final class MetricTableBox {
    var table: MetricTable

    init(limit: Int) { table = MetricTable(limit: limit) }

    func add(
        _ value: Double, _ kind: MetricKind, _ key: ByteView, _ slot: Int32,
        _ budget: inout SeriesBudget
    ) {
        let series = table.series(key, &budget)
        series.pointee.isUsed = true
        series.pointee.recent.add(SumSlot(value), slot: slot)
        switch kind {
        case .counter: series.pointee.value += value
        case .histogram: series.pointee.histogram.record(value)
        default: series.pointee.value = value
        }
    }

    func write(_ kind: MetricKind, into sink: inout some MetricSink, _ slot: Int32) {
        for number in 0..<table.count where table.series[number].isUsed {
            let series = table.series + number
            let labels = table.pairs(number)
            let minute = series.pointee.recent.sum(endingAt: slot - 1, slots: 6)
            if kind == .histogram {
                sink.add(
                    series.pointee.histogram, labels, exemplars: [],
                    lastMinute: Double(minute.count))
            } else {
                let lastMinute = kind == .counter ? minute.amount : nil
                sink.add(MetricSample(series.pointee.value, lastMinute: lastMinute), labels)
            }
        }
    }
}
