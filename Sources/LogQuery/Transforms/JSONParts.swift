internal import LogBytes
internal import LogJSON

/// The parts of a JSON text within a value: the elements of an array, the fields of an object.
struct JSONParts {
    private let text: ByteView
    private var scanner: JSONScanner

    private init?(_ text: ByteView, opens byte: UInt8) {
        let scanner = JSONScanner(end: text.end, readable: text.end)
        let start = scanner.skipSpace(text.start)
        guard start < text.end, start.pointee == byte, (try? JSONScanner.validate(text)) != nil
        else { return nil }
        self.scanner = scanner
        self.text = ByteView(start, text.end - start)
    }

    /// The elements of the JSON array `text`: strings decoded, others as they are written. Nil for what is no array.
    static func elements(_ text: ByteView) -> [[UInt8]]? {
        guard var parts = JSONParts(text, opens: ASCII.openBracket) else { return nil }
        var elements: [[UInt8]] = []
        parts.visit(isObject: false) { _, value in elements.append(decoded(value)) }
        return elements
    }

    /// The elements of the JSON array `text`, as they are written. Nil for what is no array.
    static func rawElements(_ text: ByteView) -> [[UInt8]]? {
        guard var parts = JSONParts(text, opens: ASCII.openBracket) else { return nil }
        var elements: [[UInt8]] = []
        parts.visit(isObject: false) { _, value in elements.append(Array(value)) }
        return elements
    }

    /// Gives `body` the fields of the JSON object `text`, flattened as those of lines are: `{"a":{"b":1}}` has the field
    /// `a.b`. Members that are null are passed over. False for what is no object.
    static func flatten(_ text: ByteView, _ body: (String, [UInt8]) -> Void) -> Bool {
        guard var parts = JSONParts(text, opens: ASCII.openBrace) else { return false }
        parts.flatten(prefix: "", body)
        return true
    }

    private mutating func flatten(prefix: String, _ body: (String, [UInt8]) -> Void) {
        visit(isObject: true) { key, value in
            let path = prefix + String(decoding: Self.decoded(key), as: UTF8.self)
            if value[0] == ASCII.openBrace {
                if var inner = JSONParts(value, opens: ASCII.openBrace) {
                    inner.flatten(prefix: path + ".", body)
                }
            } else if value != ByteView("null") {
                body(path, Self.decoded(value))
            }
        }
    }

    /// Walks over the members of the container that the text is, which was validated.
    private mutating func visit(isObject: Bool, _ body: (ByteView, ByteView) -> Void) {
        var place = scanner.skipSpace(text.start + 1)
        while place < text.end, place.pointee != ASCII.closeBracket,
            place.pointee != ASCII.closeBrace
        {
            var key = ByteView.empty
            if isObject {
                guard let behind = scanner.value(place, depth: 0) else { return }
                key = ByteView(place, behind - place)
                place = scanner.skipSpace(scanner.skipSpace(behind) + 1)
            }
            guard let behind = scanner.value(place, depth: 0) else { return }
            body(key, ByteView(place, behind - place))
            place = scanner.skipSpace(behind)
            if place < text.end, place.pointee == ASCII.comma {
                place = scanner.skipSpace(place + 1)
            }
        }
    }

    /// A value as text: strings without quotes and escapes.
    private static func decoded(_ value: ByteView) -> [UInt8] {
        guard value.count >= 2, value[0] == ASCII.quote else { return Array(value) }
        var out = ByteWriter(capacity: value.count)
        JSONText.unescape(value.prefix(value.count - 1).dropFirst(1), into: &out)
        return Array(out.view)
    }

    /// Appends a JSON array of `texts` as strings.
    static func append(array texts: some Sequence<[UInt8]>, into out: inout ByteWriter) {
        out.append(ASCII.openBracket)
        for (index, text) in texts.enumerated() {
            if index > 0 { out.append(ASCII.comma) }
            text.withView { JSONText.quote($0, into: &out) }
        }
        out.append(ASCII.closeBracket)
    }
}
