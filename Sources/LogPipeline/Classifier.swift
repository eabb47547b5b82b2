internal import LogBytes
internal import LogQuery
public import LogRecords
public import LogSegments

/// Gives each record the first class of the retention policy whose filter it matches. One thread uses it.
public final class Classifier {
    private let filters: [(index: UInt8, filter: RecordFilter)]
    private let otherwise: UInt8

    /// The classes of `policy`, whose last filter matches everything.
    public init(policy: RetentionPolicy) {
        var filters: [(index: UInt8, filter: RecordFilter)] = []
        var otherwise: UInt8 = 0
        for (index, entry) in policy.classes.enumerated() {
            guard let filter = entry.filter else { continue }
            if filter == .all {
                otherwise = UInt8(index)
            } else {
                filters.append((UInt8(index), RecordFilter(filter)))
            }
        }
        self.filters = filters
        self.otherwise = otherwise
    }

    /// Fills in the class of every record of `batch`.
    public func classify(_ batch: RecordBatch) {
        let count = batch.records.count
        for row in 0..<count { batch.records.base[row].classIndex = otherwise }
        // The last one first, so that what the first one writes stands.
        for (index, filter) in filters.reversed() {
            for row in 0..<count where filter.matches(batch.records[row], in: batch) {
                batch.records.base[row].classIndex = index
            }
        }
    }
}
