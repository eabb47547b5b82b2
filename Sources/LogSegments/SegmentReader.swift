internal import LogBytes
internal import LogQuery
internal import LogRecords
internal import LogSystem

/// An open segment: its footer in memory, its chunks read when they are asked for.
///
/// Keeps the file open, so that a query goes on undisturbed when the segment is dropped. Nothing changes once it is open:
/// threads may read at once where the file system lets them.
final class SegmentReader: @unchecked Sendable {
    let path: String
    let footer: SegmentFooter
    /// The size of the file.
    let storedBytes: Int
    /// Where the footer begins, and the chunks end.
    let footerOffset: Int
    private let file: any OpenFile
    /// For each stored column the shapes whose rows have a value there.
    private let columnShapes: [[Int]]
    /// How a literal that is searched for stands in lines of each shape.
    let literalWays = KnownLiteralWays()

    /// Opens the segment at `path`. Throws `StoreError.damaged` when header, trailer or footer are not what they should be.
    ///
    /// - Parameter needsHeader: false for a repair: everything but the header can be read without the header.
    init(
        path: String, fileSystem: any FileSystem, needsHeader: Bool = true
    ) throws(StoreError) {
        self.path = path
        do throws(FileError) {
            file = try fileSystem.open(path, .read)
            storedBytes = try file.size()
        } catch {
            throw .file(error)
        }
        if needsHeader {
            let head = try Self.read(file, at: 0, count: SegmentFormat.headerBytes)
            try head.withView { view throws(StoreError) in
                try Self.checkHeader(view, path: path)
            }
        }
        let tailOffset = storedBytes - SegmentFormat.trailerBytes
        guard tailOffset >= SegmentFormat.headerBytes else {
            throw .damaged(file: path, offset: 0, what: "shorter than a segment can be")
        }
        let tail = try Self.read(file, at: tailOffset, count: SegmentFormat.trailerBytes)
        guard let trailer = tail.withView({ Trailer($0) }), trailer.footerOffset >= 0,
            trailer.footerOffset <= tailOffset,
            trailer.storedBytes == tailOffset - trailer.footerOffset
        else {
            throw .damaged(file: path, offset: tailOffset, what: "the trailer is not valid")
        }
        footerOffset = trailer.footerOffset
        let stored = try Self.read(file, at: trailer.footerOffset, count: trailer.storedBytes)
        guard stored.withView({ Checksum.crc32c($0) }) == trailer.checksum,
            let raw = stored.withView({
                Compression.unpack($0, method: trailer.method, rawCount: trailer.rawBytes)
            })
        else {
            throw .damaged(
                file: path, offset: trailer.footerOffset, what: "the footer is not valid")
        }
        do throws(MalformedBytes) {
            footer = try raw.withView { view throws(MalformedBytes) in
                try SegmentFooter(view)
            }
        } catch {
            throw .damaged(
                file: path, offset: trailer.footerOffset,
                what: "the footer does not decode: \(error.what)")
        }
        var columnShapes = [[Int]](repeating: [], count: footer.columns.count)
        for (number, shape) in footer.shapes.enumerated() {
            for column in shape.columns { columnShapes[column].append(number) }
        }
        self.columnShapes = columnShapes
    }

    /// For each shape whether its rows have a value in stored column `number`.
    func shapesWithColumn(_ number: Int) -> [Bool] {
        var has = [Bool](repeating: false, count: footer.shapes.count)
        for shape in columnShapes[number] { has[shape] = true }
        return has
    }

    private static func checkHeader(_ head: ByteView, path: String) throws(StoreError) {
        var reader = ByteReader(head)
        guard head.hasPrefix(SegmentFormat.magic), head.count == SegmentFormat.headerBytes,
            (try? reader.bytes(8, "magic")) != nil,
            let version = try? reader.fixed(UInt32.self, "version"),
            let checksum = try? reader.fixed(UInt32.self, "checksum"),
            checksum == Checksum.crc32c(head.prefix(12))
        else { throw .damaged(file: path, offset: 0, what: "the header is not valid") }
        guard SegmentFormat.readableVersions.contains(version) else {
            throw .unknownVersion(file: path, version: version)
        }
    }

