internal import LogBytes
internal import LogRecords

/// The layout of a segment file, by byte offset. All numbers little-endian; `text` is a varint length and UTF-8.
///
///     header, 16 bytes
///       0   8   "WEIRSEGM"
///       8   4   version, 3; one of version 2 has all but the layouts of `EntropyCoder` and the codec 2 of role 0
///      12   4   CRC-32C of bytes 0 to 11
///     16   …    chunks: the columns of all blocks, one behind the other, each under the CRC that its entry names
///     f    s    footer, stored as the trailer says
///     trailer, the last 32 bytes
///       0   8   offset of the footer, f
///       8   4   stored bytes of the footer, s
///      12   4   raw bytes of the footer
///      16   4   method of compression: 0 none, 1 LZ4, 2 deflate
///      20   4   CRC-32C of the stored footer
///      24   4   CRC-32C of bytes 0 to 23 of the trailer
///      28   4   "WEND"
///     footer, raw
///       text    class
///       zigzag  day, counted from 1970-01-01
///       byte    0; 1: the lines' own times lie too far ahead of their arrival, and the day is that of the arrival
///       zigzag  when the first of the lines came in, zigzag when the last one did, nanoseconds since the epoch
///       varint  columns; each: text path, byte kind of value (`ValueKind`), varint occurrence
///       varint  shapes; each: byte format (`LineFormat`; 128 more: whole), varint fields,
///               varint first field of the line inside an envelope, varint field behind its last,
///               for each field: varint column, for each piece: text
///       varint  blocks; each:
///         varint rows · varint bytes of the lines · zigzag first time · zigzag last time
///         varint chunks; each:
///           varint role (0 shape of each row, 1 time, 2 sequence number, 3 + c: values of column c)
///           varint values · varint offset in the file · varint stored bytes · varint raw bytes
///           byte method · byte codec · 4 bytes CRC-32C of the stored bytes
///
/// Roles 0 to 2 are `IntegerPacking` where their codec is 0; where it is 1, roles 1 and 2 are `EntropyIntegers`; where it is 1
/// or 2, role 0 is `RowKinds`, of which 2 has the numbers of rows. Others are as their codec says. A row has a value in column c if and only if its shape
/// has a field there, so values stand in row order without gaps. Lines of a shape that
/// is marked as whole stand in one column, because the segment has as many columns or shapes as it may, or because their
/// values do not stand in them as they are (parts of a line); they are scanned when they are read.
///
/// A segment is valid if and only if (1) header, trailer and footer have their CRCs, (2) the footer decodes, (3) each chunk
/// has its CRC and decodes. The file is written under a temporary name, fsynced, renamed and its directory fsynced: a file
/// that has its name is complete, and never changes.
enum SegmentFormat {
    static let magic = ByteView("WEIRSEGM")
    static let endMagic = ByteView("WEND")
    static let version: UInt32 = 3
    /// The versions that are read.
    static let readableVersions: ClosedRange<UInt32> = 2...3
    static let headerBytes = 16
    static let trailerBytes = 32

    /// Rows of a block: enough for columns to compress, few enough for a block to be read for one row.
    static let blockRowsMax = 8_192
    /// Bytes of a block's lines, so that long lines do not make large blocks.
    static let blockBytesMax = 4 << 20
    /// The same of a cold block: templates and kinds of rows are stored once for more rows.
    static let coldBlockRowsMax = 65_536
    static let coldBlockBytesMax = 24 << 20
    /// Columns and shapes of a segment: lines whose keys never repeat must not fill memory. Lines of further shapes are
    /// stored whole.
    static let columnsMax = 2_000
    static let shapesMax = 8_192
    /// The largest chunk or footer that a reader believes.
    static let chunkBytesMax = 1 << 30

    /// The path of the only column of lines that are stored whole; no line has a value of kind `text` there.
    static let wholePath = ""

    /// Added to the format of a shape whose lines are stored whole.
    static let wholeMark: UInt8 = 128
}

/// What a chunk holds.
enum ChunkRole: Equatable {
    case shapes, times, sequences
    case column(Int)

    var code: Int {
        switch self {
        case .shapes: 0
        case .times: 1
        case .sequences: 2
        case .column(let index): 3 + index
        }
    }

    init(code: Int) {
        self =
            switch code {
            case 0: .shapes
            case 1: .times
            case 2: .sequences
            default: .column(code - 3)
            }
    }
}

