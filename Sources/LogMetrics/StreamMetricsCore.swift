internal import LogBytes
internal import LogRecords

/// The series and the loop over a batch. A struct, so that the loop works on plain memory and not through class properties.
struct StreamMetricsCore: ~Copyable {
    /// The numbers of one service and endpoint.
    struct Series: ~Copyable {
        var requests: UInt64 = 0
        var errors: UInt64 = 0
        var latency = LatencyHistogram()
    }

    private enum Name: Int, CaseIterable {
        case service, endpoint, status, duration
    }

    private let seriesMax: Int
    private var slots = FieldSlots(names: ["service", "endpoint", "status_code", "duration_ms"])
    private var cache = EndpointCache()
    /// Service, a zero byte, templated endpoint. Number 0 is the series `other`.
    private var keys = ByteKeyTable()
    private var series: UnsafeMutablePointer<Series>
    private var capacity = 64
    private(set) var count = 0
    private(set) var levels = Vector<UInt64>(capacity: 16)
    private(set) var statusClasses = Vector<UInt64>(capacity: 6)
    private(set) var overflowed: UInt64 = 0
    private var serviceScratch = ByteWriter(capacity: 64)
    private var endpointScratch = ByteWriter(capacity: 256)
    private var keyScratch = ByteWriter(capacity: 256)

    init(seriesMax: Int) {
        self.seriesMax = seriesMax
        series = .allocate(capacity: capacity)
        for _ in LogLevel.allCases { levels.append(0) }
        for _ in 0...5 { statusClasses.append(0) }
        var name = ByteWriter(capacity: 16)
        name.append(StreamMetrics.overflowLabel)
        name.append(0)
        name.append(StreamMetrics.overflowLabel)
        // A service of this very name would share the series, which says no more than it should.
        addSeries(name.view, hash: name.view.memoryHash)
    }

    deinit {
        series.deinitialize(count: count)
        series.deallocate()
    }

    mutating func observe(_ batch: RecordBatch) {
        slots.prepare(batch)
        let reader = BatchReader(batch)
        withExtendedLifetime(batch) {
            for index in 0..<reader.count { observe(reader[index], reader) }
        }
    }

    @inline(__always)
    private mutating func observe(_ record: Record, _ reader: BatchReader) {
        levels[Int(record.level.rawValue)] += 1
        let row = slots.row(record.shape)
        let endpointSlot = row[Name.endpoint.rawValue]
        let status = reader.status(record, row[Name.status.rawValue])
        let hasEndpoint = reader.isPresent(record, endpointSlot)
        guard RequestRule.isRequest(status: status, hasEndpoint: hasEndpoint) else { return }
        statusClasses[status / 100] += 1
        let service = reader.text(
            record, row[Name.service.rawValue], scratch: &serviceScratch)
        let endpoint = reader.text(record, endpointSlot, scratch: &endpointScratch)
        let hash = EndpointCache.hash(service, endpoint)
        var number = cache.find(service, endpoint, hash: hash)
        if number < 0 { number = resolve(service, endpoint, hash) }
        let duration = reader.number(record, row[Name.duration.rawValue], scratch: &keyScratch)
        series[number].requests += 1
        if RequestRule.isError(status: status, level: record.level) { series[number].errors += 1 }
        if duration >= 0 { series[number].latency.record(duration) }
        if number == 0 { overflowed += 1 }
    }

    /// Finds or makes the series of an endpoint that is not in the cache.
    private mutating func resolve(
        _ service: ByteView, _ endpoint: ByteView, _ cacheHash: UInt64
    ) -> Int {
        keyScratch.removeAll()
        keyScratch.append(service.prefix(EndpointTemplate.cutLength(service)))
        keyScratch.append(0)
        EndpointTemplate.append(endpoint, into: &keyScratch)
        let hash = keyScratch.view.memoryHash
        var number = keys.find(keyScratch.view, hash: hash)
        if number < 0 {
            // The series `other` comes on top of the limit.
            number = count <= seriesMax ? addSeries(keyScratch.view, hash: hash) : 0
        }
        cache.insert(service, endpoint, hash: cacheHash, series: number)
        return number
    }

    @discardableResult
    private mutating func addSeries(_ key: ByteView, hash: UInt64) -> Int {
        if count == capacity {
            let fresh = UnsafeMutablePointer<Series>.allocate(capacity: capacity * 2)
            fresh.moveInitialize(from: series, count: count)
            series.deallocate()
            series = fresh
            capacity *= 2
        }
        (series + count).initialize(to: Series())
        count += 1
        return keys.insert(key, hash: hash)
    }

    /// Calls `body` with every series that has counted something, in the order in which they first came.
    func forEachSeries(_ body: (String, String, borrowing Series) -> Void) {
        for number in 0..<count where series[number].requests > 0 {
            let key = keys.key(number)
            let cut = key.firstIndex(of: 0) ?? 0
            body(key.prefix(cut).text, key.dropFirst(cut + 1).text, series[number])
        }
    }
}