    private struct Trailer {
        let footerOffset: Int
        let storedBytes: Int
        let rawBytes: Int
        let method: Compression.Method
        let checksum: UInt32

        init?(_ bytes: ByteView) {
            var reader = ByteReader(bytes)
            guard bytes.hasSuffix(SegmentFormat.endMagic),
                let offset = try? reader.fixed(UInt64.self, "offset"),
                let stored = try? reader.fixed(UInt32.self, "stored"),
                let raw = try? reader.fixed(UInt32.self, "raw"),
                let methodCode = try? reader.fixed(UInt32.self, "method"),
                let checksum = try? reader.fixed(UInt32.self, "checksum"),
                let own = try? reader.fixed(UInt32.self, "trailer checksum"),
                own == Checksum.crc32c(bytes.prefix(24)), let footerOffset = Int(exactly: offset),
                raw <= UInt32(SegmentFormat.chunkBytesMax),
                let method = UInt8(exactly: methodCode).flatMap(
                    Compression.Method.init(rawValue:))
            else { return nil }
            self.footerOffset = footerOffset
            self.storedBytes = Int(stored)
            self.rawBytes = Int(raw)
            self.method = method
            self.checksum = checksum
        }
    }

    private static func read(
        _ file: any OpenFile, at offset: Int, count: Int
    ) throws(StoreError) -> [UInt8] {
        do throws(FileError) {
            return try file.readBytes(at: offset, count: count)
        } catch {
            throw .file(error)
        }
    }

    // MARK: Chunks

    /// The raw bytes of a chunk, its checksum compared.
    func bytes(of chunk: ChunkEntry) throws(ScanFault) -> [UInt8] {
        do throws(StoreError) {
            return try unpacked(chunk)
        } catch {
            throw fault(chunk, error)
        }
    }

    /// The bytes of a chunk as they stand in the file, their checksum compared.
    func storedBytes(of chunk: ChunkEntry) throws(ScanFault) -> [UInt8] {
        do throws(StoreError) {
            return try stored(chunk)
        } catch {
            throw fault(chunk, error)
        }
    }

    private func stored(_ chunk: ChunkEntry) throws(StoreError) -> [UInt8] {
        let stored = try Self.read(file, at: chunk.offset, count: chunk.storedBytes)
        guard stored.count == chunk.storedBytes,
            stored.withView({ Checksum.crc32c($0) }) == chunk.checksum
        else { throw .damaged(file: path, offset: chunk.offset, what: "checksum") }
        return stored
    }

    private func unpacked(_ chunk: ChunkEntry) throws(StoreError) -> [UInt8] {
        let stored = try stored(chunk)
        if chunk.method == .none, stored.count == chunk.rawBytes { return stored }
        guard
            let raw = stored.withView({
                Compression.unpack($0, method: chunk.method, rawCount: chunk.rawBytes)
            })
        else { throw .damaged(file: path, offset: chunk.offset, what: "checksum") }
        return raw
    }

    private func fault(_ chunk: ChunkEntry, _ error: StoreError) -> ScanFault {
        if case .damaged(_, _, let what) = error { return fault(chunk, what) }
        return fault(chunk, "\(error)")
    }

    /// The sequence numbers of a block, for those who must tell a disk that fails from damage.
    func sequences(of block: BlockEntry) throws(StoreError) -> [UInt64] {
        guard let chunk = block.chunks.first(where: { $0.role == .sequences }) else {
            throw .damaged(file: path, offset: 0, what: "a block has no sequence numbers")
        }
        let raw = try unpacked(chunk)
        do throws(MalformedBytes) {
            return try raw.withView { view throws(MalformedBytes) in
                var reader = ByteReader(view)
                return try Self.integers(&reader, chunk, count: block.rows).map {
                    UInt64(bitPattern: $0)
                }
            }
        } catch {
            throw .damaged(file: path, offset: chunk.offset, what: error.what)
        }
    }

