internal import LogBytes

/// The block format of Snappy, in which Loki's clients send their protobuf bodies.
///
///     varint   length of the output
///     tags     two low bits 0: literal; 1, 2, 4 bytes of offset: a copy of what came out before
///
/// Source: google/snappy, format_description.txt.
enum Snappy {
    /// The output. Nothing is allocated before the length is known to be at most
    /// `bytesMax`, and a length that the input cannot reach is malformed.
    static func unpack(_ input: ByteView, bytesMax: Int) throws(HTTPFailure) -> [UInt8] {
        var reader = ByteReader(input)
        let malformed = HTTPFailure(
            400, "the body is no block of Snappy, as Loki's protobuf has to be")
        do throws(MalformedBytes) {
            let length = Int(clamping: try reader.varint("length"))
            if length <= bytesMax {
                guard length <= input.count * ratioMax else { throw reader.malformed("length") }
                return try unpack(&reader, length)
            }
        } catch {
            throw malformed
        }
        throw HTTPFailure(
            413, "the body has more than \(bytesMax) bytes; send it in several requests")
    }

    /// A tag of three bytes gives 64 at most.
    private static let ratioMax = 32

    private static func unpack(
        _ reader: inout ByteReader, _ length: Int
    ) throws(MalformedBytes) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(length)
        while reader.remaining > 0 {
            let tag = try reader.fixed(UInt8.self, "tag")
            if tag & 3 == 0 {
                let count = try literalLength(tag, &reader)
                let bytes = try reader.bytes(count, "literal")
                guard out.count + count <= length else { throw reader.malformed("literal") }
                out.append(contentsOf: UnsafeBufferPointer(start: bytes.start, count: count))
                continue
            }
            let (count, offset) = try copy(tag, &reader)
            guard offset > 0, offset <= out.count, out.count + count <= length else {
                throw reader.malformed("copy")
            }
            let start = out.count - offset
            // Byte by byte: a copy may reach into what it writes.
            for index in 0..<count { out.append(out[start + index]) }
        }
        guard out.count == length else { throw reader.malformed("length") }
        return out
    }

    private static func literalLength(
        _ tag: UInt8, _ reader: inout ByteReader
    ) throws(MalformedBytes) -> Int {
        let short = Int(tag >> 2)
        guard short >= 60 else { return short + 1 }
        var count = 0
        for place in 0..<short - 59 {
            count |= Int(try reader.fixed(UInt8.self, "length of a literal")) << (8 * place)
        }
        return count + 1
    }

    private static func copy(
        _ tag: UInt8, _ reader: inout ByteReader
    ) throws(MalformedBytes) -> (count: Int, offset: Int) {
        switch tag & 3 {
        case 1:
            let low = try reader.fixed(UInt8.self, "offset")
            return (Int(tag >> 2 & 7) + 4, Int(tag >> 5) << 8 | Int(low))
        case 2: return (Int(tag >> 2) + 1, Int(try reader.fixed(UInt16.self, "offset")))
        default: return (Int(tag >> 2) + 1, Int(try reader.fixed(UInt32.self, "offset")))
        }
    }
}
