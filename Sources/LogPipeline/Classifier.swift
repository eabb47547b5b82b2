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
        for row in 0..<batch.records.count {
            var record = batch.records[row]
            record.classIndex = otherwise
            for (index, filter) in filters where filter.matches(record, in: batch) {
                record.classIndex = index
                break
            }
            batch.records[row] = record
        }
    }
}
