internal import LogBytes
internal import LogQuery
internal import LogRecords
internal import LogSystem

/// Everything that can be known of one segment without another file: it holds each byte of it against its checksums, decodes
/// every value, and compares what is said twice. One column of one block is in memory at a time.
struct SegmentCheck {
    private let file: SegmentFile
    private let fileSystem: any FileSystem
    private(set) var findings: [CheckFinding] = []
    /// The numbers of the blocks whose lines are all there.
    private(set) var soundBlocks: [Int] = []
    private(set) var soundLines = 0
    private(set) var storedBytes = 0
    private var range: ClosedRange<UInt64>?
    /// Whether the block at hand is lost, which is said once.
    private var isLost = false

    init(_ file: SegmentFile, fileSystem: any FileSystem) {
        self.file = file
        self.fileSystem = fileSystem
    }

    /// Reads the segment; `progress` gets the bytes read so far. False when the file has gone meanwhile.
    mutating func run(_ progress: (Int) -> Void = { _ in }) -> Bool {
        let reader: SegmentReader
        do throws(StoreError) {
            reader = try open()
        } catch {
            return note(error)
        }
        storedBytes = reader.storedBytes
        checkPlace(reader.footer)
        checkLayout(reader)
        var last: UInt64?
        for (number, block) in reader.footer.blocks.enumerated() {
            isLost = false
            let sequences = check(block, reader)
            if !isLost {
                soundBlocks.append(number)
                soundLines += block.rows
            }
            if let sequences { checkOrder(sequences, block, last: &last) }
            progress(block.chunks.last.map { $0.offset &+ $0.storedBytes } ?? 0)
        }
        checkName()
        return true
    }

    /// Opens the segment, without its header when that is all that is damaged.
    private mutating func open() throws(StoreError) -> SegmentReader {
        do throws(StoreError) {
            return try SegmentReader(path: file.path, fileSystem: fileSystem)
        } catch {
            guard case .damaged(_, 0, let what) = error,
                let reader = try? SegmentReader(
                    path: file.path, fileSystem: fileSystem, needsHeader: false)
            else { throw error }
            findings.append(
                CheckFinding(
                    .damage, file.path, offset: 0, what,
                    advice:
                        "its lines are all there; `weir check --repair` writes the header again",
                    remedy: .rewrite))
            return reader
        }
    }

    /// A segment that does not open. False when it has gone.
    private mutating func note(_ error: StoreError) -> Bool {
        switch error {
        case .file(let cause) where cause.isMissing:
            return false
        case .damaged(_, let offset, let what):
            let numbers = file.id.sequences
            let span = numbers.upperBound - numbers.lowerBound
            storedBytes = (try? fileSystem.open(file.path, .read).size()) ?? 0
            findings.append(
                CheckFinding(
                    .damage, file.path, offset: offset,
                    "\(what); without it nothing in the file can be found",
                    loss: CheckLoss(
                        lines: Int(clamping: min(span, .max / 4) + 1), isUpperBound: true,
                        className: file.key.className, day: file.key.day),
                    advice: "bring the file back from a backup, or let `weir check --repair` "
                        + "set it aside",
                    remedy: .setAside))
        default:
            findings.append(
                CheckFinding(.unchecked, file.path, "\(error)", advice: ""))
        }
        return true
    }

    // MARK: The whole file

    private mutating func checkPlace(_ footer: SegmentFooter) {
        let key = footer.key
        guard key != file.key, RetentionPolicy.isClassName(key.className) else { return }
        findings.append(
            CheckFinding(
                .damage, file.path,
                "it says that it belongs to class \(key.className), \(key.dayName), and lies elsewhere",
                advice: "`weir check --repair` puts it there", remedy: .move(key)))
    }

