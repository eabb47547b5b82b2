internal import LogBytes
internal import LogQuery
internal import LogRecords

/// The metrics that the configuration defines, at work: a loop over the definitions for each record.
struct ConfiguredMetrics: ~Copyable {
    /// What the loop needs of a definition.
    private struct Plan: BitwiseCopyable {
        let kind: Kind
        /// Numbers in `inputs`; −1 for none.
        let filter: Int32
        let whole: Int32
        let number: Int32
        let key: Int32
        let scale: Double
    }

    private enum Kind: UInt8 {
        case count, sum, gauge, histogram, ratio
    }

    let definitions: [MetricDefinition]
    /// The fields of each definition's series: those of its labels, then those in its name.
    private let fields: [[String]]
    private let parts: [[MetricName.Part]]
    private var plans = Vector<Plan>(capacity: 8)
    private let tables: UnsafeMutablePointer<MetricTable>
    private var inputs: RecordInputs
    /// The records of the batch that `inputs` has loaded.
    private var loaded = 0..<0

    init(
        _ definitions: [MetricDefinition], columns: FieldColumns,
        seriesMax: Int = MetricTable.seriesMax
    ) {
        self.definitions = definitions
        inputs = RecordInputs(columns: columns)
        // A name that is none is not written; the reader of the configuration refuses it.
        parts = definitions.map { (try? MetricName.parts($0.name)) ?? [] }
        var fields: [[String]] = []
        tables = .allocate(capacity: max(definitions.count, 1))
        for (index, definition) in definitions.enumerated() {
            let own = Self.fields(definition, parts[index])
            fields.append(own)
            (tables + index).initialize(to: MetricTable(limit: seriesMax))
        }
        self.fields = fields
        for (index, definition) in definitions.enumerated() {
            plans.append(
                Plan(
                    kind: Self.kind(definition),
                    filter: definition.filter.map { inputs.add(filter: $0) } ?? -1,
                    whole: definition.whole.map { inputs.add(filter: $0) } ?? -1,
                    number: definition.field.map { inputs.add(number: $0) } ?? -1,
                    key: inputs.add(groupBy: fields[index]), scale: definition.fieldScale))
        }
        inputs.freeze()
    }

    deinit {
        tables.deinitialize(count: definitions.count)
        tables.deallocate()
    }

    private static func fields(
        _ definition: MetricDefinition, _ parts: [MetricName.Part]
    ) -> [String] {
        var result: [String] = []
        for label in definition.labels {
            if case .field(let name) = label.source { result.append(name) }
        }
        for case .field(let name) in parts { result.append(name) }
        return result
    }

    private static func kind(_ definition: MetricDefinition) -> Kind {
        switch definition.kind {
        case .counter: definition.field == nil ? .count : .sum
        case .gauge: .gauge
        case .histogram: .histogram
        case .ratio: .ratio
        case .rate: .count
        }
    }

    /// Records that were counted in a series `other`.
    var overflowed: UInt64 { (0..<definitions.count).reduce(0) { $0 &+ tables[$1].overflowed } }

    // MARK: Records

    mutating func prepare(_ batch: RecordBatch) {
        inputs.prepare(batch)
        loaded = 0..<0
    }

    /// Counts record `number` of the batch; they come in their order.
    @inline(__always)
    mutating func observe(
        _ number: Int, _ reader: BatchReader, slot: Int32, _ budget: inout SeriesBudget
    ) {
        if number >= loaded.upperBound {
            loaded = number..<number + inputs.load(from: number, reader)
        }
        let row = number - loaded.lowerBound
        for index in 0..<plans.count {
            let plan = plans[index]
            var isPart = plan.filter < 0 || inputs.matches(plan.filter, row, reader)
            if plan.kind == .ratio {
                guard plan.whole < 0 || inputs.matches(plan.whole, row, reader) else { continue }
            } else {
                guard isPart else { continue }
                isPart = true
            }
            var number = 1.0
            if plan.number >= 0 {
                number = inputs.number(plan.number, row, reader) * plan.scale
                guard number.isFinite else { continue }
            }
            let group = inputs.groups(plan.key, of: 1 << UInt64(row), reader)[row]
            let key = inputs.numbering(plan.key).pointee.key(Int(group))
            let place = tables[index].find(key.view, hash: key.hash, &budget)
            let series = tables[index].series + place
            series.pointee.isUsed = true
            switch plan.kind {
            case .count, .sum:
                // A counter never goes back.
                guard number >= 0 else { continue }
                series.pointee.value += number
                series.pointee.recent.add(SumSlot(number), slot: slot)
            case .gauge:
                series.pointee.value = number
                series.pointee.recent.add(SumSlot(number), slot: slot)
            case .histogram:
                series.pointee.histogram.record(number)
                series.pointee.recent.add(SumSlot(number), slot: slot)
            case .ratio:
                series.pointee.recent.add(SumSlot(isPart ? 1 : 0), slot: slot)
            }
        }
    }

    // MARK: Reading

