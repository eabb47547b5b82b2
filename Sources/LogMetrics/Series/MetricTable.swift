internal import LogBytes

/// One series of a metric.
struct MetricSeries: ~Copyable {
    /// The counter's sum, the gauge's value.
    var value: Double = 0
    var histogram = LatencyHistogram()
    /// Of a counter, what was added; of a ratio, how many of how many.
    var recent = RecentSums<SumSlot>()
    var exemplars = ExemplarSlots()
    var isUsed = false
}

/// How many series there may be in all, shared by all metrics.
struct SeriesBudget {
    /// The series that may still be made.
    var left: Int
    /// The series that may still get exemplars: 1,000 with 17 buckets are 1.1 MB.
    var exemplarsLeft = 1_000
}

/// The series of one metric by their label values. Number 0 is the series `other`, which takes what is beyond the limits.
struct MetricTable: ~Copyable {
    /// Series of one metric. Label values come from log lines, which strangers write.
    static let seriesMax = 2_000
    /// Bytes of all label values of a series.
    static let keyBytesMax = 1_024

    /// The label values of the series from number 1 on.
    private var keys = ByteKeyTable()
    private(set) var series: UnsafeMutablePointer<MetricSeries>
    private var capacity = 4
    private let limit: Int
    /// The records that were counted in `other`.
    private(set) var overflowed: UInt64 = 0

    init(limit: Int = MetricTable.seriesMax) {
        self.limit = limit
        series = .allocate(capacity: capacity)
        series.initialize(to: MetricSeries())
    }

    deinit {
        series.deinitialize(count: count)
        series.deallocate()
    }

    /// The series, `other` included.
    var count: Int { keys.count + 1 }

    /// The number of the series of `key`, 0 when it cannot be made.
    @inline(__always)
    mutating func find(_ key: ByteView, hash: UInt64, _ budget: inout SeriesBudget) -> Int {
        let found = keys.find(key, hash: hash) + 1
        return found > 0 ? found : make(key, hash, &budget)
    }

    private mutating func make(
        _ key: ByteView, _ hash: UInt64, _ budget: inout SeriesBudget
    ) -> Int {
        guard keys.count < limit, budget.left > 0, key.count <= Self.keyBytesMax else {
            overflowed &+= 1
            return 0
        }
        budget.left -= 1
        return insert(key, hash)
    }

    private mutating func insert(_ key: ByteView, _ hash: UInt64) -> Int {
        if count == capacity {
            let fresh = UnsafeMutablePointer<MetricSeries>.allocate(capacity: capacity * 2)
            fresh.moveInitialize(from: series, count: capacity)
            series.deallocate()
            series = fresh
            capacity *= 2
        }
        (series + count).initialize(to: MetricSeries())
        return keys.insert(key, hash: hash) + 1
    }

    /// The label values of series `number`, in the order of the definition.
    func values(_ number: Int, count: Int) -> [String] {
        if number == 0 { return [String](repeating: StreamMetrics.overflowLabel, count: count) }
        let key = keys.key(number - 1)
        if count == 1 { return [key.text] }
        var reader = ByteReader(key)
        return (0..<count).map { _ in (try? reader.lengthPrefixed("label"))?.text ?? "" }
    }

    /// The series of `key`.
    mutating func series(
        _ key: ByteView, _ budget: inout SeriesBudget
    ) -> UnsafeMutablePointer<MetricSeries> {
        series + find(key, hash: key.memoryHash, &budget)
    }

    /// The labels of series `number`, where the key holds names too.
    func pairs(_ number: Int) -> [MetricLabel] {
        if number == 0 { return [("series", StreamMetrics.overflowLabel)] }
        var reader = ByteReader(keys.key(number - 1))
        var result: [MetricLabel] = []
        while reader.remaining > 0, let name = try? reader.lengthPrefixed("label").text,
            let value = try? reader.lengthPrefixed("value").text
        {
            result.append((name, value))
        }
        return result
    }

    // MARK: Snapshot

    func snapshot(into out: inout ByteWriter) {
        out.append(varint: overflowed)
        out.append(length: count)
        for number in 0..<count {
            out.append(lengthPrefixed: number == 0 ? .empty : keys.key(number - 1))
            out.append(series[number].isUsed ? 1 : 0)
            out.append(fixed: series[number].value.bitPattern)
            series[number].histogram.snapshot(into: &out)
            series[number].recent.snapshot(into: &out)
        }
    }

    /// Reads what `snapshot` wrote into a table that is empty.
    mutating func restore(
        from reader: inout ByteReader, _ budget: inout SeriesBudget
    ) throws(MalformedBytes) {
        overflowed = try reader.varint("overflowed")
        let total = try reader.length(atMost: reader.remaining, "series")
        for position in 0..<total {
            let key = try reader.lengthPrefixed("label values")
            // What a smaller limit leaves no room for is added to `other`, so that no counter goes back.
            let number = position == 0 ? 0 : find(key, hash: key.memoryHash, &budget)
            if try reader.fixed(UInt8.self, "series in use") != 0 { series[number].isUsed = true }
            series[number].value += Double(
                bitPattern: try reader.fixed(UInt64.self, "value of a series"))
            var histogram = LatencyHistogram()
            try histogram.restore(from: &reader)
            series[number].histogram.merge(histogram)
            var recent = RecentSums<SumSlot>()
            try recent.restore(from: &reader)
            if series[number].recent.isEmpty { series[number].recent = recent }
        }
    }
}
