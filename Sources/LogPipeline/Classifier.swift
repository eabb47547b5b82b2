internal import LogBytes
package import LogMetrics
internal import LogQuery
public import LogRecords
public import LogSegments

/// Gives each record the first class of the retention policy whose filter it matches. One thread uses it.
public final class Classifier {
    private var core: ClassifierCore
    private let policy: RetentionPolicy

    /// The classes of `policy`, whose last filter matches everything.
    public convenience init(policy: RetentionPolicy) {
        self.init(policy: policy, columns: FieldColumns())
    }

    /// As `init(policy:)`, with columns that others look at, too.
    package init(policy: RetentionPolicy, columns: FieldColumns) {
        self.policy = policy
        core = ClassifierCore(policy, columns)
    }

    /// Fills in the class of every record of `batch`.
    ///
    /// - Parameter name: the class of all of them, if it is known; it is the policy's.
    public func classify(_ batch: RecordBatch, as name: String? = nil) {
        if let name, let index = policy.index(of: name) {
            for row in 0..<batch.records.count {
                batch.records.base[row].classIndex = UInt8(index)
            }
        } else {
            core.classify(batch)
        }
    }
}

/// The loop over a batch. A struct, so that the loop works on plain memory and not through class properties.
private struct ClassifierCore: ~Copyable {
    private struct Entry: BitwiseCopyable {
        let index: UInt8
        /// The number of its filter in `inputs`.
        let filter: Int32
    }

    /// The classes but the one that takes everything, the first one first.
    private var entries = Vector<Entry>(capacity: 8)
    private var inputs: RecordInputs
    private var otherwise: UInt8 = 0

    init(_ policy: RetentionPolicy, _ columns: FieldColumns) {
        inputs = RecordInputs(columns: columns)
        for (index, entry) in policy.classes.enumerated() {
            guard let filter = entry.filter else { continue }
            if filter == .all {
                otherwise = UInt8(index)
                break
            }
            entries.append(Entry(index: UInt8(index), filter: inputs.add(filter: filter)))
        }
        inputs.freeze()
    }

    mutating func classify(_ batch: RecordBatch) {
        inputs.prepare(batch)
        let reader = BatchReader(batch)
        withExtendedLifetime(batch) {
            var first = 0
            while first < reader.count {
                let count = inputs.load(from: first, reader)
                classify(batch.records.base + first, count, reader)
                first += count
            }
        }
    }

    /// Gives the loaded records, which stand at `records`, their classes.
    @inline(__always)
    private mutating func classify(
        _ records: UnsafeMutablePointer<Record>, _ count: Int, _ reader: BatchReader
    ) {
        for row in 0..<count { records[row].classIndex = otherwise }
        var rows = inputs.all
        for number in 0..<entries.count {
            var rest = inputs.matching(entries[number].filter, among: rows, reader)
            rows &= ~rest
            while rest != 0 {
                records[rest.trailingZeroBitCount].classIndex = entries[number].index
                rest &= rest &- 1
            }
        }
    }
}
