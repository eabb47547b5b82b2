public import LogQuery
internal import LogRecords

/// Several data directories, asked as one: their blocks come in one order of time. Used by one thread.
public struct SegmentStores: LogStore {
    private let stores: [SegmentStore]

    /// The lines of all `stores`. Lines that are in several of them are given as often.
    public init(_ stores: [SegmentStore]) { self.stores = stores }

    /// Gives blocks as `LogStore` says.
    public func scan(
        _ request: ScanRequest, _ body: (any ColumnBlock) throws -> ScanControl
    ) throws -> [ScanFault] {
        let hidden = SegmentStore.hiddenClasses(request)
        var faults: [ScanFault] = []
        var parts:
            [(store: SegmentStore, bounds: SegmentStore.TimeBounds, part: SegmentStore.Part)] =
                []
        for store in stores {
            parts += try store.parts(request, &faults).map { (store, $0.bounds, $0.part) }
        }
        switch request.order {
        case .oldestFirst: parts.sort { $0.bounds.first < $1.bounds.first }
        case .newestFirst: parts.sort { $0.bounds.last > $1.bounds.last }
        }
        let recorder = request.recorder
        recorder?.statistics.begin(parts.map(\.part))
        // Only frames need one, and it is large.
        lazy var table = ShapeTable()
        for (store, _, part) in parts {
            do {
                recorder?.statistics.read(part)
                for block in try store.blocks(of: part, table: { table })
                where !hidden.contains(block.className) {
                    if try body(block) == .stop { return faults }
                }
            } catch let fault as ScanFault {
                faults.append(fault)
            }
        }
        return faults
    }
}

extension ScanStatistics {
    /// Counts all that may be read as left out, until it is read.
    mutating func begin(_ parts: [SegmentStore.Part]) {
        for part in parts {
            switch part {
            case .block: blocks.skippedByLimit += 1
            case .frame: frames.skippedByLimit += 1
            }
            bytes.skippedByLimit += part.storedBytes
        }
    }

    /// Counts `part` as read.
    mutating func read(_ part: SegmentStore.Part) {
        switch part {
        case .block:
            blocks.skippedByLimit -= 1
            blocks.read += 1
        case .frame:
            frames.skippedByLimit -= 1
            frames.read += 1
        }
        bytes.skippedByLimit -= part.storedBytes
        bytes.read += part.storedBytes
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

    func add(block bytes: Int, isWanted: Bool) {
        guard let recorder, !isWanted else { return }
        recorder.statistics.blocks.skippedByTime += 1
        recorder.statistics.bytes.skippedByTime += bytes
    }

    func finish() {
        guard let recorder else { return }
        recorder.statistics.partitions.read += opened.count
        for reason in skipped.values { recorder.statistics.partitions[keyPath: reason] += 1 }
    }
}
