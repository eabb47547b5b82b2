internal import LogBytes

/// The request that a line of an access log quotes: `"GET /v1/orders?page=2 HTTP/1.1" 200`.
enum RequestLine {
    /// No quote behind these bytes is looked at.
    private static let bytesMax = 256
    /// The longest method, PROPFIND, and some more.
    private static let methodBytesMax = 12

    /// Where the path stands, and what stands behind the closing quote; nil where no request is quoted.
    private static func find(_ text: ByteView) -> (path: ByteView, rest: ByteView)? {
        guard let quote = text.prefix(bytesMax).firstIndex(of: ASCII.quote) else { return nil }
        let request = text.dropFirst(quote + 1)
        var length = 0
        while length < min(request.count, methodBytesMax),
            request[length] &- UInt8(ascii: "A") < 26
        {
            length += 1
        }
        guard length >= 3, length < request.count, request[length] == ASCII.space else {
            return nil
        }
        let target = request.dropFirst(length + 1)
        guard let space = target.firstIndex(of: ASCII.space), space > 0,
            target.dropFirst(space).hasPrefix(ByteView(" HTTP/")),
            let close = target.dropFirst(space).firstIndex(of: ASCII.quote)
        else { return nil }
        return (target.prefix(space), target.dropFirst(space + close + 1))
    }

    /// The path of the quoted request; empty where there is none.
    static func path(_ text: ByteView) -> ByteView { find(text)?.path ?? .empty }

    /// The status behind the quoted request; empty where there is none.
    static func status(_ text: ByteView) -> ByteView {
        guard let rest = find(text)?.rest, rest.count >= 4, rest[0] == ASCII.space,
            ASCII.isDigit(rest[1]), ASCII.isDigit(rest[2]), ASCII.isDigit(rest[3]),
            rest.count == 4 || rest[4] == ASCII.space
        else { return .empty }
        return rest.slice(1..<4)
    }
}
