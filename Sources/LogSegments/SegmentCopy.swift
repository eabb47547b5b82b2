internal import LogBytes
internal import LogSystem

/// What stands before and behind the chunks of a segment.
enum SegmentEnds {
    /// Appends the header to `out`, which is empty.
    static func appendHeader(into out: inout ByteWriter) {
        out.append(SegmentFormat.magic)
        out.append(fixed: SegmentFormat.version)
        out.append(fixed: Checksum.crc32c(out.view))
    }

    /// Appends `footer`, which begins at byte `offset` of the file, and the trailer to `out`.
    static func append(_ footer: SegmentFooter, at offset: Int, into out: inout ByteWriter) {
        var raw = ByteWriter(capacity: 1 << 12)
        footer.append(into: &raw)
        let start = out.count
        let method = Deflater().append(raw.view, into: &out)
        let stored = out.count - start
        let checksum = Checksum.crc32c(ByteView(out.base + start, stored))
        let trailer = out.count
        out.append(fixed: UInt64(offset))
        out.append(fixed: UInt32(stored))
        out.append(fixed: UInt32(raw.count))
        out.append(fixed: UInt32(method.rawValue))
        out.append(fixed: checksum)
        out.append(fixed: Checksum.crc32c(ByteView(out.base + trailer, out.count - trailer)))
        out.append(SegmentFormat.endMagic)
    }
}

/// A segment made of blocks of another one, whose chunks are taken over byte for byte: nothing is decoded or packed again.
///
/// A chunk does not know where it stands; only the footer does. So a block can be put anywhere in another file as long as the
/// columns and shapes keep their numbers, which are those of the source. Holds one chunk at a time and the footer.
struct SegmentCopy {
    private let file: any OpenFile
    private var footer: SegmentFooter
    private var offset = 0

    /// A copy into `file`, which is empty, with the class, day, columns and shapes of `footer` and no block yet.
    init(into file: any OpenFile, like footer: SegmentFooter) throws(FileError) {
        self.file = file
        self.footer = footer
        self.footer.blocks = []
        var header = ByteWriter(capacity: SegmentFormat.headerBytes)
        SegmentEnds.appendHeader(into: &header)
        try write(header.view)
    }

    private mutating func write(_ bytes: ByteView) throws(FileError) {
        try file.write(bytes, at: offset)
        offset += bytes.count
    }

    /// Takes over a block of `reader`, a segment with the same columns and shapes. Throws `ScanFault` when one of its chunks
    /// is damaged: nothing of the block is in the copy then.
    mutating func append(_ block: BlockEntry, of reader: SegmentReader) throws {
        let start = offset
        var copied = block
        do {
            for index in block.chunks.indices {
                let bytes = try reader.storedBytes(of: block.chunks[index])
                copied.chunks[index].offset = offset
                try bytes.withView { try write($0) }
            }
        } catch {
            // The next block is written over it.
            offset = start
            throw error
        }
        footer.blocks.append(copied)
    }

    /// Writes the footer and makes the file durable.
    ///
    /// - Returns: the size of the file.
    mutating func finish() throws(FileError) -> Int {
        var end = ByteWriter(capacity: 1 << 12)
        SegmentEnds.append(footer, at: offset, into: &end)
        try write(end.view)
        // A block that was given up may have reached further.
        try file.truncate(to: offset)
        try file.synchronize()
        return offset
    }
}
