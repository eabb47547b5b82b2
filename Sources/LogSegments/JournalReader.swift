internal import LogBytes
internal import LogRecords
internal import LogSystem

/// A part of a journal file that is damaged: valid frames stand behind it.
struct JournalDamage: Equatable {
    let offset: Int
    let bytes: Int
}

/// The valid frames of one journal file, found without decoding them. Keeps the file open, so that it can be read after
/// the writer has removed it.
final class JournalReader {
    /// Where a valid frame stands.
    struct Entry {
        let header: FrameHeader
        let payloadOffset: Int
    }

    let file: any OpenFile
    let header: JournalFormat.FileHeader
    private(set) var entries: [Entry] = []
    private(set) var damages: [JournalDamage] = []
    /// The offset behind the last valid frame, or damage: what stands there was never acknowledged.
    private(set) var validEnd: Int
    /// The offset up to which the file had been synchronized; nil when that is not known.
    let durableEnd: Int?
    /// Whether a mark of the header is damaged.
    let hasDamagedMark: Bool

    /// Payloads are read in pieces of this size while checking their sums.
    private static let searchWindowBytes = 1 << 20

    /// Finds the frames of `file`. With `checksums` also the payloads are read and compared; without, frames are trusted by
    /// their headers and compared when they are loaded, which spares a query the frames that it does not need.
    init(file: any OpenFile, checksums: Bool) throws(StoreError) {
        self.file = file
        var size = 0
        do throws(FileError) {
            // Before the size: what the mark covers must lie inside.
            let head = try file.readBytes(at: 0, count: JournalFormat.fileHeaderBytes)
            header = head.withView(JournalFormat.readFileHeader)
            validEnd = head.withView(JournalFormat.framesStart)
            let marks = head.withView(JournalFormat.marks)
            durableEnd = marks.compactMap(\.self).max()
            hasDamagedMark = marks.contains(nil)
            size = try file.size()
        } catch {
            throw .file(error)
        }
        if case .unknownVersion(let version) = header {
            throw .unknownVersion(file: file.path, version: version)
        }
        // A damaged header is a crash while the file was made, unless frames follow: they speak for themselves.
        do throws(FileError) {
            try findFrames(size: size, checksums: checksums)
        } catch {
            throw .file(error)
        }
    }

    private func findFrames(size: Int, checksums: Bool) throws(FileError) {
        var offset = validEnd
        while offset < max(size, durableEnd ?? 0) {
            // What was not synchronized may have its header and not its payload.
            let isSure = durableEnd.map { offset < $0 } ?? true
            if let entry = try entry(at: offset, size: size, checksums: checksums || !isSure) {
                entries.append(entry)
                offset = entry.payloadOffset + Int(entry.header.storedBytes)
                validEnd = offset
                continue
            }
            if let durableEnd, offset >= durableEnd { return }
            guard let next = try nextFrame(after: offset, size: size) ?? durableEnd else { return }
            validEnd = next
            damages.append(JournalDamage(offset: offset, bytes: next - offset))
            offset = next
        }
    }

    private func entry(at offset: Int, size: Int, checksums: Bool) throws(FileError) -> Entry? {
        let bytes = try file.readBytes(at: offset, count: JournalFormat.frameHeaderBytes)
        guard let header = bytes.withView({ FrameHeader($0) }) else { return nil }
        let payloadOffset = offset + JournalFormat.frameHeaderBytes
        guard payloadOffset + Int(header.storedBytes) <= size else { return nil }
        let entry = Entry(header: header, payloadOffset: payloadOffset)
        if checksums, try payload(entry) == nil { return nil }
        return entry
    }

    private func payload(_ entry: Entry) throws(FileError) -> [UInt8]? {
        let bytes = try file.readBytes(
            at: entry.payloadOffset, count: Int(entry.header.storedBytes))
        guard bytes.count == Int(entry.header.storedBytes),
            bytes.withView({ Checksum.crc32c($0) }) == entry.header.payloadChecksum
        else { return nil }
        return bytes
    }

    /// The offset of the next valid frame behind `offset`, or nil.
    private func nextFrame(after offset: Int, size: Int) throws(FileError) -> Int? {
        var start = offset + 1
        while start < size {
            let window = try file.readBytes(
                at: start, count: min(Self.searchWindowBytes, size - start))
            var from = 0
            while let hit = window.withView({
                $0.firstIndex(of: JournalFormat.frameMagic, from: from)
            }) {
                if try entry(at: start + hit, size: size, checksums: true) != nil {
                    return start + hit
                }
                from = hit + 1
            }
            if start + window.count >= size { return nil }
            start += max(window.count - JournalFormat.frameMagic.count + 1, 1)
        }
        return nil
    }

    /// The content of a frame; nil when it is damaged.
    func frame(_ entry: Entry, table: ShapeTable) throws(FileError) -> JournalFrame? {
        guard let bytes = try payload(entry) else { return nil }
        return bytes.withView {
            JournalFrame(header: entry.header, payload: $0, table: table)
        }
    }
}
