public import LogQuery

/// Several data directories, asked as one: their blocks come in one order of time. Used by one thread.
public struct SegmentStores: LogStore {
    private let stores: [SegmentStore]

    /// The lines of all `stores`. Lines that are in several of them are given as often.
    public init(_ stores: [SegmentStore]) { self.stores = stores }

    /// The parts that `LogStore` asks for.
    public func parts(_ request: ScanRequest) throws -> ScanParts {
        if stores.count == 1 { return try stores[0].parts(request) }
        var all = ScanParts(parts: [])
        for store in stores {
            let found = try store.parts(request)
            all.parts += found.parts
            all.faults += found.faults
        }
        all.sort(request.order)
        return all
    }
}

/// Counts partitions and blocks on behalf of a recorder, if there is one.
struct PartitionTally {
    private let recorder: ScanRecorder?
    private var opened: Set<PartitionKey> = []
    private var skipped: [PartitionKey: WritableKeyPath<ScanStatistics.Tally, Int>] = [:]

    init(_ recorder: ScanRecorder?) { self.recorder = recorder }

    mutating func skip(
        _ file: SegmentFile, _ reason: WritableKeyPath<ScanStatistics.Tally, Int>
    ) {
        if recorder != nil { skipped[file.key] = reason }
    }

    mutating func open(_ file: SegmentFile, _ reader: SegmentReader) {
        guard let recorder else { return }
        opened.insert(file.key)
        recorder.statistics.footerBytes += reader.storedBytes - reader.footerOffset
    }

    func add(_ part: SegmentPart, isWanted: Bool) {
        guard let recorder, !isWanted else { return }
        recorder.statistics.blocks.skippedByTime += 1
        recorder.statistics.bytes.skippedByTime += part.storedBytes
    }

    func finish() {
        guard let recorder else { return }
        recorder.statistics.partitions.read += opened.count
        for reason in skipped.values { recorder.statistics.partitions[keyPath: reason] += 1 }
    }
}