    /// Every byte between header and footer belongs to one chunk.
    private mutating func checkLayout(_ reader: SegmentReader) {
        let chunks = reader.footer.blocks.flatMap(\.chunks).sorted { $0.offset < $1.offset }
        var end = SegmentFormat.headerBytes
        func misplaced(_ offset: Int, _ what: String) -> CheckFinding {
            CheckFinding(
                .damage, file.path, offset: offset, what,
                advice: "`weir check --repair` writes the file again", remedy: .rewrite)
        }
        for chunk in chunks {
            if chunk.offset > end {
                findings.append(
                    misplaced(end, "\(chunk.offset - end) bytes belong to no column"))
            } else if chunk.offset < end {
                findings.append(misplaced(chunk.offset, "a chunk overlaps the one before it"))
            }
            end = max(end, chunk.offset &+ chunk.storedBytes)
        }
        if end != reader.footerOffset {
            findings.append(
                misplaced(end, "the chunks end at byte \(end), the footer is elsewhere"))
        }
    }

    private mutating func checkOrder(
        _ sequences: [Int64], _ block: BlockEntry, last: inout UInt64?
    ) {
        var isAscending = true
        for sequence in sequences {
            let number = UInt64(bitPattern: sequence)
            if let last, number <= last { isAscending = false }
            last = number
        }
        if !isAscending {
            findings.append(fault(block, .sequences, "the sequence numbers do not ascend"))
        }
        guard let first = sequences.first, let end = last else { return }
        let low = min(UInt64(bitPattern: first), end)
        range = min(range?.lowerBound ?? low, low)...max(range?.upperBound ?? end, end)
    }

    private mutating func checkName() {
        guard let range else { return }
        let named = file.id.sequences
        if named.contains(range.lowerBound), named.contains(range.upperBound) { return }
        findings.append(
            CheckFinding(
                .damage, file.path,
                "its lines have the numbers \(range.lowerBound) to \(range.upperBound), "
                    + "and its name says otherwise",
                advice: "`weir check --repair` gives it its name",
                remedy: .rename(
                    SegmentID(
                        sequences: range, journals: file.id.journals,
                        generation: file.id.generation))))
    }

    // MARK: A block

    /// Reads all of a block; its sequence numbers, if they could be read.
    private mutating func check(_ block: BlockEntry, _ reader: SegmentReader) -> [Int64]? {
        let layout = read(.shapes, block, reader) { () -> BlockLayout in
            let layout = try reader.layout(of: block)
            _ = try layout.shapes()
            guard try layout.kinds?.hasRightCounts() ?? true else {
                throw MalformedBytes(offset: 0, what: "rows of kinds")
            }
            return layout
        }
        let times = read(.times, block, reader) { try reader.integers(.times, of: block) }
        let sequences = read(.sequences, block, reader) {
            try reader.integers(.sequences, of: block)
        }
        if let times { checkTimes(times, block) }
        checkColumns(block, reader, layout, times: times)
        return sequences
    }

    private mutating func read<Content>(
        _ role: ChunkRole, _ block: BlockEntry, _ reader: SegmentReader,
        _ body: () throws -> Content
    ) -> Content? {
        do {
            return try body()
        } catch {
            add(block, role, "\(name(role, reader)) \(failure(block, role, reader))")
            return nil
        }
    }

    private mutating func checkTimes(_ times: [Int64], _ block: BlockEntry) {
        if times.min() != block.firstTime || times.max() != block.lastTime {
            findings.append(fault(block, .times, "the times are not those that the footer says"))
        }
        let day = file.key.day.daysSinceEpoch
        if !times.allSatisfy({ Timestamp.dayNumber($0) == day }) {
            findings.append(fault(block, .times, "a line is of another day"))
        }
    }

