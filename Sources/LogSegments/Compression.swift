internal import CDeflate
internal import CLZ4
internal import CLogKernels
internal import LogBytes

/// LZ4 blocks and deflate streams, as the system's libraries make them.
enum Compression {
    /// How the bytes of a stored chunk are packed; the raw value is on disk.
    enum Method: UInt8 {
        case none = 0
        case lz4 = 1
        case deflate = 2
    }

    /// LZ4 finds one match in this many steps more quickly, at a small loss of ratio; measured on log lines.
    static let journalAcceleration: Int32 = 4

    /// Appends `bytes`, packed by LZ4 when that saves at least an eighth, to `out`.
    static func append(
        _ bytes: ByteView, acceleration: Int32 = 1, into out: inout ByteWriter
    ) -> Method {
        guard bytes.count >= 32, bytes.count <= Int(LZ4_MAX_INPUT_SIZE),
            mayPack(bytes, into: &out)
        else { return appendPlain(bytes, into: &out) }
        let room = bytes.count - bytes.count / 8
        let count = pack(bytes, acceleration, room: room, into: &out)
        guard count > 0 else { return appendPlain(bytes, into: &out) }
        out.advance(count)
        return .lz4
    }

    /// Bytes of the parts that are tried before many bytes are packed.
    private static let sampleBytes = 1_024

    /// Whether LZ4 saves anything at the begin, the middle or the end of many bytes. It is at its slowest where it finds matches
    /// that hardly save any, as in integers of a few bits, one behind the other.
    private static func mayPack(_ bytes: ByteView, into out: inout ByteWriter) -> Bool {
        guard bytes.count >= 8 * sampleBytes else { return true }
        let last = bytes.count - sampleBytes
        return [0, last / 2, last].contains { start in
            let sample = bytes.slice(start..<start + sampleBytes)
            return pack(sample, 1, room: sampleBytes - sampleBytes / 64, into: &out) > 0
        }
    }

    /// Packs `bytes` by LZ4 behind what `out` holds, into at most `room` bytes; how many they are, 0 when they do not suffice.
    private static func pack(
        _ bytes: ByteView, _ acceleration: Int32, room: Int, into out: inout ByteWriter
    ) -> Int {
        out.reserve(room)
        let count = UnsafeRawPointer(bytes.start).withMemoryRebound(
            to: CChar.self, capacity: bytes.count
        ) { source in
            UnsafeMutableRawPointer(out.base + out.count).withMemoryRebound(
                to: CChar.self, capacity: room
            ) { target in
                LZ4_compress_fast(source, target, Int32(bytes.count), Int32(room), acceleration)
            }
        }
        return Int(count)
    }

    /// Texts that are tried before many are packed, by their bytes, and when they are many.
    private static let sampleTextBytes = 8_192
    private static let manyTextBytes = 65_536

    /// As `append`, for bytes that end with the texts of `column`, one behind the other: `bytes` is the whole of `source`.
    ///
    /// What packs them by their words is faster than LZ4 itself, and as good where many texts have words in common. Whether they do,
    /// some from the middle show, which are too few to have as much in common as all of them.
    static func append(
        texts column: ColumnBuffer, endOf source: inout ByteWriter, into out: inout ByteWriter
    ) -> Method {
        let text = column.bytes.view
        let bytes = source.count
        guard text.count >= manyTextBytes, bytes <= Int(LZ4_MAX_INPUT_SIZE),
            haveWords(column, into: &out)
        else { return append(source.view, into: &out) }
        source.reserve(32)
        let room = bytes - bytes / 8
        out.reserve(room + 64)
        let count = weir_pack_words(
            source.base, bytes, bytes - text.count, column.ends.base, column.count, 0,
            out.base + out.count, room)
        guard count > 0 else { return append(source.view, into: &out) }
        out.advance(count)
        return .lz4
    }

    /// Whether some texts from the middle of `column` are packed by their words nearly as well as by LZ4.
    private static func haveWords(_ column: ColumnBuffer, into out: inout ByteWriter) -> Bool {
        let first = column.count / 2
        let start = first == 0 ? 0 : column.ends[first - 1]
        var end = first
        while end < column.count, column.ends[end] - start < UInt32(sampleTextBytes) { end += 1 }
        guard end > first else { return false }
        let sample = column.bytes.view.slice(Int(start)..<Int(column.ends[end - 1]))
        out.reserve(sample.count + 64)
        let byWords = weir_pack_words(
            sample.start, sample.count, 0, column.ends.base + first, end - first, start,
            out.base + out.count, sample.count)
        let byLZ4 = pack(sample, 1, room: sample.count, into: &out)
        return byWords > 0 && byLZ4 > 0 && byWords <= byLZ4 + byLZ4 / 8
    }

    /// Appends `bytes` as they are.
    static func appendPlain(_ bytes: ByteView, into out: inout ByteWriter) -> Method {
        out.append(bytes)
        return .none
    }

