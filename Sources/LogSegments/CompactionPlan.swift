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
/// partition has few files at any time, and a line is rewritten a few times at most. When no line has come for a while, what
/// is there becomes one, and what nobody has rewritten yet becomes cold.
enum CompactionPlan {
    /// So many neighbours of one generation are merged.
    static let fanIn = 8
    /// The same of tiny files, whose number weighs more than their bytes.
    static let tinyFanIn = 4
    static let tinyBytes = 256 << 10
    /// A partition is quiet when its last line came in so long ago, nanoseconds.
    static let quietTime = 3_600 * Timestamp.second
    /// Files of more bytes than this are not merged any further: a segment has to be rewritten as a whole.
    static let outputBytesMax = 256 << 20

    /// A segment as the plan sees it.
    struct Candidate {
        let file: SegmentFile
        let bytes: Int
        /// When its last line came in.
        let lastArrival: Int64
        /// False when it is damaged or from a later release. It stays as it is, and nothing is merged across it: the name of
        /// what came of that would say that it supersedes this one.
        var isReadable = true
    }

    /// The jobs, those of the oldest days first; no segment is in two of them.
    ///
    /// - Parameters:
    ///   - candidates: the segments that are not superseded.
    ///   - now: the clock, nanoseconds since the epoch.
    ///   - everything: takes every partition for quiet.
    static func jobs(
        _ candidates: [Candidate], now: Int64, everything: Bool
    ) -> [CompactionJob] {
        let partitions = Dictionary(grouping: candidates, by: \.file.key).sorted {
            $0.key < $1.key
        }
        return partitions.flatMap { key, candidates in
            let sorted = candidates.sorted {
                $0.file.id.sequences.lowerBound < $1.file.id.sequences.lowerBound
            }
            let last = candidates.map(\.lastArrival).max() ?? now
            let isQuiet = everything || now &- last > quietTime
            return runs(sorted, isQuiet: isQuiet).map { CompactionJob(key: key, inputs: $0) }
        }
    }

    private static func runs(_ candidates: [Candidate], isQuiet: Bool) -> [[SegmentFile]] {
        var runs: [[SegmentFile]] = []
        var run: [SegmentFile] = []
        var bytes = 0
        func close() {
            let isCold = run.allSatisfy { $0.id.generation > 0 }
            let isLong = run.count >= (bytes <= tinyFanIn * tinyBytes ? tinyFanIn : fanIn)
            if isQuiet ? run.count > 1 || !isCold : isLong { runs.append(run) }
            run = []
            bytes = 0
        }
        for candidate in candidates {
            let file = candidate.file
            if !candidate.isReadable {
                close()
                continue
            }
            let isOther =
                !isQuiet && run.last.map { $0.id.generation != file.id.generation } ?? false
            if isOther || bytes + candidate.bytes > outputBytesMax { close() }
            run.append(file)
            bytes += candidate.bytes
        }
        close()
        return runs.filter { !$0.isEmpty }
    }
}
