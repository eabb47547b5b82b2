internal import LogBytes

/// OpenTelemetry's attributes in JSON: `[{"key":"http.route","value":{"stringValue":"/v1"}}]`.
///
/// Attributes are a list, so they stand in one value of the line and not under paths of their own.
enum OpenTelemetryAttributes {
    /// White space and the name of the value's type stand between a key and its value.
    private static let gapMax = 64

    /// The path of the request, as the route where that is known.
    static func path(_ attributes: ByteView) -> ByteView {
        for key in ["\"http.route\"", "\"url.path\"", "\"http.target\""] as [StaticString] {
            let value = value(of: ByteView(key), in: attributes)
            if !value.isEmpty { return value }
        }
        return .empty
    }

    /// The HTTP status; its intValue is a string.
    static func status(_ attributes: ByteView) -> ByteView {
        let value = value(of: ByteView("\"http.response.status_code\""), in: attributes)
        return value.isEmpty
            ? self.value(of: ByteView("\"http.status_code\""), in: attributes) : value
    }

    /// The text or number behind the quoted `key`; empty where there is none, or one with escapes.
    private static func value(of key: ByteView, in attributes: ByteView) -> ByteView {
        guard let place = attributes.firstIndex(of: key) else { return .empty }
        var rest = attributes.dropFirst(place + key.count)
        guard let mark = rest.prefix(gapMax).firstIndex(of: ByteView("Value\"")) else {
            return .empty
        }
        rest = rest.dropFirst(mark + 6)
        let start =
            rest.firstIndex {
                $0 != ASCII.colon && $0 != ASCII.space && $0 != ASCII.quote
            } ?? rest.count
        rest = rest.dropFirst(start)
        let end =
            rest.firstIndex {
                $0 == ASCII.quote || $0 == ASCII.closeBrace || $0 == ASCII.comma
                    || $0 == ASCII.backslash
            } ?? rest.count
        return end < rest.count && rest[end] != ASCII.backslash ? rest.prefix(end) : .empty
    }
}