    private static func integers(
        _ reader: inout ByteReader, _ chunk: ChunkEntry, count: Int
    ) throws(MalformedBytes) -> [Int64] {
        chunk.codec == ColdBlockEncoder.integersCodec
            ? try EntropyIntegers.decode(&reader, count: count)
            : try IntegerPacking.decode(&reader, count: count)
    }

    /// The chunk of a block that has a value for each row.
    private func chunk(_ role: ChunkRole, of block: BlockEntry) throws(ScanFault) -> ChunkEntry {
        guard let chunk = block.chunks.first(where: { $0.role == role }),
            chunk.valueCount == block.rows
        else {
            throw ScanFault(
                file: path, offset: block.chunks.first?.offset ?? 0,
                message: "a block has no \(role); its \(block.rows) lines are left out")
        }
        return chunk
    }

    /// Decodes a chunk by `body`; what it finds malformed becomes a fault of this file.
    private func decode<Result>(
        _ chunk: ChunkEntry, _ body: (inout ByteReader) throws -> Result
    ) throws -> Result {
        try decode(chunk, bytes(of: chunk), body)
    }

    private func decode<Result>(
        _ chunk: ChunkEntry, _ raw: [UInt8], _ body: (inout ByteReader) throws -> Result
    ) throws -> Result {
        try raw.withView { view in
            var reader = ByteReader(view)
            do {
                let result = try body(&reader)
                guard reader.remaining == 0 else { throw reader.malformed("end of a chunk") }
                return result
            } catch let error as MalformedBytes {
                throw fault(chunk, error.what)
            }
        }
    }

    /// The times or the sequence numbers of a block's rows.
    func integers(_ role: ChunkRole, of block: BlockEntry) throws -> [Int64] {
        let chunk = try chunk(role, of: block)
        return try decode(chunk) { reader in
            try Self.integers(&reader, chunk, count: block.rows)
        }
    }

    /// Which row of a block has which shape.
    func layout(of block: BlockEntry) throws -> BlockLayout {
        let chunk = try chunk(.shapes, of: block)
        let layout = try decode(chunk) { reader in
            chunk.codec == 0
                ? BlockLayout(
                    try IntegerPacking.decodeCodes(
                        &reader, count: block.rows, limit: footer.shapes.count),
                    footer.shapes.count)
                : BlockLayout(
                    try StoredKinds(
                        &reader, count: block.rows,
                        hasCounts: chunk.codec == ColdBlockEncoder.kindsCodec),
                    footer.shapes.count)
        }
        guard let layout else { throw fault(chunk, "the number of a shape is out of range") }
        return layout
    }

    /// The bytes of a column of a block, and where they stand.
    struct StoredColumn {
        let number: Int
        fileprivate let chunk: ChunkEntry
        let codec: any ColumnCodec
        fileprivate let bytes: [UInt8]
    }

    /// Reads the bytes of column `number` of a block; nil when the block has none, or one with a codec that is not wanted.
    func column(
        _ number: Int, of block: BlockEntry,
        where isWanted: (any ColumnCodec) -> Bool = { _ in true }
    ) throws -> StoredColumn? {
        guard let chunk = block.chunks.first(where: { $0.role == .column(number) }) else {
            return nil
        }
        guard let codec = ColumnCodecs.codec(chunk.codec) else {
            throw fault(chunk, "unknown codec \(chunk.codec)")
        }
        if !isWanted(codec) { return nil }
        return StoredColumn(
            number: number, chunk: chunk, codec: codec, bytes: try bytes(of: chunk))
    }

    /// The values of a column, as they stand in the lines.
    func values(_ stored: StoredColumn, _ context: DecodeContext) throws -> Column {
        var context = context
        context.bytes = stored.bytes
        return try decode(stored.chunk, stored.bytes) { reader in
            try stored.codec.decode(&reader, count: stored.chunk.valueCount, context)
        }
    }

