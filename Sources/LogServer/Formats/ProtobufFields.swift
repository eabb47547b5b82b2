internal import LogBytes

/// The fields of a protobuf message, one by one, in the order in which they were written.
///
/// Fields of unknown number are given like the others, for whoever reads them to pass over.
struct ProtobufFields {
    /// A field's value, as its wire type says.
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(ByteView)
        case fixed32(UInt32)
    }

    private var reader: ByteReader

    init(_ message: ByteView) { reader = ByteReader(message) }

    /// The next field; nil at the end.
    mutating func next() throws(MalformedBytes) -> (number: Int, value: Value)? {
        guard reader.remaining > 0 else { return nil }
        let tag = try reader.varint("tag")
        guard let number = Int(exactly: tag >> 3), number > 0 else { throw reader.malformed("tag") }
        switch tag & 7 {
        case 0: return (number, .varint(try reader.varint("value")))
        case 1: return (number, .fixed64(try reader.fixed(UInt64.self, "value")))
        case 2: return (number, .bytes(try reader.lengthPrefixed("value")))
        case 5: return (number, .fixed32(try reader.fixed(UInt32.self, "value")))
        default: throw reader.malformed("wire type")
        }
    }

    /// Calls `body` with each field that is bytes and has this number.
    static func each(
        _ wanted: Int, in message: ByteView,
        _ body: (ByteView) throws(MalformedBytes) -> Void
    ) throws(MalformedBytes) {
        var fields = ProtobufFields(message)
        while let field = try fields.next() {
            if field.number == wanted, case .bytes(let bytes) = field.value { try body(bytes) }
        }
    }

    /// The fields that are bytes and have this number.
    static func all(_ wanted: Int, in message: ByteView) throws(MalformedBytes) -> [ByteView] {
        var found: [ByteView] = []
        try each(wanted, in: message) { found.append($0) }
        return found
    }
}
