internal import LogQuery
internal import LogSystem

/// What sequence numbers say of the files together: no two hold the same line, and which numbers are in none.
///
/// Merges the numbers of all files; of each segment that is open at once one block of numbers is in memory.
struct SequenceCheck {
    private let directory: String
    private let fileSystem: any FileSystem
    private(set) var findings: [CheckFinding] = []

    /// Pairs of files are told apart up to here; more are an effect of one cause.
    private static let pairsMax = 1_000

    /// Numbers of one file on their way into the merge.
    private final class Source {
        let path: String
        let journal: UInt64?
        let segment: SegmentFile?
        private let load: () -> [UInt64]?
        private var numbers: [UInt64] = []
        private var position = 0
        private(set) var count = 0

        init(
            path: String, journal: UInt64? = nil, segment: SegmentFile? = nil,
            load: @escaping () -> [UInt64]?
        ) {
            self.path = path
            self.journal = journal
            self.segment = segment
            self.load = load
        }

        /// The next number; nil at the end.
        func next() -> UInt64? {
            while position == numbers.count {
                guard let more = load() else { return nil }
                numbers = more
                position = 0
                count += more.count
            }
            defer { position += 1 }
            return numbers[position]
        }
    }

    private struct Pair: Hashable {
        let first: Int
        let second: Int
    }

    init(directory: String, fileSystem: any FileSystem) {
        self.directory = directory
        self.fileSystem = fileSystem
    }

    mutating func run() throws(StoreError) {
        let listing = try StoreListing(directory: directory, fileSystem: fileSystem)
        var sources: [Source] = []
        for (number, file) in listing.journals {
            if let source = journal(file, number) { sources.append(source) }
        }
        sources += listing.segments.map(segment)
        var heap = SequenceHeap()
        // A segment is opened when its turn comes, which its name tells; until then its place is negative.
        for (index, source) in sources.enumerated() {
            if let segment = source.segment {
                heap.insert(segment.id.sequences.lowerBound, -1 - index)
            } else if let next = source.next() {
                heap.insert(next, index)
            }
        }
        var pairs: [Pair: Int] = [:]
        var gaps = Gaps()
        var last: (number: UInt64, source: Int)?
        while let (number, place) = heap.popSmallest() {
            let index = place < 0 ? -1 - place : place
            if place >= 0 {
                if let last, last.number == number {
                    let pair = Pair(
                        first: min(last.source, index), second: max(last.source, index))
                    if pairs[pair] != nil || pairs.count < Self.pairsMax {
                        pairs[pair, default: 0] += 1
                    }
                } else {
                    gaps.add(number, after: last?.number)
                    last = (number, index)
                }
            }
            if let next = sources[index].next() { heap.insert(next, index) }
        }
        for (pair, count) in pairs.sorted(by: {
            ($0.key.first, $0.key.second) < ($1.key.first, $1.key.second)
        }) {
            note(sources[pair.first], sources[pair.second], count)
        }
        note(gaps)
    }

    // MARK: Sources

    private func journal(_ file: any OpenFile, _ number: UInt64) -> Source? {
        // What is wrong with the file has been said already.
        guard let reader = try? JournalReader(file: file, checksums: true) else { return nil }
        var entries = reader.entries[...]
        return Source(path: file.path, journal: number) {
            entries.popFirst().map { entry in
                let (start, end) = (entry.header.firstSequence, entry.header.endSequence)
                return start < end ? Array(start..<end) : []
            }
        }
    }

    private func segment(_ file: SegmentFile) -> Source {
        var reader: SegmentReader?
        var block = -1
        let fileSystem = fileSystem
        return Source(path: file.path, segment: file) {
            if block < 0 {
                reader = try? SegmentReader(
                    path: file.path, fileSystem: fileSystem, needsHeader: false)
                block = 0
            }
            while let open = reader, block < open.footer.blocks.count {
                let entry = open.footer.blocks[block]
                block += 1
                if let numbers = try? open.integers(.sequences, of: entry) {
                    return numbers.map { UInt64(bitPattern: $0) }
                }
            }
            reader = nil
            return nil
        }
    }

    // MARK: Findings

    private mutating func note(_ first: Source, _ second: Source, _ count: Int) {
        // A frame that was written again after a failed fsync is in two journal files; readers count it once.
        if first.journal != nil, second.journal != nil { return }
        if let journal = first.journal ?? second.journal,
            let segment = first.segment ?? second.segment
        {
            // The crash came between sealing and removing the journal file. Readers know by the segment's name.
            if segment.id.journals.contains(journal) { return }
            findings.append(
                doubled(second.path, first.path, count, remedy: .recover))
            return
        }
        // Merged or dropped between being listed and now?
        for path in [first.path, second.path] where !exists(path) { return }
        if count == second.count {
            findings.append(doubled(second.path, first.path, count, remedy: .setAside))
        } else if count == first.count {
            findings.append(doubled(first.path, second.path, count, remedy: .setAside))
        } else {
            findings.append(doubled(second.path, first.path, count, remedy: .none))
        }
    }

    private func exists(_ path: String) -> Bool {
        (try? fileSystem.open(path, .read)) != nil
    }

    private func doubled(
        _ path: String, _ other: String, _ count: Int, remedy: CheckRemedy
    ) -> CheckFinding {
        CheckFinding(
            .damage, path, "\(count) of its lines are in \(other), too, and are found twice",
            advice: remedy == .none
                ? "move one of the two files away"
                : "`weir check --repair` takes the file out of use, since the other has them all",
            remedy: remedy)
    }

    /// Numbers that are in no file.
    private struct Gaps {
        var count: UInt64 = 0
        var ranges = 0
        var first: ClosedRange<UInt64>?

        mutating func add(_ number: UInt64, after last: UInt64?) {
            // The first line of a store has number 1.
            let last = last ?? 0
            guard number > last &+ 1 else { return }
            count &+= number - last - 1
            ranges += 1
            if first == nil { first = (last + 1)...(number - 1) }
        }
    }

    private mutating func note(_ gaps: Gaps) {
        guard let first = gaps.first else { return }
        findings.append(
            CheckFinding(
                .notice, DataDirectory.segments(directory),
                "\(gaps.count) sequence numbers, the first \(first.lowerBound) to "
                    + "\(first.upperBound), are in no file",
                advice: "retention and erasing leave such gaps, and damage does; if there was none "
                    + "of these, a file was removed by hand"))
    }
}