    /// The distinct values of a column, or more than these, whose codec has them apart from which row has which.
    func distinctValues(_ stored: StoredColumn) throws -> Column {
        try decode(stored.chunk, stored.bytes) { reader in
            let values = try stored.codec.distinctValues(&reader, count: stored.chunk.valueCount)
            _ = try reader.bytes(reader.remaining, "rest of a column")
            return values
        }
    }

    /// The values that occur in a column, and the number of the one that each of `kinds` kinds of rows has.
    func valuesOfKinds(
        _ stored: StoredColumn, kinds: Int
    ) throws -> (values: Column, numbers: [UInt32]) {
        try decode(stored.chunk, stored.bytes) { reader in
            try stored.codec.valuesOfKinds(
                &reader, count: stored.chunk.valueCount, kinds: kinds)
        }
    }

    /// The bytes that may occur in a column whose codec may tell without decoding it; nil where it does not.
    func alphabet(_ stored: StoredColumn) -> ByteSet? {
        stored.bytes.withView { stored.codec.alphabet($0) }
    }

    /// Whether a value of column `number` of a block is spelled `text`, or holds it as a part, told by an index without reading the column; nil where there
    /// is none. What is read of the chunk has sums of its own.
    func mayHold(
        _ text: ByteView, isPart: Bool, column number: Int, of block: BlockEntry
    ) throws -> Bool? {
        guard let chunk = block.chunks.first(where: { $0.role == .column(number) }),
            let codec = ColumnCodecs.codec(chunk.codec), codec.isIndexed, chunk.method == .none
        else { return nil }
        do {
            return try codec.mayHold(text, isPart: isPart, count: chunk.valueCount) { range in
                guard range.upperBound <= chunk.storedBytes else {
                    throw MalformedBytes(offset: range.upperBound, what: "range of a chunk")
                }
                return try Self.read(file, at: chunk.offset + range.lowerBound, count: range.count)
            }
        } catch let error as MalformedBytes {
            throw fault(chunk, error.what)
        } catch let error as StoreError {
            throw fault(chunk, error)
        }
    }

    /// What a damaged chunk means for an answer.
    func fault(_ chunk: ChunkEntry, _ what: String) -> ScanFault {
        ScanFault(
            file: path, offset: chunk.offset,
            message: "a block is damaged (\(what)); its lines are left out of the answer")
    }
}

/// Which row of a block has which shape: found when it is asked for, since most queries only want to know which shapes there are.
final class BlockLayout {
    /// The kinds of rows, where the block has kinds.
    let kinds: StoredKinds?
    /// For each shape of the segment whether a row of the block may have it.
    let isUsed: [Bool]
    private var loadedShapes: [UInt32]?

    /// The layout that `kinds` tell; nil when one is of a shape that the segment has not.
    init?(_ kinds: StoredKinds, _ shapeCount: Int) {
        var isUsed = [Bool](repeating: false, count: shapeCount)
        for shape in kinds.shapes {
            guard shape < shapeCount else { return nil }
            isUsed[shape] = true
        }
        self.kinds = kinds
        self.isUsed = isUsed
    }

    /// The layout of rows of these shapes, of which the segment has `shapeCount`.
    init(_ shapes: [UInt32], _ shapeCount: Int) {
        var isUsed = [Bool](repeating: false, count: shapeCount)
        isUsed.withUnsafeMutableBufferPointer { isUsed in
            for shape in shapes { isUsed[Int(shape)] = true }
        }
        kinds = nil
        self.isUsed = isUsed
        loadedShapes = shapes
    }

    /// The shape of each row.
    func shapes() throws(MalformedBytes) -> [UInt32] {
        if let loadedShapes { return loadedShapes }
        guard let kinds else { return [] }
        let shapeOfKind = kinds.shapes.map { UInt32($0) }
        let rows = try kinds.rows()
        let shapes = shapeOfKind.withUnsafeBufferPointer { shapeOfKind in
            [UInt32](unsafeUninitializedCapacity: rows.count) { shapes, filled in
                for (row, kind) in rows.enumerated() { shapes[row] = shapeOfKind[Int(kind)] }
                filled = rows.count
            }
        }
        loadedShapes = shapes
        return shapes
    }
}
