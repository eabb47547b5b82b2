internal import LogBytes
internal import LogRecords

/// The partition of a record, in numbers.
struct PartitionPlace: Equatable {
    let classIndex: UInt8
    let isSkewed: Bool
    let dayNumber: Int
}

/// Runs of neighbouring records of one partition, which go there together.
struct PartitionRuns {
    private let records: UnsafeBufferPointer<Record>
    private var start = 0
    /// The day that was met last, and when it begins and ends.
    private var dayNumber = 0
    private var day: Range<Int64> = 0..<0
    /// The bytes of the lines of all runs so far.
    private(set) var lineBytes = 0

    /// The runs of `records`, which stay where they are.
    init(_ records: UnsafeBufferPointer<Record>) { self.records = records }

    /// The rows of the next run, and where they belong; nil at the end.
    mutating func next() -> (rows: Range<Int>, place: PartitionPlace)? {
        guard start < records.count else { return nil }
        let first = records[start]
        if !day.contains(first.time) {
            dayNumber = Timestamp.dayNumber(first.time)
            // The first and the last day of all that numbers can tell are cut off: they are looked up anew for each run.
            let begin = Int64(dayNumber).multipliedReportingOverflow(by: Timestamp.day)
            let end = begin.partialValue.addingReportingOverflow(Timestamp.day)
            day =
                begin.overflow || end.overflow
                ? first.time..<first.time : begin.partialValue..<end.partialValue
        }
        var end = start
        repeat {
            lineBytes += Int(records[end].lineLength)
            end += 1
        } while end < records.count && isNeighbour(records[end], first)
        defer { start = end }
        return (
            start..<end,
            PartitionPlace(
                classIndex: first.classIndex, isSkewed: first.isSkewed, dayNumber: dayNumber)
        )
    }

    @inline(__always)
    private func isNeighbour(_ record: Record, _ first: Record) -> Bool {
        record.classIndex == first.classIndex && record.isSkewed == first.isSkewed
            && day.contains(record.time)
    }
}

/// For each class the builder that its last lines went to, owned by somebody else, who says when they go.
struct RecentBuilders: ~Copyable {
    private typealias Entry = (place: PartitionPlace, builder: Unmanaged<SegmentBuilder>)?

    private let entries: UnsafeMutablePointer<Entry>
    private static var count: Int { Int(UInt8.max) + 1 }

    init() {
        entries = .allocate(capacity: Self.count)
        entries.initialize(repeating: nil, count: Self.count)
    }

    deinit { entries.deallocate() }

    /// The builder of the partition at `place` if its class's last lines went there.
    func builder(at place: PartitionPlace) -> Unmanaged<SegmentBuilder>? {
        guard let entry = entries[Int(place.classIndex)], entry.place == place else { return nil }
        return entry.builder
    }

    /// Notes where lines of a class went.
    func note(_ builder: SegmentBuilder, at place: PartitionPlace) {
        entries[Int(place.classIndex)] = (place, .passUnretained(builder))
    }

    /// Forgets all builders.
    func removeAll() {
        entries.update(repeating: nil, count: Self.count)
    }
}