/// Where a chunk stands and how it is packed.
struct ChunkEntry {
    var role: ChunkRole
    var valueCount: Int
    var offset: Int
    var storedBytes: Int
    var rawBytes: Int
    var method: Compression.Method
    var codec: UInt8
    var checksum: UInt32

    func append(into out: inout ByteWriter) {
        out.append(length: role.code)
        out.append(length: valueCount)
        out.append(length: offset)
        out.append(length: storedBytes)
        out.append(length: rawBytes)
        out.append(method.rawValue)
        out.append(codec)
        out.append(fixed: checksum)
    }

    init(
        role: ChunkRole, valueCount: Int, offset: Int, storedBytes: Int, rawBytes: Int,
        method: Compression.Method, codec: UInt8, checksum: UInt32
    ) {
        self.role = role
        self.valueCount = valueCount
        self.offset = offset
        self.storedBytes = storedBytes
        self.rawBytes = rawBytes
        self.method = method
        self.codec = codec
        self.checksum = checksum
    }

    init(_ reader: inout ByteReader, columnCount: Int, rows: Int) throws(MalformedBytes) {
        role = ChunkRole(code: try reader.length(atMost: 2 + columnCount, "chunk role"))
        valueCount = try reader.length(atMost: rows, "chunk values")
        offset = try reader.length(atMost: Int.max, "chunk offset")
        storedBytes = try reader.length(atMost: SegmentFormat.chunkBytesMax, "chunk size")
        rawBytes = try reader.length(atMost: SegmentFormat.chunkBytesMax, "chunk raw size")
        let methodCode = try reader.fixed(UInt8.self, "chunk method")
        guard let method = Compression.Method(rawValue: methodCode) else {
            throw reader.malformed("chunk method")
        }
        self.method = method
        codec = try reader.fixed(UInt8.self, "chunk codec")
        checksum = try reader.fixed(UInt32.self, "chunk checksum")
    }
}

/// One block's entry in the footer.
struct BlockEntry {
    var rows: Int
    var rawBytes: Int
    var firstTime: Int64
    var lastTime: Int64
    var chunks: [ChunkEntry]
}

/// A shape as segments store it.
struct StoredShape {
    let isWhole: Bool
    /// For each field the number of its column in the segment.
    let columns: [Int]
    let shape: Shape
}

/// What a segment's footer says.
struct SegmentFooter {
    var className: String
    var day: Int
    /// Whether the lines' own times lie too far ahead to be believed.
    var isSkewed: Bool
    /// When its lines came in, the first and the last of them.
    var arrivals: ClosedRange<Int64>
    var columns: [ShapeField] = []
    var shapes: [StoredShape] = []
    var blocks: [BlockEntry] = []

    /// The partition that it belongs to.
    var key: PartitionKey {
        PartitionKey(
            className: className, day: CivilDate(daysSinceEpoch: day), isSkewed: isSkewed)
    }

    var rows: Int { blocks.reduce(0) { $0 + $1.rows } }
    var rawBytes: Int { blocks.reduce(0) { $0 + $1.rawBytes } }

    init(
        key: PartitionKey, arrivals: ClosedRange<Int64>, shapes: SegmentShapes,
        blocks: [BlockEntry]
    ) {
        className = key.className
        day = key.day.daysSinceEpoch
        isSkewed = key.isSkewed
        self.arrivals = arrivals
        columns = shapes.columns
        self.shapes = shapes.shapes
        self.blocks = blocks
    }

    func append(into out: inout ByteWriter) {
        className.withView { out.append(lengthPrefixed: $0) }
        out.append(zigzag: Int64(day))
        out.append(UInt8(isSkewed ? 1 : 0))
        out.append(zigzag: arrivals.lowerBound)
        out.append(zigzag: arrivals.upperBound)
        out.append(length: columns.count)
        for column in columns {
            column.path.withView { out.append(lengthPrefixed: $0) }
            out.append(column.kind.rawValue)
            out.append(length: column.occurrence)
        }
        out.append(length: shapes.count)
        for stored in shapes {
            out.append(
                stored.shape.format.rawValue | (stored.isWhole ? SegmentFormat.wholeMark : 0))
            out.append(length: stored.columns.count)
            out.append(length: stored.shape.inner.lowerBound)
            out.append(length: stored.shape.inner.upperBound)
            for column in stored.columns { out.append(length: column) }
            for number in 0...stored.columns.count {
                let piece = stored.shape.piece(number)
                out.append(length: piece.count)
                for byte in piece { out.append(byte) }
            }
        }
        out.append(length: blocks.count)
        for block in blocks {
            out.append(length: block.rows)
            out.append(length: block.rawBytes)
            out.append(zigzag: block.firstTime)
            out.append(zigzag: block.lastTime)
            out.append(length: block.chunks.count)
            for chunk in block.chunks { chunk.append(into: &out) }
        }
    }

