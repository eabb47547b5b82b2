internal import LogBytes
internal import LogRecords

/// The derived series and the loop over a batch. A struct, so that the loop works on plain memory and not through class
/// properties.
struct StreamMetricsCore: ~Copyable {
    /// The requests of one service and endpoint with statuses of one class.
    struct Cell: ~Copyable {
        /// Requests by level.
        var levels = InlineArray<10, UInt64>(repeating: 0)
        var errors: UInt64 = 0
        var latency = LatencyHistogram()
        /// Requests, and those that failed.
        var recent = RecentSums<CountSlot>()
        var exemplars = ExemplarSlots()

        var requests: UInt64 {
            var sum: UInt64 = 0
            for index in levels.indices { sum &+= levels[index] }
            return sum
        }
    }

    /// Of requests that are not slow, every sixteenth may become an exemplar.
    private static var exemplarMask: UInt64 { 15 }
    /// Milliseconds from which on a request is slow enough to be worth a look.
    private static var slowMin: Double { 250 }
    static let statusClasses = 6

    private let seriesMax: Int
    /// The numbers of fields in the columns.
    private struct Fields: BitwiseCopyable {
        let service: Int
        let endpoint: Int
        let duration: Int
        let trace: Int
        let event: Int
        let message: Int
        let msg: Int

        init(_ columns: UnsafeMutablePointer<FieldColumnsCore>) {
            service = columns.pointee.field("service")
            endpoint = columns.pointee.field("endpoint")
            duration = columns.pointee.field("duration_ms")
            trace = columns.pointee.field("trace_id")
            event = columns.pointee.field("event")
            message = columns.pointee.field("message")
            msg = columns.pointee.field("msg")
        }
    }

    private let shared: FieldColumns
    private let columns: UnsafeMutablePointer<FieldColumnsCore>
    private let fields: Fields
    private var cache = EndpointCache()
    private var series = PairCache()
    /// Service, a zero byte, templated endpoint. Number 0 is the series `other`.
    private var keys = ByteKeyTable()
    /// For each key and class of status the number of its cell, −1 for none.
    private var places = Vector<Int32>(capacity: 64 * StreamMetricsCore.statusClasses)
    private var cells: UnsafeMutablePointer<Cell>
    private var capacity = 64
    private(set) var cellCount = 0
    /// The cells of the series `other`, which come on top of the limit.
    private var overflowCells = 0
    private(set) var lines = LineCounts()
    private(set) var levels = Vector<UInt64>(capacity: 16)
    private(set) var statusClasses = Vector<UInt64>(capacity: 6)
    private(set) var overflowed: UInt64 = 0
    private(set) var clock = SlotClock()
    private var requests: UInt64 = 0
    private var serviceScratch = ByteWriter(capacity: 64)
    private var endpointScratch = ByteWriter(capacity: 256)
    private var keyScratch = ByteWriter(capacity: 256)
    var configured: ConfiguredMetrics
    var ownLines: MetricLines
    var budget: SeriesBudget

    init(
        seriesMax: Int, definitions: [MetricDefinition], metricSeriesMax: Int,
        columns: FieldColumns
    ) {
        self.seriesMax = seriesMax
        shared = columns
        self.columns = columns.core
        fields = Fields(columns.core)
        configured = ConfiguredMetrics(
            definitions, columns: columns, seriesMax: metricSeriesMax)
        ownLines = MetricLines(seriesMax: metricSeriesMax)
        budget = SeriesBudget(left: seriesMax)
        cells = Self.allocate(capacity)
        for _ in LogLevel.allCases { levels.append(0) }
        for _ in 0..<Self.statusClasses { statusClasses.append(0) }
        var name = ByteWriter(capacity: 16)
        name.append(StreamMetrics.overflowLabel)
        name.append(0)
        name.append(StreamMetrics.overflowLabel)
        // A service of this very name would share the series, which says no more than it should.
        addKey(name.view, hash: name.view.memoryHash)
    }

    deinit {
        cells.deinitialize(count: cellCount)
        cells.deallocate()
    }

