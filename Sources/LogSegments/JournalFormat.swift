internal import LogBytes

/// The layout of a journal file, by byte offset. All numbers little-endian.
///
///     file header, 56 bytes, synchronized before the first frame is written; 24 in version 1
///       0   8   "WEIRJRNL"
///       8   4   version, 2; in files of version 1 there are no marks, and no frame has positions
///      12   8   number of the file, which its name has too
///      20   4   CRC-32C of bytes 0 to 19
///      24  16   mark
///      40  16   mark
///     a mark: after each fsync the older one is overwritten, so that one is whole always; the larger one counts
///       0   8   the offset up to which the file has been synchronized
///       8   4   CRC-32C of bytes 0 to 7
///      12   4   0
///     then frames, each one commit of lines that arrived together:
///       0   4   "WFRM"
///       4   4   stored bytes of the payload, s
///       8   4   raw bytes of the payload
///      12   4   number of lines, at least 1
///      16   8   sequence number of the first line; the others follow without a gap
///      24   8   arrival time, nanoseconds since the epoch
///      32   8   earliest time of a line
///      40   8   latest time of a line
///      48   1   method of compression: 0 none, 1 LZ4
///      49   1   1 when the payload begins with positions of sources, else 0
///      50   2   0
///      52   4   CRC-32C of the stored payload
///      56   4   CRC-32C of bytes 0 to 55
///      60   s   payload
///     payload, raw
///       positions of sources, up to which the lines were read, if the header says so (`PositionTable`)
///       varint  number of class names; each: varint length, bytes
///       runs that cover all lines: varint index of the class name, byte format (`LineFormat`), varint number of lines
///       for each line: varint length
///       the bytes of all lines
///
/// A frame is valid if and only if (1) its header's CRC fits, (2) its payload lies inside the file and its CRC fits, (3) the
/// payload decodes. Reading goes from frame to frame. A frame that is not valid and begins at or behind the mark was never
/// acknowledged: it and all behind it are a torn tail, and are dropped, so that what a power cut leaves of frames that were not
/// synchronized is always their beginning, and positions of sources never run ahead of their lines. In front of the mark, or where
/// none can be read, the reader looks for the next magic whose frame is valid: where there is one, the bytes between are damage and
/// are reported; where there is none, the rest is damage up to the mark, or a torn tail if there is no mark.
enum JournalFormat {
    static let magic = ByteView("WEIRJRNL")
    static let version: UInt32 = 2
    /// The versions that can be read.
    private static let readable: ClosedRange<UInt32> = 1...2
    static let fileHeaderBytes = 56
    /// Where the marks stand: behind all that a file of version 1 has for a header.
    static let markOffsets = [24, 40]
    static let markOffset = 24
    private static let markBytes = 16
    static let frameMagic = ByteView("WFRM")
    static let frameHeaderBytes = 60
    /// The largest payload that a reader believes. A batch is at most one line longer than a chunk; this is far beyond.
    static let payloadBytesMax = 256 << 20

    /// Appends the header of a file that is synchronized up to `durableEnd` before a reader sees it.
    static func appendFileHeader(
        number: UInt64, durableEnd: Int = fileHeaderBytes, into out: inout ByteWriter
    ) {
        let start = out.count
        out.append(magic)
        out.append(fixed: version)
        out.append(fixed: number)
        out.append(fixed: Checksum.crc32c(ByteView(out.base + start, out.count - start)))
        for _ in markOffsets { appendMark(durableEnd: durableEnd, into: &out) }
    }

    /// Appends the mark that says that the file is synchronized up to `durableEnd`.
    static func appendMark(durableEnd: Int, into out: inout ByteWriter) {
        let start = out.count
        out.append(fixed: UInt64(durableEnd))
        out.append(fixed: Checksum.crc32c(ByteView(out.base + start, out.count - start)))
        out.append(fixed: UInt32(0))
    }

    /// What a file's first bytes say.
    enum FileHeader: Equatable {
        case valid(number: UInt64)
        /// Too short or damaged.
        case damaged
        /// Written by a release that this one does not know.
        case unknownVersion(UInt32)
    }

    static func readFileHeader(_ bytes: ByteView) -> FileHeader {
        var reader = ByteReader(bytes)
        guard bytes.count >= markOffset, bytes.hasPrefix(magic),
            (try? reader.bytes(8, "magic")) != nil,
            let version = try? reader.fixed(UInt32.self, "version"),
            let number = try? reader.fixed(UInt64.self, "number"),
            let checksum = try? reader.fixed(UInt32.self, "checksum"),
            checksum == Checksum.crc32c(bytes.prefix(markOffset - 4))
        else { return .damaged }
        return readable.contains(version) ? .valid(number: number) : .unknownVersion(version)
    }

