internal import LogBytes
internal import LogRecords
internal import LogSystem

/// Everything that can be known of one journal file: headers, frames, their checksums and their lines. One frame is in
/// memory at a time.
///
/// What stands behind the last whole frame is a torn tail when it is the beginning of a frame, or zeros: a crash, or a writer
/// that is writing just now, leaves it, and nobody was told that it was safe. Anything else there was once whole.
struct JournalCheck {
    private let file: any OpenFile
    private let number: UInt64
    private(set) var findings: [CheckFinding] = []
    private(set) var soundLines = 0
    private(set) var storedBytes = 0

    private static let recovery = "the next `weir ingest`, or `weir check --repair`, saves the rest"

    init(_ file: any OpenFile, number: UInt64) {
        self.file = file
        self.number = number
    }

    mutating func run(_ progress: (Int) -> Void = { _ in }) {
        let reader: JournalReader
        do {
            // Before the reader looks: what a writer appends between the two is none of this check's.
            storedBytes = try file.size()
            reader = try JournalReader(file: file, checksums: true)
            checkHeader(reader.header)
            if reader.hasDamagedMark {
                findings.append(
                    CheckFinding(
                        .notice, file.path, offset: JournalFormat.markOffset,
                        "a mark of how much of the file is synchronized is not whole: a crash "
                            + "while it was written, or a flipped bit; there is a second one",
                        advice: "its lines are all there; the next `weir ingest` seals them",
                        remedy: .recover))
            }
            try checkDamages(reader)
            try checkTail(reader)
            try checkFrames(reader, progress)
        } catch {
            findings.append(CheckFinding(.unchecked, file.path, "\(error)", advice: ""))
        }
    }

    private mutating func checkHeader(_ header: JournalFormat.FileHeader) {
        switch header {
        case .valid(number):
            break
        case .valid(let other):
            findings.append(
                CheckFinding(
                    .damage, file.path, offset: 12,
                    "it says that it is number \(other), and its name says \(number)",
                    advice: "its lines are all there; `weir check --repair` seals them",
                    remedy: .recover))
        case .damaged where storedBytes < JournalFormat.markOffset:
            findings.append(
                CheckFinding(
                    .notice, file.path, offset: 0,
                    "shorter than its header: made just now, or at the moment of a crash",
                    advice: "nothing was in it", remedy: .recover))
        case .damaged, .unknownVersion:
            findings.append(
                CheckFinding(
                    .damage, file.path, offset: 0, "the header is not valid",
                    advice: "its lines are all there; `weir check --repair` seals them",
                    remedy: .recover))
        }
    }

    /// The header of the frame that begins at `offset`, if it is valid.
    private func frameHeader(at offset: Int) throws(FileError) -> FrameHeader? {
        try file.readBytes(at: offset, count: JournalFormat.frameHeaderBytes)
            .withView { FrameHeader($0) }
    }

    /// What is lost with the frame that `header` begins.
    private func loss(_ header: FrameHeader) -> CheckLoss {
        CheckLoss(
            lines: Int(header.lineCount),
            times: header.firstTime <= header.lastTime ? header.firstTime...header.lastTime : nil)
    }

    private mutating func checkDamages(_ reader: JournalReader) throws(FileError) {
        for damage in reader.damages {
            // The frames around a damaged one say how many lines it had.
            let before = reader.entries.last { $0.payloadOffset < damage.offset }
            let after = reader.entries.first { $0.payloadOffset > damage.offset }
            var lost = CheckLoss()
            if let header = try frameHeader(at: damage.offset) { lost = loss(header) }
            if let before, let after, after.header.firstSequence >= before.header.endSequence {
                lost.lines = Int(
                    clamping: after.header.firstSequence - before.header.endSequence)
            }
            // A mark says that more was synchronized than is there: nobody knows how many frames those bytes were.
            let missing = max(damage.offset + damage.bytes - storedBytes, 0)
            if missing > 0, lost.lines != nil { lost.isLowerBound = true }
            let what =
                missing == 0
                ? "\(damage.bytes) bytes are damaged"
                : "the file was cut: \(missing) bytes that were synchronized are missing, and "
                    + "\(damage.bytes - missing) before them are of no use alone"
            findings.append(
                CheckFinding(
                    .damage, file.path, offset: damage.offset, what, loss: lost,
                    advice: Self.recovery, remedy: .recover))
        }
    }

    private mutating func checkTail(_ reader: JournalReader) throws(FileError) {
        let start = reader.validEnd
        let count = storedBytes - start
        guard count > 0 else { return }
        let header = try frameHeader(at: start)
        let head = try file.readBytes(
            at: start, count: min(count, JournalFormat.frameHeaderBytes))
        let isBeginning =
            head.count < JournalFormat.frameHeaderBytes
            && head.withView { isPrefixOfFrame($0) }
        let isCut =
            header.map { JournalFormat.frameHeaderBytes + Int($0.storedBytes) > count } ?? false
        let isZero = try isZero(from: start, count: count)
        if isBeginning || isCut || isZero || reader.durableEnd.map({ start >= $0 }) == true {
            findings.append(
                CheckFinding(
                    .notice, file.path, offset: start,
                    "\(count) bytes of a frame that is not whole: being written just now, or at "
                        + "the moment of a crash",
                    advice: "nobody was told that it was safe; the next `weir ingest` cuts it off",
                    remedy: .recover))
            return
        }
        findings.append(
            CheckFinding(
                .damage, file.path, offset: start,
                "\(count) bytes at the end are damaged (or power failed while they were written, "
                    + "and nobody was told that they were safe)",
                loss: header.map(loss) ?? CheckLoss(),
                advice: "`weir check --repair` keeps a copy of the file and saves the rest; "
                    + "`weir ingest` cuts the bytes off", remedy: .keepAndRecover))
    }

    private func isPrefixOfFrame(_ bytes: ByteView) -> Bool {
        let magic = JournalFormat.frameMagic
        return bytes.prefix(magic.count) == magic.prefix(bytes.count)
    }

    private func isZero(from start: Int, count: Int) throws(FileError) -> Bool {
        var offset = start
        while offset < start + count {
            let bytes = try file.readBytes(at: offset, count: min(1 << 20, start + count - offset))
            if bytes.isEmpty { return true }
            if bytes.contains(where: { $0 != 0 }) { return false }
            offset += bytes.count
        }
        return true
    }

    private mutating func checkFrames(
        _ reader: JournalReader, _ progress: (Int) -> Void
    ) throws(FileError) {
        let table = ShapeTable()
        for entry in reader.entries {
            let header = entry.header
            guard let frame = try reader.frame(entry, table: table),
                frame.classNames.allSatisfy(RetentionPolicy.isClassName)
            else {
                findings.append(
                    CheckFinding(
                        .damage, file.path, offset: entry.payloadOffset,
                        "a frame has its checksum and does not decode", loss: loss(header),
                        advice: Self.recovery, remedy: .recover))
                continue
            }
            soundLines += frame.batch.records.count
            progress(entry.payloadOffset + Int(header.storedBytes))
        }
    }
}