    private mutating func checkColumns(
        _ block: BlockEntry, _ reader: SegmentReader,
        _ layout: BlockLayout?, times: [Int64]?
    ) {
        let shapes = layout.flatMap { try? $0.shapes() }
        /// How many values each column must have; the bytes of the pieces are counted at once.
        var wanted: [Int: Int] = [:]
        var bytes = 0
        for shape in shapes ?? [] {
            let stored = reader.footer.shapes[Int(shape)]
            bytes += stored.shape.pieceBytes.count
            for column in stored.columns { wanted[column, default: 0] += 1 }
        }
        var met = Set<Int>()
        for chunk in block.chunks {
            guard case .column(let number) = chunk.role else { continue }
            let name = name(chunk.role, reader)
            guard met.insert(number).inserted else {
                add(block, chunk.role, "\(name) stands twice")
                continue
            }
            if shapes != nil, wanted[number] != chunk.valueCount {
                add(block, chunk.role, "\(name) has not one value for each line")
                continue
            }
            do {
                // A column may be told by the times or the kinds of the lines; their own damage has been reported.
                let has = reader.footer.shapes.map { $0.columns.contains(number) }
                let context = DecodeContext {
                    guard let times, let shapes else { throw OtherUnreadable() }
                    return zip(times, shapes).compactMap { has[Int($1)] ? $0 : nil }
                } kinds: {
                    guard let kinds = layout?.kinds else { throw OtherUnreadable() }
                    return try kinds.of(hasColumn: has)
                }
                let stored = try reader.column(number, of: block)
                guard let column = try stored.map({ try reader.values($0, context) }),
                    column.rowCount == chunk.valueCount
                else {
                    add(block, chunk.role, "\(name) has not as many values as it says")
                    continue
                }
                try column.prepare(rows: Bitmap(count: column.rowCount, all: true))
                bytes += valueBytes(column)
            } catch is OtherUnreadable {
            } catch {
                add(block, chunk.role, "\(name) \(failure(block, chunk.role, reader))")
            }
        }
        guard shapes != nil else { return }
        for number in wanted.keys.sorted() where !met.contains(number) {
            add(block, .shapes, "\(name(.column(number), reader)) is missing")
        }
        if bytes != block.rawBytes, !isLost {
            findings.append(
                fault(
                    block, .shapes,
                    "the lines have \(bytes) bytes, the footer says \(block.rawBytes)"))
        }
    }

    private struct OtherUnreadable: Error {}

    private func valueBytes(_ column: Column) -> Int {
        if column.isConstant { return column.rowCount * column.withValue(0) { $0.count } }
        let lengths = (0..<column.valueCount).map { number in
            column.withValue(number) { $0.count }
        }
        return (0..<column.rowCount).reduce(0) { $0 + lengths[column.valueNumber(row: $1)] }
    }

    // MARK: Findings

    /// What a chunk holds, in words.
    private func name(_ role: ChunkRole, _ reader: SegmentReader) -> String {
        switch role {
        case .shapes: return "the column of shapes"
        case .times: return "the column of times"
        case .sequences: return "the column of sequence numbers"
        case .column(let number):
            let path = reader.footer.columns[number].path
            return path.isEmpty ? "the column of whole lines" : "the column `\(path)`"
        }
    }

    /// Why a chunk could not be read.
    private func failure(
        _ block: BlockEntry, _ role: ChunkRole, _ reader: SegmentReader
    ) -> String {
        guard let chunk = block.chunks.first(where: { $0.role == role }) else {
            return "is missing"
        }
        guard (try? reader.storedBytes(of: chunk)) != nil else {
            return "does not have its checksum"
        }
        return ColumnCodecs.codec(chunk.codec) == nil && role.code > 2
            ? "has a codec that this release does not know" : "does not decode"
    }

    private func offset(_ block: BlockEntry, _ role: ChunkRole) -> Int {
        (block.chunks.first { $0.role == role } ?? block.chunks.first)?.offset ?? 0
    }

    /// A block that is lost. Its lines are counted with the first of its faults.
    private mutating func add(_ block: BlockEntry, _ role: ChunkRole, _ what: String) {
        let loss = CheckLoss(
            lines: block.rows, className: file.key.className, day: file.key.day,
            times: block.firstTime <= block.lastTime ? block.firstTime...block.lastTime : nil)
        findings.append(
            CheckFinding(
                .damage, file.path, offset: offset(block, role), what,
                loss: isLost ? nil : loss, remedy: .rewrite))
        isLost = true
    }

    /// Checksums are right and the content is not: that was written so.
    private func fault(_ block: BlockEntry, _ role: ChunkRole, _ what: String) -> CheckFinding {
        CheckFinding(
            .damage, file.path, offset: offset(block, role), what,
            advice:
                "the lines can be read; the disk is not to blame, please report this to weir's makers"
        )
    }
}