    init(_ bytes: ByteView) throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        className = try reader.lengthPrefixed("class").text
        let day = try reader.zigzag("day")
        guard (-1_000_000...1_000_000).contains(day) else { throw reader.malformed("day") }
        self.day = Int(day)
        let skew = try reader.fixed(UInt8.self, "skew")
        guard skew <= 1 else { throw reader.malformed("skew") }
        isSkewed = skew == 1
        let firstArrival = try reader.zigzag("first arrival")
        let lastArrival = try reader.zigzag("last arrival")
        guard firstArrival <= lastArrival else { throw reader.malformed("last arrival") }
        arrivals = firstArrival...lastArrival
        try readColumns(&reader)
        try readShapes(&reader)
        for _ in 0..<(try reader.length(atMost: bytes.count, "blocks")) {
            blocks.append(try readBlock(&reader))
        }
        guard reader.remaining == 0 else { throw reader.malformed("end of footer") }
    }

    private mutating func readColumns(_ reader: inout ByteReader) throws(MalformedBytes) {
        for _ in 0..<(try reader.length(atMost: reader.remaining, "columns")) {
            let path = try reader.lengthPrefixed("path").text
            guard let kind = ValueKind(rawValue: try reader.fixed(UInt8.self, "column kind")) else {
                throw reader.malformed("column kind")
            }
            let occurrence = try reader.length(atMost: reader.view.count, "occurrence")
            columns.append(ShapeField(path: path, kind: kind, occurrence: occurrence))
        }
    }

    private mutating func readShapes(_ reader: inout ByteReader) throws(MalformedBytes) {
        let meanings = PathMeanings()
        for index in 0..<(try reader.length(atMost: reader.remaining, "shapes")) {
            let code = try reader.fixed(UInt8.self, "format of a shape")
            let isWhole = code & SegmentFormat.wholeMark != 0
            guard let format = LineFormat(rawValue: code & ~SegmentFormat.wholeMark) else {
                throw reader.malformed("format of a shape")
            }
            var numbers: [Int] = []
            let fieldCount = try reader.length(atMost: reader.remaining, "fields")
            let innerStart = try reader.length(atMost: fieldCount, "first inner field")
            let innerEnd = try reader.length(atMost: fieldCount, "last inner field")
            guard innerStart <= innerEnd else { throw reader.malformed("inner fields") }
            for _ in 0..<fieldCount {
                numbers.append(try reader.length(atMost: columns.count - 1, "column of a field"))
            }
            var pieceBytes: [UInt8] = []
            var pieceEnds: [Int] = []
            for _ in 0...numbers.count {
                pieceBytes += Array(try reader.lengthPrefixed("piece"))
                pieceEnds.append(pieceBytes.count)
            }
            shapes.append(
                StoredShape(
                    isWhole: isWhole, columns: numbers,
                    shape: Shape(
                        index: index, format: format,
                        fields: numbers.map { columns[$0] },
                        inner: innerStart..<innerEnd, pieceBytes: pieceBytes,
                        pieceEnds: pieceEnds, meanings: meanings)))
        }
    }

    private func readBlock(_ reader: inout ByteReader) throws(MalformedBytes) -> BlockEntry {
        let rows = try reader.length(atMost: SegmentFormat.coldBlockRowsMax, "rows")
        let rawBytes = try reader.length(atMost: Int.max, "bytes of lines")
        let firstTime = try reader.zigzag("first time")
        let lastTime = try reader.zigzag("last time")
        var chunks: [ChunkEntry] = []
        for _ in 0..<(try reader.length(atMost: reader.remaining, "chunks")) {
            chunks.append(try ChunkEntry(&reader, columnCount: columns.count, rows: rows))
        }
        return BlockEntry(
            rows: rows, rawBytes: rawBytes, firstTime: firstTime, lastTime: lastTime,
            chunks: chunks)
    }
}