    /// Where the frames begin in a file that starts with `bytes`, valid or not.
    static func framesStart(_ bytes: ByteView) -> Int {
        // Version 1 had its first frame where the mark stands now.
        bytes.dropFirst(markOffset).hasPrefix(frameMagic) ? markOffset : fileHeaderBytes
    }

    /// The marks of the file that starts with `bytes`, nil where one is damaged; none in a file of version 1.
    static func marks(_ bytes: ByteView) -> [Int?] {
        guard bytes.count >= fileHeaderBytes, framesStart(bytes) == fileHeaderBytes else {
            return []
        }
        return markOffsets.map { offset in
            var reader = ByteReader(bytes.slice(offset..<offset + markBytes))
            guard let end = try? reader.fixed(UInt64.self, "mark"),
                let checksum = try? reader.fixed(UInt32.self, "checksum"),
                let zero = try? reader.fixed(UInt32.self, "padding"), zero == 0,
                checksum == Checksum.crc32c(bytes.slice(offset..<offset + 8))
            else { return nil }
            return Int(exactly: end)
        }
    }
}

/// The header of one frame.
struct FrameHeader: Equatable {
    var storedBytes: UInt32 = 0
    var rawBytes: UInt32 = 0
    var lineCount: UInt32 = 0
    var firstSequence: UInt64 = 0
    var arrivalTime: Int64 = 0
    var firstTime: Int64 = 0
    var lastTime: Int64 = 0
    var method: Compression.Method = .none
    var hasPositions = false
    var payloadChecksum: UInt32 = 0

    /// The sequence number behind the last line's.
    var endSequence: UInt64 { firstSequence &+ UInt64(lineCount) }

    /// The sequence numbers of all lines.
    var sequences: Range<UInt64> { firstSequence..<max(endSequence, firstSequence) }

    func append(into out: inout ByteWriter) {
        let start = out.count
        out.append(JournalFormat.frameMagic)
        out.append(fixed: storedBytes)
        out.append(fixed: rawBytes)
        out.append(fixed: lineCount)
        out.append(fixed: firstSequence)
        out.append(fixed: arrivalTime)
        out.append(fixed: firstTime)
        out.append(fixed: lastTime)
        out.append(fixed: UInt32(method.rawValue) | (hasPositions ? Self.positionsFlag : 0))
        out.append(fixed: payloadChecksum)
        out.append(fixed: Checksum.crc32c(ByteView(out.base + start, out.count - start)))
    }

    private static let positionsFlag: UInt32 = 1 << 8

    init() {}

    /// The header at the start of `bytes`, or nil when it is not valid.
    init?(_ bytes: ByteView) {
        let count = JournalFormat.frameHeaderBytes
        var reader = ByteReader(bytes)
        guard bytes.count >= count, bytes.hasPrefix(JournalFormat.frameMagic),
            (try? reader.bytes(4, "magic")) != nil,
            let storedBytes = try? reader.fixed(UInt32.self, "stored"),
            let rawBytes = try? reader.fixed(UInt32.self, "raw"),
            let lineCount = try? reader.fixed(UInt32.self, "lines"),
            let firstSequence = try? reader.fixed(UInt64.self, "sequence"),
            let arrivalTime = try? reader.fixed(Int64.self, "arrival"),
            let firstTime = try? reader.fixed(Int64.self, "first time"),
            let lastTime = try? reader.fixed(Int64.self, "last time"),
            let flags = try? reader.fixed(UInt32.self, "method"),
            let payloadChecksum = try? reader.fixed(UInt32.self, "payload checksum"),
            let checksum = try? reader.fixed(UInt32.self, "header checksum"),
            checksum == Checksum.crc32c(bytes.prefix(count - 4)),
            let method = UInt8(exactly: flags & ~Self.positionsFlag).flatMap(
                Compression.Method.init(rawValue:)),
            rawBytes <= UInt32(JournalFormat.payloadBytesMax), lineCount > 0
        else { return nil }
        self.storedBytes = storedBytes
        self.rawBytes = rawBytes
        self.lineCount = lineCount
        self.firstSequence = firstSequence
        self.arrivalTime = arrivalTime
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.method = method
        self.hasPositions = flags & Self.positionsFlag != 0
        self.payloadChecksum = payloadChecksum
    }
}