    /// The series `number` of definition `index`: its name, where it has fields, and its labels.
    private func names(_ index: Int, _ number: Int) -> (name: String, labels: [MetricLabel]) {
        let values = tables[index].values(number, count: fields[index].count)
        var next = 0
        let labels = definitions[index].labels.map { label -> MetricLabel in
            switch label.source {
            case .constant(let value): return (label.name, value)
            case .field:
                defer { next += 1 }
                return (label.name, values[next])
            }
        }
        let name = parts[index].map { part -> String in
            switch part {
            case .text(let text): return text
            case .field:
                defer { next += 1 }
                return MetricName.word(values[next])
            }
        }.joined()
        return (name, labels)
    }

    /// The series of each family that the definitions make, by its name.
    private func families(_ index: Int) -> [(name: String, numbers: [Int])] {
        let used = (0..<tables[index].count).filter { tables[index].series[$0].isUsed }
        guard parts[index].contains(where: { if case .field = $0 { true } else { false } }) else {
            return [(definitions[index].name, used)]
        }
        var places: [String: Int] = [:]
        var result: [(name: String, numbers: [Int])] = []
        for number in used {
            let name = names(index, number).name
            if let place = places[name] {
                result[place].numbers.append(number)
            } else {
                places[name] = result.count
                result.append((name, [number]))
            }
        }
        return result
    }

    /// Writes all families.
    ///
    /// - Parameter slot: the fine slot of the time of writing.
    func write(into sink: inout some MetricSink, slot: Int32, skipping: Set<String>) {
        for (index, definition) in definitions.enumerated() {
            for (name, numbers) in families(index) where !skipping.contains(name) {
                guard sink.begin(definition.family(named: name)) else { continue }
                var written: Set<String> = []
                for number in numbers {
                    let labels = names(index, number).labels
                    // Values that differ in memory may make the same name or label.
                    let identity = labels.map { "\($0.name)=\($0.value)" }.joined(
                        separator: "\u{1}")
                    guard written.insert(identity).inserted else { continue }
                    write(index, number, labels, into: &sink, slot: slot)
                }
            }
        }
    }

    private func write(
        _ index: Int, _ number: Int, _ labels: [MetricLabel], into sink: inout some MetricSink,
        slot: Int32
    ) {
        let definition = definitions[index]
        let series = tables[index].series + number
        let minute = series.pointee.recent.sum(endingAt: slot - 1, slots: 6)
        switch definition.kind {
        case .counter:
            sink.add(MetricSample(series.pointee.value, lastMinute: minute.amount), labels)
        case .gauge: sink.add(MetricSample(series.pointee.value), labels)
        case .histogram:
            sink.add(
                series.pointee.histogram, labels, exemplars: [],
                lastMinute: Double(minute.count))
        case .ratio, .rate:
            let slots = Int32(definition.window.seconds / SlotClock.slotSeconds)
            let sum = series.pointee.recent.sum(endingAt: slot, slots: slots)
            if definition.kind == .rate {
                let minutes = Double(definition.window.seconds) / 60
                sink.add(MetricSample(sum.amount / minutes), labels)
            } else if sum.count > 0 {
                let scale = definition.unit == .percent ? 100.0 : 1
                sink.add(MetricSample(sum.amount / Double(sum.count) * scale), labels)
            }
        }
    }

    /// How many and how much, in the window that ends with fine slot `slot`, of all series of definition `name` whose labels
    /// `isWanted` takes; nil when there is no such definition.
    func recent(
        _ name: String, endingAt slot: Int32, slots: Int32,
        where isWanted: ([MetricLabel]) -> Bool
    ) -> RecentSum? {
        guard let index = definitions.firstIndex(where: { $0.name == name }) else { return nil }
        var result = RecentSum()
        for number in 0..<tables[index].count where isWanted(names(index, number).labels) {
            let sum = tables[index].series[number].recent.sum(endingAt: slot, slots: slots)
            result.count += sum.count
            result.amount += sum.amount
        }
        return result
    }

    // MARK: Snapshot

    /// What a definition's series depend on: when it changes, they begin anew.
    private func identity(_ index: Int) -> String {
        let definition = definitions[index]
        return
            ([definition.name, definition.kind.rawValue, definition.field ?? ""] + fields[index])
            .joined(separator: "\u{1}")
    }

    func snapshot(into out: inout ByteWriter) {
        out.append(length: definitions.count)
        for index in definitions.indices {
            identity(index).withView { out.append(lengthPrefixed: $0) }
            var table = ByteWriter(capacity: 1_024)
            tables[index].snapshot(into: &table)
            out.append(lengthPrefixed: table.view)
        }
    }

    mutating func restore(
        from reader: inout ByteReader, _ budget: inout SeriesBudget
    ) throws(MalformedBytes) {
        let identities = definitions.indices.map { identity($0) }
        let count = try reader.length(atMost: reader.remaining, "definitions")
        for _ in 0..<count {
            let identity = try reader.lengthPrefixed("definition").text
            var table = ByteReader(try reader.lengthPrefixed("series of a definition"))
            guard let index = identities.firstIndex(of: identity) else { continue }
            try tables[index].restore(from: &table, &budget)
        }
    }
}
