public import LogBytes

/// The endpoint as a label: what varies from call to call is taken out, so that labels stay few.
///
///     /users/8231/orders?page=2                /users/:id/orders
///     https://shop.example/items/7f3a9c01      /items/:id
///
/// The query string and fragment go, and of a full URL everything before its path. A path segment that is a number, a UUID, a
/// hexadecimal word of at least 8 digits with a decimal one among them, or an e-mail address becomes `:id`. The line itself is
/// never changed.
public enum EndpointTemplate {
    /// Bytes of a template; what is longer is cut, since a label is no place for a document.
    public static let bytesMax = 256
    /// The shortest hexadecimal word taken for an identifier: 32 bits. Shorter ones are versions and years ("2a", "2024b").
    static let hexDigitsMin = 8
    /// The scheme of a URL, and a method before it, end within these bytes.
    private static let schemeBytesMax = 32
    private static let uuidBytes = 36

    /// The bytes of `text` that a label keeps: all, or as many whole characters as fit. Halves of different characters would
    /// read alike, and Prometheus refuses everything when a series stands there twice.
    @inline(__always)
    static func cutLength(_ text: ByteView) -> Int {
        guard text.count > bytesMax else { return text.count }
        // A character has at most three bytes behind its first.
        var length = bytesMax
        while length > bytesMax - 3, text[length] & 0xC0 == 0x80 { length -= 1 }
        return length
    }

    /// Appends the template of `endpoint`.
    ///
    /// Bytes are copied as they are read; where a segment turns out to be an identifier, what was copied of it is replaced.
    public static func append(_ endpoint: ByteView, into out: inout ByteWriter) {
        var endpoint = endpoint
        if endpoint.count > 0, endpoint[0] != UInt8(ascii: "/") {
            endpoint = dropHost(endpoint, into: &out)
        }
        let limit = cutLength(endpoint)
        // A segment of one byte and its slash become at most four bytes, and the last segment three.
        out.reserve(limit * 2 + 3)
        var index = 0
        var segmentStart = 0
        var outSegmentStart = out.count
        // Without a digit, an at sign or a percent sign a segment is no identifier.
        var isSuspect = false
        while index < limit {
            let byte = endpoint[index]
            if (byte | 0x20) &- UInt8(ascii: "a") >= 26 {
                if byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") { break }
                if byte == UInt8(ascii: "/") {
                    if isSuspect {
                        replace(endpoint.slice(segmentStart..<index), at: outSegmentStart, in: &out)
                    }
                    segmentStart = index + 1
                    outSegmentStart = out.count + 1
                    isSuspect = false
                } else if ASCII.isDigit(byte) || byte == UInt8(ascii: "@")
                    || byte == UInt8(ascii: "%")
                {
                    isSuspect = true
                }
            }
            out.base[out.count] = byte
            out.advance(1)
            index += 1
        }
        if isSuspect {
            replace(endpoint.slice(segmentStart..<index), at: outSegmentStart, in: &out)
        }
    }

    /// The path of a full URL, `/` where it has none; a method before the URL is appended. Anything else stays as it is.
    private static func dropHost(_ endpoint: ByteView, into out: inout ByteWriter) -> ByteView {
        guard let mark = endpoint.prefix(schemeBytesMax).firstIndex(of: ByteView("://")) else {
            return endpoint
        }
        var scheme = mark
        while scheme > 0, isSchemeByte(endpoint[scheme - 1]) { scheme -= 1 }
        // Only a method may stand before the scheme.
        guard scheme < mark, scheme == 0 || endpoint[scheme - 1] == ASCII.space else {
            return endpoint
        }
        out.append(endpoint.prefix(scheme))
        let host = endpoint.dropFirst(mark + 3)
        for index in 0..<host.count {
            switch host[index] {
            case UInt8(ascii: "/"): return host.dropFirst(index)
            case UInt8(ascii: "?"), UInt8(ascii: "#"): return ByteView("/")
            default: break
            }
        }
        return ByteView("/")
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || ASCII.isDigit(byte) || byte == ASCII.plus
    }

    /// Puts `:id` in the place of `segment`, which was copied to `start`, where it names one thing among many. There is
    /// room for it.
    private static func replace(
        _ segment: ByteView, at start: Int, in out: inout ByteWriter
    ) {
        guard isIdentifier(segment) else { return }
        out.truncate(start)
        out.append(ByteView(":id"))
    }

    /// True when a path segment names one thing among many.
    static func isIdentifier(_ segment: ByteView) -> Bool {
        guard let first = segment.isEmpty ? nil : segment[0] else { return false }
        if ASCII.isDigit(first) || first == ASCII.minus, isNumber(segment) { return true }
        if segment.count >= hexDigitsMin, isHex(segment) { return true }
        return isEMail(segment)
    }

    private static func isNumber(_ segment: ByteView) -> Bool {
        let start = segment[0] == ASCII.minus ? 1 : 0
        guard segment.count > start else { return false }
        for index in start..<segment.count where !ASCII.isDigit(segment[index]) { return false }
        return true
    }

    /// A UUID, or hexadecimal digits with at least one decimal among them.
    private static func isHex(_ segment: ByteView) -> Bool {
        var sawDigit = false
        for index in 0..<segment.count {
            let byte = segment[index]
            if byte == ASCII.minus {
                let isPlace = index == 8 || index == 13 || index == 18 || index == 23
                guard segment.count == uuidBytes, isPlace else { return false }
                continue
            }
            guard Hex.value(byte) != nil else { return false }
            if ASCII.isDigit(byte) { sawDigit = true }
        }
        return sawDigit
    }

    /// Something, an at sign (plain or percent-encoded), something with a dot.
    private static func isEMail(_ segment: ByteView) -> Bool {
        let behind: Int
        if let at = segment.firstIndex(of: UInt8(ascii: "@")) {
            guard at > 0 else { return false }
            behind = at + 1
        } else if segment.firstIndex(of: UInt8(ascii: "%")) != nil,
            let at = segment.firstIndex(of: ByteView("%40"))
        {
            guard at > 0 else { return false }
            behind = at + 3
        } else {
            return false
        }
        let domain = segment.dropFirst(behind)
        guard let dot = domain.firstIndex(of: ASCII.dot) else { return false }
        return dot > 0 && dot < domain.count - 1
    }
}