    /// Room for cells, each in two lines of the processor's cache that lie in one pair.
    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Cell> {
        UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Cell>.stride, alignment: 128
        ).bindMemory(to: Cell.self, capacity: count)
    }

    // MARK: Records

    mutating func observe(_ batch: RecordBatch) {
        columns.pointee.prepare(batch)
        configured.prepare(batch)
        ownLines.prepare(batch)
        let reader = BatchReader(batch)
        withExtendedLifetime(batch) {
            var block = 0
            while block * FieldColumnsCore.blockRows < reader.count {
                observe(block, reader)
                block += 1
            }
        }
    }

    private mutating func observe(_ block: Int, _ reader: BatchReader) {
        let first = block * FieldColumnsCore.blockRows
        let (count, all) = columns.pointee.rows(block)
        columns.pointee.prefetch(behind: block, reader)
        let services = columns.pointee.places(fields.service, block, all, reader)
        let requests = columns.pointee.requests(block, reader)
        let endpoints = columns.pointee.places(fields.endpoint, block, requests.all, reader)
        let durations = columns.pointee.numbers(fields.duration, block, requests.all, reader)
        let hasDefinitions = !configured.definitions.isEmpty
        for row in 0..<count {
            let index = first + row
            let slot = clock.slot(reader[index].time)
            let level = Int(reader[index].level.rawValue)
            levels[level] += 1
            let service = countLine(index, services[row], level, reader)
            if requests.all >> UInt64(row) & 1 != 0 {
                countRequest(
                    index, service, endpoints[row],
                    status: Int(requests.statuses[row]),
                    hasFailed: requests.failed >> UInt64(row) & 1 != 0, durations[row], slot,
                    reader)
            }
            if hasDefinitions { configured.observe(index, reader, slot: slot, &budget) }
            if reader[index].shape < RecordBatch.looseShape {
                ownLines.observe(index, reader, slot: slot, &budget)
            } else if mayBeMetric(index, reader) {
                ownLines.observeLoose(index, reader, slot, &budget)
            }
        }
    }

    /// Whether a line of no known shape may say that it is a metric: to be sure, all of its fields have to be found out.
    private func mayBeMetric(_ index: Int, _ reader: BatchReader) -> Bool {
        func mayBegin(_ field: Int) -> Bool {
            let slot = columns.pointee.slot(field, index, reader)
            return slot >= 0 && MetricLines.mayBegin(reader.raw(index, slot))
        }
        return mayBegin(fields.event) || mayBegin(fields.message) || mayBegin(fields.msg)
    }

    /// Counts the line of a record; the number of its service and class (`LineCounts`).
    @inline(__always)
    private mutating func countLine(
        _ index: Int, _ place: TextPlace, _ level: Int, _ reader: BatchReader
    ) -> Int {
        let classIndex = reader[index].classIndex
        let known = lines.count(place, classIndex: classIndex, level: level)
        if known > 0 { return known }
        return lines.count(
            service(index, reader), place, classIndex: classIndex, level: level)
    }

    private mutating func service(_ index: Int, _ reader: BatchReader) -> ByteView {
        reader.text(
            index, columns.pointee.slot(fields.service, index, reader), scratch: &serviceScratch)
    }

    @inline(__always)
    private mutating func countRequest(
        _ index: Int, _ service: Int, _ endpoint: TextPlace,
        status: Int, hasFailed: Bool, _ duration: Double, _ slot: Int32, _ reader: BatchReader
    ) {
        let statusClass = status / 100
        statusClasses[statusClass] += 1
        var number = series.find(service, endpoint)
        if number < 0 { number = findSeries(index, service, endpoint, reader) }
        var place = Int(places[number * Self.statusClasses + statusClass])
        if place < 0 { place = makeCell(&number, statusClass) }
        if number == 0 { overflowed += 1 }
        let cell = cells + place
        cell.pointee.levels[Int(reader[index].level.rawValue)] += 1
        if hasFailed { cell.pointee.errors += 1 }
        cell.pointee.recent.add(CountSlot(isPart: hasFailed), slot: slot)
        requests &+= 1
        guard duration >= 0 else { return }
        cell.pointee.latency.record(duration)
        if duration >= Self.slowMin || requests & Self.exemplarMask == 0 {
            takeExemplar(
                cell, duration, index, reader,
                columns.pointee.slot(fields.trace, index, reader), slot)
        }
    }

    /// Finds the series of an endpoint of which the place says nothing.
    @inline(never)
    private mutating func findSeries(
        _ index: Int, _ serviceNumber: Int, _ place: TextPlace, _ reader: BatchReader
    ) -> Int {
        let endpoint = reader.text(
            index, columns.pointee.slot(fields.endpoint, index, reader),
            scratch: &endpointScratch)
        let hash = EndpointCache.hash(serviceNumber, endpoint)
        var number = cache.find(serviceNumber, endpoint, hash: hash)
        if number < 0 {
            number = resolve(service(index, reader), serviceNumber, endpoint, hash)
        }
        // Services beyond the limit share a number, by which they cannot be told apart.
        if serviceNumber > 0 { series.insert(serviceNumber, place, series: number) }
        return number
    }

    private mutating func takeExemplar(
        _ cell: UnsafeMutablePointer<Cell>, _ duration: Double, _ index: Int,
        _ reader: BatchReader, _ trace: Int32, _ slot: Int32
    ) {
        guard trace >= 0 else { return }
        if !cell.pointee.exemplars.isAllocated {
            guard budget.exemplarsLeft > 0 else { return }
            budget.exemplarsLeft -= 1
        }
        let bounds = StreamMetrics.latencyBoundsSeconds
        var bucket = 0
        while bucket < bounds.count, duration > bounds[bucket] * 1_000 { bucket += 1 }
        cell.pointee.exemplars.take(
            duration, bucket, of: bounds.count + 1, time: reader[index].time, slot: slot,
            trace: reader.text(index, trace, scratch: &keyScratch))
    }

    /// Finds or makes the series of an endpoint that is not in the cache.
    private mutating func resolve(
        _ service: ByteView, _ serviceNumber: Int, _ endpoint: ByteView, _ cacheHash: UInt64
    ) -> Int {
        keyScratch.removeAll()
        keyScratch.append(service.prefix(EndpointTemplate.cutLength(service)))
        keyScratch.append(0)
        EndpointTemplate.append(endpoint, into: &keyScratch)
        let hash = keyScratch.view.memoryHash
        var number = keys.find(keyScratch.view, hash: hash)
        if number < 0 { number = isFull ? 0 : addKey(keyScratch.view, hash: hash) }
        // Services beyond the limit share a number, by which they cannot be told apart.
        if serviceNumber > 0 {
            cache.insert(serviceNumber, endpoint, hash: cacheHash, series: number)
        }
        return number
    }

    /// True when there are as many series as there may be.
    private var isFull: Bool { cellCount - overflowCells >= seriesMax || budget.left <= 0 }

    /// Makes the cell of a class of status; where there are too many, `number` becomes that of the series `other`.
    private mutating func makeCell(_ number: inout Int, _ statusClass: Int) -> Int {
        if number != 0, isFull {
            number = 0
            let place = Int(places[statusClass])
            if place >= 0 { return place }
        }
        if number == 0 { overflowCells += 1 } else { budget.left -= 1 }
        if cellCount == capacity {
            let fresh = Self.allocate(capacity * 2)
            fresh.moveInitialize(from: cells, count: cellCount)
            cells.deallocate()
            cells = fresh
            capacity *= 2
        }
        (cells + cellCount).initialize(to: Cell())
        cellCount += 1
        places[number * Self.statusClasses + statusClass] = Int32(cellCount - 1)
        return cellCount - 1
    }

    @discardableResult
    private mutating func addKey(_ key: ByteView, hash: UInt64) -> Int {
        for _ in 0..<Self.statusClasses { places.append(-1) }
        return keys.insert(key, hash: hash)
    }

    // MARK: Reading

    /// The series but `other`.
    var seriesCount: Int { cellCount - overflowCells }

    mutating func setClassNames(_ names: [String]) { lines.setClassNames(names) }

    /// Calls `body` with each service and endpoint that has counted something, in the order in which they first came, and
    /// with its cells by the class of their status.
    func forEachEndpoint(_ body: (String, String, [(statusClass: Int, place: Int)]) -> Void) {
        for number in 0..<keys.count {
            let first = number * Self.statusClasses
            let found = (0..<Self.statusClasses).compactMap { statusClass in
                let place = Int(places[first + statusClass])
                return place < 0 ? nil : (statusClass, place)
            }
            guard !found.isEmpty else { continue }
            let key = keys.key(number)
            let cut = key.firstIndex(of: 0) ?? 0
            body(key.prefix(cut).text, key.dropFirst(cut + 1).text, found)
        }
    }

    /// Gives `body` the cell at `place`.
    func withCell<Result>(_ place: Int, _ body: (borrowing Cell) -> Result) -> Result {
        body(cells[place])
    }

    // MARK: Snapshot

    func snapshot(into out: inout ByteWriter, pause: (inout ByteWriter) -> Void) {
        clock.snapshot(into: &out)
        out.append(varint: overflowed)
        for index in 0..<levels.count { out.append(varint: levels[index]) }
        for index in 0..<Self.statusClasses { out.append(varint: statusClasses[index]) }
        lines.snapshot(into: &out)
        out.append(length: keys.count)
        for number in 0..<keys.count {
            pause(&out)
            out.append(lengthPrefixed: keys.key(number))
            for statusClass in 0..<Self.statusClasses {
                let place = Int(places[number * Self.statusClasses + statusClass])
                out.append(place < 0 ? 0 : 1)
                guard place >= 0 else { continue }
                let cell = cells + place
                for level in 0..<10 { out.append(varint: cell.pointee.levels[level]) }
                out.append(varint: cell.pointee.errors)
                cell.pointee.latency.snapshot(into: &out)
                cell.pointee.recent.snapshot(into: &out)
            }
        }
    }

    /// Reads what `snapshot` wrote into a core that has seen nothing.
    mutating func restore(from reader: inout ByteReader) throws(MalformedBytes) {
        try clock.restore(from: &reader)
        overflowed = try reader.varint("overflowed")
        for index in 0..<levels.count { levels[index] = try reader.varint("records of a level") }
        for index in 0..<Self.statusClasses {
            statusClasses[index] = try reader.varint("requests of a class")
            requests &+= statusClasses[index]
        }
        try lines.restore(from: &reader)
        let count = try reader.length(atMost: reader.remaining, "endpoints")
        for position in 0..<count {
            let key = try reader.lengthPrefixed("endpoint")
            guard key.firstIndex(of: 0) != nil else {
                throw MalformedBytes(offset: reader.offset, what: "endpoint")
            }
            let hash = key.memoryHash
            var number = keys.find(key, hash: hash)
            if number < 0 { number = isFull ? 0 : addKey(key, hash: hash) }
            guard position > 0 || number == 0 else {
                throw MalformedBytes(offset: reader.offset, what: "endpoint")
            }
            for statusClass in 0..<Self.statusClasses {
                guard try reader.fixed(UInt8.self, "cell") != 0 else { continue }
                var target = number
                var place = Int(places[number * Self.statusClasses + statusClass])
                if place < 0 { place = makeCell(&target, statusClass) }
                try restoreCell(place, from: &reader)
            }
        }
    }

    /// Appends the state of the configured metrics and of those that lines bring.
    func snapshotDefined(into out: inout ByteWriter) {
        configured.snapshot(into: &out)
        ownLines.snapshot(into: &out)
    }

    /// Reads what `snapshotDefined` wrote.
    mutating func restoreDefined(from reader: inout ByteReader) throws(MalformedBytes) {
        try configured.restore(from: &reader, &budget)
        try ownLines.restore(from: &reader, &budget)
    }

    private mutating func restoreCell(
        _ place: Int, from reader: inout ByteReader
    ) throws(MalformedBytes) {
        let cell = cells + place
        for level in 0..<10 {
            cell.pointee.levels[level] &+= try reader.varint("requests of a level")
        }
        cell.pointee.errors &+= try reader.varint("errors")
        var latency = LatencyHistogram()
        try latency.restore(from: &reader)
        // A smaller limit than before brings several series together in `other`.
        if cell.pointee.latency.isEmpty {
            cell.pointee.latency = latency
        } else {
            cell.pointee.latency.merge(latency)
        }
        var recent = RecentSums<CountSlot>()
        try recent.restore(from: &reader)
        if cell.pointee.recent.isEmpty { cell.pointee.recent = recent }
    }
}
