internal import LogRecords
internal import LogSystem

/// Segments of one partition that are to become one.
struct CompactionJob {
    let key: PartitionKey
    /// The segments, ascending by sequence numbers, none of the partition's lying between.
    let inputs: [SegmentFile]

    /// What the new segment is called.
    var output: SegmentID {
        let ids = inputs.map(\.id)
        let first = ids.map(\.sequences.lowerBound).min() ?? 0
        let last = ids.map(\.sequences.upperBound).max() ?? first
        let from = ids.map(\.journals.lowerBound).min() ?? 0
        let to = ids.map(\.journals.upperBound).max() ?? from
        return SegmentID(
            sequences: first...last, journals: from...to,
            generation: (ids.map(\.generation).max() ?? 0) + 1)
    }
}

/// Which segments are to be merged, and when: a decision of the listing and the clock.
///
/// While lines of a day come in, its partition is merged whenever `fanIn` neighbours of one generation stand side by side: a
/// partition has few files at any time, and a line is rewritten a few times at most. When the day is over, what is left
/// becomes one, and what nobody has rewritten yet becomes cold.
struct CompactionPlan {
    /// So many neighbours of one generation are merged.
    static let fanIn = 8
    /// A day is over when the clock is so far behind its end: late lines come meanwhile.
    static let quietTime = 3_600 * Timestamp.second
    /// Files of more bytes than this are not merged any further: a segment has to be rewritten as a whole.
    static let outputBytesMax = 256 << 20

    /// The jobs, those of the oldest days first; no segment is in two of them.
    ///
    /// - Parameters:
    ///   - files: the segments that are not superseded, with the bytes of each.
    ///   - now: the clock, nanoseconds since the epoch.
    ///   - everything: takes every day for over.
    static func jobs(
        _ files: [(file: SegmentFile, bytes: Int)], now: Int64, everything: Bool
    ) -> [CompactionJob] {
        let partitions = Dictionary(grouping: files, by: \.file.key).sorted { $0.key < $1.key }
        return partitions.flatMap { key, files in
            let sorted = files.sorted {
                $0.file.id.sequences.lowerBound < $1.file.id.sequences.lowerBound
            }
            let end = Int64(key.day.daysSinceEpoch + 1) * Timestamp.day
            let isOver = everything || end &+ quietTime < now
            return runs(sorted, isOver: isOver).map { CompactionJob(key: key, inputs: $0) }
        }
    }

    private static func runs(
        _ files: [(file: SegmentFile, bytes: Int)], isOver: Bool
    ) -> [[SegmentFile]] {
        var runs: [[SegmentFile]] = []
        var run: [SegmentFile] = []
        var bytes = 0
        func close() {
            let isCold = run.allSatisfy { $0.id.generation > 0 }
            if isOver ? run.count > 1 || !isCold : run.count >= fanIn { runs.append(run) }
            run = []
            bytes = 0
        }
        for (file, size) in files {
            let isOther =
                !isOver && run.last.map { $0.id.generation != file.id.generation } ?? false
            if isOther || bytes + size > outputBytesMax { close() }
            run.append(file)
            bytes += size
        }
        close()
        return runs.filter { !$0.isEmpty }
    }
}
