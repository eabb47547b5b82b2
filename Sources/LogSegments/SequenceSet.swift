internal import LogQuery

/// Sequence numbers as ascending ranges without gaps between neighbours: which lines of a journal are sealed already.
struct SequenceSet {
    private var ranges: [ClosedRange<UInt64>] = []

    /// The numbers of `numbers`, in any order.
    init(_ numbers: [UInt64] = []) {
        for number in numbers.sorted() {
            if let last = ranges.last, number <= last.upperBound &+ 1 {
                ranges[ranges.count - 1] = last.lowerBound...max(number, last.upperBound)
            } else {
                ranges.append(number...number)
            }
        }
    }

    var isEmpty: Bool { ranges.isEmpty }

    /// Adds `numbers`. Constant time when they lie behind all others, else linear in the number of ranges.
    mutating func insert(_ numbers: Range<UInt64>) {
        guard let first = numbers.first, let last = numbers.last else { return }
        var start = ranges.count
        while start > 0, ranges[start - 1].upperBound &+ 1 >= first { start -= 1 }
        var end = start
        var merged = first...last
        while end < ranges.count, ranges[end].lowerBound <= last &+ 1 {
            merged =
                min(
                    merged.lowerBound, ranges[end].lowerBound)...max(
                    merged.upperBound, ranges[end].upperBound)
            end += 1
        }
        ranges.replaceSubrange(start..<end, with: [merged])
    }

    /// Whether any of `numbers` is in the set.
    func overlaps(_ numbers: Range<UInt64>) -> Bool {
        guard let first = numbers.first, let last = numbers.last else { return false }
        return ranges.contains { $0.overlaps(first...last) }
    }

    /// Whether all of `numbers` are in the set; logarithmic time.
    func contains(_ numbers: Range<UInt64>) -> Bool {
        guard let first = numbers.first, let last = numbers.last else { return true }
        guard let range = range(of: first) else { return false }
        return range.contains(last)
    }

    /// Whether `number` is in the set; logarithmic time.
    func contains(_ number: UInt64) -> Bool { range(of: number) != nil }

    private func range(of number: UInt64) -> ClosedRange<UInt64>? {
        var lower = 0
        var upper = ranges.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if ranges[middle].upperBound < number {
                lower = middle + 1
            } else {
                upper = middle
            }
        }
        guard lower < ranges.count, ranges[lower].contains(number) else { return nil }
        return ranges[lower]
    }
}

/// The lines of some journal files that segments hold already: those segments were published before a crash, or while a
/// reader looked. Each segment names its journal files, and each of its lines its sequence number.
struct SealedLines {
    private let numbers: SequenceSet
    /// Segments that could not be read; their lines may be met twice.
    let faults: [ScanFault]

    /// Reads the sequence numbers of those `segments` that were sealed from one of `journals`.
    ///
    /// - Parameter isForWriting: throw where a segment cannot be read now: what the disk refuses for a moment must not be
    ///   stored twice for ever. What is damaged, block by block, counts as not sealed in any case.
    init(
        journals: Set<UInt64>, segments: [SegmentFile], isForWriting: Bool,
        open: (SegmentFile) throws(StoreError) -> SegmentReader?
    ) throws(StoreError) {
        var numbers: [UInt64] = []
        var faults: [ScanFault] = []
        func note(_ error: StoreError, _ file: String) throws(StoreError) {
            if case .damaged(_, let offset, let what) = error {
                faults.append(ScanFault(file: file, offset: offset, message: what))
            } else if isForWriting {
                throw error
            } else {
                faults.append(ScanFault(file: file, offset: 0, message: "\(error)"))
            }
        }
        for segment in segments where journals.contains(where: segment.id.journals.contains) {
            do throws(StoreError) {
                guard let reader = try open(segment) else { continue }
                for block in reader.footer.blocks {
                    do throws(StoreError) {
                        numbers += try reader.sequences(of: block)
                    } catch {
                        try note(error, segment.path)
                    }
                }
            } catch {
                try note(error, segment.path)
            }
        }
        self.numbers = SequenceSet(numbers)
        self.faults = faults
    }

    func contains(_ sequence: UInt64) -> Bool { numbers.contains(sequence) }
}
