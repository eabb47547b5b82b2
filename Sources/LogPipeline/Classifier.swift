internal import LogBytes
internal import LogMetrics
internal import LogQuery
public import LogRecords
public import LogSegments

/// Gives each record the first class of the retention policy whose filter it matches. One thread uses it.
public final class Classifier {
    /// The filters of all classes but the one that takes everything, the last one first.
    private let entries: UnsafeMutablePointer<Entry>
    private let entryCount: Int
    private var slots: FieldSlots
    private let otherwise: UInt8
    private let policy: RetentionPolicy

    private struct Entry: ~Copyable {
        let index: UInt8
        /// The number of the filter's one field in `slots`, −1 when it has none.
        let field: Int
        var filter: RememberedFilter
    }

    /// The classes of `policy`, whose last filter matches everything.
    public init(policy: RetentionPolicy) {
        self.policy = policy
        var names: [String] = []
        var otherwise: UInt8 = 0
        var count = 0
        entries = .allocate(capacity: policy.classes.count)
        for (index, entry) in policy.classes.enumerated().reversed() {
            guard let filter = entry.filter else { continue }
            if filter == .all {
                otherwise = UInt8(index)
                continue
            }
            let remembered = RememberedFilter(filter)
            var field = -1
            if let name = remembered.field {
                field = names.count
                names.append(name)
            }
            (entries + count).initialize(
                to: Entry(index: UInt8(index), field: field, filter: remembered))
            count += 1
        }
        entryCount = count
        slots = FieldSlots(names: names)
        self.otherwise = otherwise
    }

    deinit {
        entries.deinitialize(count: entryCount)
        entries.deallocate()
    }

    /// Fills in the class of every record of `batch`.
    ///
    /// - Parameter name: the class of all of them, if it is known; it is the policy's.
    public func classify(_ batch: RecordBatch, as name: String? = nil) {
        if let name, let index = policy.index(of: name) {
            for row in 0..<batch.records.count {
                batch.records.base[row].classIndex = UInt8(index)
            }
            return
        }
        slots.prepare(batch)
        let records = batch.records.base
        let count = batch.records.count
        let reader = BatchReader(batch)
        for row in 0..<count { records[row].classIndex = otherwise }
        // What the first one writes stands, since it comes last.
        for number in 0..<entryCount {
            let entry = entries + number
            let field = entry.pointee.field
            for row in 0..<count {
                let slot = field < 0 ? -1 : slots.slot(records[row].shape, field)
                if entry.pointee.filter.matches(records[row], slot: slot, reader) {
                    records[row].classIndex = entry.pointee.index
                }
            }
        }
    }
}