    /// The `rawCount` bytes that `stored` packs, or nil when it does not hold just that many.
    static func unpack(_ stored: ByteView, method: Method, rawCount: Int) -> [UInt8]? {
        if method == .none { return stored.count == rawCount ? Array(stored) : nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: rawCount) { target, count in
            count = unpack(stored, method: method, into: target)
        }
        return bytes.count == rawCount ? bytes : nil
    }

    /// Unpacks `stored` into `target`; the number of bytes, 0 when `stored` is malformed or too long.
    static func unpack(
        _ stored: ByteView, method: Method, into target: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        guard let base = target.baseAddress else { return 0 }
        switch method {
        case .none:
            guard stored.count <= target.count else { return 0 }
            base.update(from: stored.start, count: stored.count)
            return stored.count
        case .lz4: return unpackLZ4(stored, base, target.count)
        case .deflate: return unpackDeflate(stored, base, target.count)
        }
    }

    private static func unpackLZ4(
        _ stored: ByteView, _ base: UnsafeMutablePointer<UInt8>, _ room: Int
    ) -> Int {
        guard stored.count <= Int(Int32.max) else { return 0 }
        let count = UnsafeRawPointer(stored.start).withMemoryRebound(
            to: CChar.self, capacity: stored.count
        ) { source in
            UnsafeMutableRawPointer(base).withMemoryRebound(to: CChar.self, capacity: room) {
                LZ4_decompress_safe(source, $0, Int32(stored.count), Int32(clamping: room))
            }
        }
        return max(Int(count), 0)
    }

    private static func unpackDeflate(
        _ stored: ByteView, _ base: UnsafeMutablePointer<UInt8>, _ room: Int
    ) -> Int {
        guard let decompressor = libdeflate_alloc_decompressor() else { return 0 }
        defer { libdeflate_free_decompressor(decompressor) }
        var count = 0
        let result = libdeflate_deflate_decompress(
            decompressor, stored.start, stored.count, base, room, &count)
        return result == LIBDEFLATE_SUCCESS ? count : 0
    }
}

/// Packs by deflate (RFC 1951). Keeps its tables between calls; used by one thread.
final class Deflater {
    private let compressor: OpaquePointer?

    /// More effort gave less than a percent on log columns, for twice the time.
    private static let level: Int32 = 7

    init() { compressor = libdeflate_alloc_compressor(Self.level) }

    deinit {
        if let compressor { libdeflate_free_compressor(compressor) }
    }

    /// Appends `bytes`, packed when that saves at least a thirty-second, to `out`.
    func append(_ bytes: ByteView, into out: inout ByteWriter) -> Compression.Method {
        let room = bytes.count - bytes.count / 32 - 1
        guard bytes.count >= 32, !Self.isRandom(bytes), let compressor else {
            out.append(bytes)
            return .none
        }
        out.reserve(room)
        let count = libdeflate_deflate_compress(
            compressor, bytes.start, bytes.count, out.base + out.count, room)
        guard count > 0 else {
            out.append(bytes)
            return .none
        }
        out.advance(count)
        return .deflate
    }
}

extension Deflater {
    /// How many bytes are looked at, and how often a byte may stand among them, if it is no more frequent than others.
    private static let sampleBytes = 1 << 13
    private static let frequencyMax = 80

    /// Whether all byte values are about as frequent in a part of `bytes`, as in identifiers drawn by lot: nothing packs those.
    private static func isRandom(_ bytes: ByteView) -> Bool {
        guard bytes.count >= 2 * sampleBytes else { return false }
        var counts = [Int](repeating: 0, count: 256)
        let start = (bytes.count - sampleBytes) / 2
        for index in start..<start + sampleBytes { counts[Int(bytes[index])] += 1 }
        return counts.allSatisfy { $0 < frequencyMax }
    }
}

/// Bytes inside of a column's chunk, packed by themselves.
///
///     varint   raw bytes
///     byte     method, `Compression.Method`
///     varint   stored bytes
///     bytes
enum PackedBytes {
    static func append(_ bytes: ByteView, _ deflater: Deflater, into out: inout ByteWriter) {
        var packed = ByteWriter(capacity: bytes.count + 16)
        let method = deflater.append(bytes, into: &packed)
        out.append(length: bytes.count)
        out.append(method.rawValue)
        out.append(lengthPrefixed: packed.view)
    }

    static func read(
        _ reader: inout ByteReader, _ what: StaticString
    ) throws(MalformedBytes) -> [UInt8] {
        let count = try reader.length(atMost: SegmentFormat.chunkBytesMax, what)
        let code = try reader.fixed(UInt8.self, what)
        let stored = try reader.lengthPrefixed(what)
        guard let method = Compression.Method(rawValue: code),
            let bytes = Compression.unpack(stored, method: method, rawCount: count)
        else { throw reader.malformed(what) }
        return bytes
    }

    /// Goes on behind bytes without unpacking them.
    static func skip(
        _ reader: inout ByteReader, _ what: StaticString
    ) throws(MalformedBytes) {
        _ = try reader.length(atMost: SegmentFormat.chunkBytesMax, what)
        _ = try reader.fixed(UInt8.self, what)
        _ = try reader.lengthPrefixed(what)
    }
}
