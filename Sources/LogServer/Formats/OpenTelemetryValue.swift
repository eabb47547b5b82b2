internal import LogBytes
internal import LogJSON

/// A value of OpenTelemetry (AnyValue) as plain JSON: text, number, truth, array, object; bytes become base64.
enum OpenTelemetryValue {
    /// Values in values; deeper ones are written as null. Real attributes stay below 5.
    static let depthMax = 64

    // MARK: Protobuf

    /// Writes the value that `message` holds.
    static func write(
        protobuf message: ByteView, into out: inout ByteWriter, depth: Int = 0
    ) throws(MalformedBytes) {
        var fields = ProtobufFields(message)
        guard depth < depthMax, let field = try fields.next() else {
            out.append("null")
            return
        }
        switch (field.number, field.value) {
        case (1, .bytes(let text)): JSONText.quote(text, into: &out)
        case (2, .varint(let value)): out.append(value == 0 ? "false" : "true")
        case (3, .varint(let value)): out.append(String(Int64(bitPattern: value)))
        case (4, .fixed64(let bits)): number(Double(bitPattern: bits), into: &out)
        case (5, .bytes(let list)):
            out.append(ASCII.openBracket)
            for (index, element) in try ProtobufFields.all(1, in: list).enumerated() {
                if index > 0 { out.append(ASCII.comma) }
                try write(protobuf: element, into: &out, depth: depth + 1)
            }
            out.append(ASCII.closeBracket)
        case (6, .bytes(let list)):
            out.append(ASCII.openBrace)
            for (index, pair) in try ProtobufFields.all(1, in: list).enumerated() {
                if index > 0 { out.append(ASCII.comma) }
                let (key, value) = try pairOf(pair)
                JSONText.quote(key, into: &out)
                out.append(ASCII.colon)
                try write(protobuf: value, into: &out, depth: depth + 1)
            }
            out.append(ASCII.closeBrace)
        case (7, .bytes(let bytes)):
            out.append(ASCII.quote)
            Base64.append(bytes, into: &out)
            out.append(ASCII.quote)
        default: out.append("null")
        }
    }

    /// The key and the value of a KeyValue.
    static func pairOf(_ message: ByteView) throws(MalformedBytes) -> (ByteView, ByteView) {
        var key = ByteView.empty
        var value = ByteView.empty
        var fields = ProtobufFields(message)
        while let field = try fields.next() {
            guard case .bytes(let bytes) = field.value else { continue }
            if field.number == 1 { key = bytes }
            if field.number == 2 { value = bytes }
        }
        return (key, value)
    }

    /// The text that the value is; nil for other kinds.
    static func text(protobuf message: ByteView) throws(MalformedBytes) -> ByteView? {
        var fields = ProtobufFields(message)
        guard let field = try fields.next(), field.number == 1, case .bytes(let text) = field.value
        else { return nil }
        return text
    }

    private static func number(_ value: Double, into out: inout ByteWriter) {
        guard value.isFinite else {
            out.append("\"\(value)\"")
            return
        }
        out.append("\(value)")
    }

    // MARK: JSON

    /// Writes the value that the object `text`, which is valid JSON, holds.
    static func write(json text: ByteView, into out: inout ByteWriter, depth: Int = 0) {
        guard depth < depthMax, var members = JSONMembers(object: text),
            let member = members.member()
        else {
            out.append("null")
            return
        }
        switch member.key.text {
        case "intValue":
            // A 64-bit number is a string there.
            let digits = JSONMembers.content(member.value) ?? member.value
            if Int64(digits.text) != nil {
                out.append(digits)
            } else {
                out.append(json: member.value)
            }
        case "arrayValue":
            out.append(ASCII.openBracket)
            var isFirst = true
            each(in: member.value) { element in
                if !isFirst { out.append(ASCII.comma) }
                isFirst = false
                write(json: element, into: &out, depth: depth + 1)
            }
            out.append(ASCII.closeBracket)
        case "kvlistValue":
            out.append(ASCII.openBrace)
            var isFirst = true
            each(in: member.value) { pair in
                guard let (key, value) = pairOf(json: pair) else { return }
                if !isFirst { out.append(ASCII.comma) }
                isFirst = false
                out.append(ASCII.quote)
                out.append(key)
                out.append(ASCII.quote)
                out.append(ASCII.colon)
                write(json: value, into: &out, depth: depth + 1)
            }
            out.append(ASCII.closeBrace)
        default: out.append(json: member.value)
        }
    }

    /// The key between its quotes and the value of a KeyValue.
    static func pairOf(json pair: ByteView) -> (ByteView, ByteView)? {
        guard var members = JSONMembers(object: pair) else { return nil }
        var key: ByteView?
        var value = ByteView("{}")
        while let member = members.member() {
            if member.key == ByteView("key") { key = JSONMembers.content(member.value) }
            if member.key == ByteView("value") { value = member.value }
        }
        return key.map { ($0, value) }
    }

    private static func each(in list: ByteView, _ body: (ByteView) -> Void) {
        guard var members = JSONMembers(object: list) else { return }
        while let member = members.member() {
            guard member.key == ByteView("values"), var values = JSONMembers(member.value) else {
                continue
            }
            while let value = values.member() { body(value.value) }
        }
    }

    /// The content of the JSON string that the value is; nil for other kinds.
    static func text(json text: ByteView) -> ByteView? {
        guard var members = JSONMembers(object: text), let member = members.member(),
            member.key == ByteView("stringValue")
        else { return nil }
        return JSONMembers.content(member.value)
    }
}
