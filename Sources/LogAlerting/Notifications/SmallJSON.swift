internal import LogBytes
internal import LogJSON
internal import LogRecords

/// The members of a small JSON object that is read once.
struct SmallJSON {
    /// The texts of the values by key, as they stand; the last of equal keys.
    private var values: [String: [UInt8]] = [:]

    /// The object that is all of `text`; nil when that is no object.
    init?(object text: ByteView) {
        do throws(JSONError) {
            try JSONScanner.validate(text)
        } catch {
            return nil
        }
        var scanner = JSONScanner(end: text.end, readable: text.end)
        var p = scanner.skipSpace(text.start)
        guard p < text.end, p.pointee == ASCII.openBrace else { return nil }
        p = scanner.skipSpace(p + 1)
        while p < text.end, p.pointee == ASCII.quote {
            var isEscaped = false
            guard let quote = scanner.string(p + 1, escaped: &isEscaped) else { return nil }
            let key = Self.unescaped(ByteView(p + 1, quote - p - 1))
            // The text is valid: a colon stands here, and then a value.
            p = scanner.skipSpace(quote + 1)
            guard p < text.end else { return nil }
            p = scanner.skipSpace(p + 1)
            guard let behind = scanner.value(p, depth: 1) else { return nil }
            values[key] = Array(ByteView(p, behind - p))
            p = scanner.skipSpace(behind)
            if p < text.end, p.pointee == ASCII.comma { p = scanner.skipSpace(p + 1) }
        }
    }

    private static func unescaped(_ raw: ByteView) -> String {
        var out = ByteWriter()
        JSONText.unescape(raw, into: &out)
        return out.view.text
    }

    /// Whether there is a member of this key.
    func has(_ key: String) -> Bool { values[key] != nil }

    /// The text of a member; nil when it is missing or no string.
    func text(_ key: String) -> String? {
        guard let value = values[key], value.count >= 2, value[0] == ASCII.quote else { return nil }
        return value.withView { Self.unescaped($0.slice(1..<$0.count - 1)) }
    }

    /// The object of a member.
    func object(_ key: String) -> SmallJSON? {
        values[key]?.withView { SmallJSON(object: $0) }
    }

    /// The texts of a member that is a list of strings; nil when it is missing or something else.
    func texts(_ key: String) -> [String]? {
        guard let value = values[key], value.first == ASCII.openBracket else { return nil }
        return value.withView { view -> [String]? in
            var scanner = JSONScanner(end: view.end, readable: view.end)
            var result: [String] = []
            var p = scanner.skipSpace(view.start + 1)
            while p < view.end, p.pointee == ASCII.quote {
                var isEscaped = false
                guard let quote = scanner.string(p + 1, escaped: &isEscaped) else { return nil }
                result.append(Self.unescaped(ByteView(p + 1, quote - p - 1)))
                p = scanner.skipSpace(quote + 1)
                if p < view.end, p.pointee == ASCII.comma { p = scanner.skipSpace(p + 1) }
            }
            return p < view.end && p.pointee == ASCII.closeBracket ? result : nil
        }
    }

    func required(_ key: String) throws(OperatorCommandFault) -> String {
        guard let text = text(key) else {
            throw OperatorCommandFault(message: "the text `\(key)` is missing")
        }
        return text
    }

    func time(_ key: String) throws(OperatorCommandFault) -> Int64? {
        guard let text = text(key) else { return nil }
        guard let time = text.withView({ Timestamp.parse($0) }) else {
            throw OperatorCommandFault(
                message: "`\(key)` is no time like `2026-01-05T22:00:00Z` but `\(text)`")
        }
        return time
    }

    func requiredTime(_ key: String) throws(OperatorCommandFault) -> Int64 {
        guard let time = try time(key) else {
            throw OperatorCommandFault(message: "the time `\(key)` is missing")
        }
        return time
    }
}
