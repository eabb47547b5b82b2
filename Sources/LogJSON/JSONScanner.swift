public import CLogKernels
public import LogBytes

/// The strict, copy-free scanner of JSON values on raw bytes.
///
/// It never allocates and never looks at a byte at or behind `end`; up to `readable` bytes may be loaded by vector
/// instructions, so `readable` names memory that exists. Positions are addresses; an error holds the address at which the
/// fault shows, which callers turn into an offset.
@frozen
public struct JSONScanner {
    /// The address behind the last byte of the text.
    public let end: UnsafePointer<UInt8>
    /// The address behind the last byte of readable memory; at least `end`.
    public let readable: UnsafePointer<UInt8>
    /// The fault that stopped the scanner, once a scan has returned nil.
    public var fault: JSONError.Code = .unexpectedByte
    /// Where the fault shows.
    public var faultPosition: UnsafePointer<UInt8>

    /// A scanner of a text that ends at `end`, in memory that is readable up to `readable`.
    @inlinable @inline(__always)
    public init(end: UnsafePointer<UInt8>, readable: UnsafePointer<UInt8>) {
        self.end = end
        self.readable = readable
        self.faultPosition = end
    }

    /// Records a fault and returns nil.
    @usableFromInline
    mutating func fail(
        _ code: JSONError.Code, _ position: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        fault = code
        faultPosition = position
        return nil
    }

    /// The first byte at or behind `p` that is no JSON white space, or `end`.
    @inlinable @inline(__always)
    public func skipSpace(_ p: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        var p = p
        while p < end, p.pointee <= 0x20 {
            let c = p.pointee
            guard
                c == ASCII.space || c == ASCII.newline || c == ASCII.tab
                    || c == ASCII.carriageReturn
            else { break }
            p += 1
        }
        return p
    }

    /// Scans the content of a string from behind its opening quote; the address of its closing quote, or nil.
    ///
    /// `escaped` is set when the content holds a backslash.
    @inlinable @inline(__always)
    public mutating func string(
        _ start: UnsafePointer<UInt8>, escaped: inout Bool
    ) -> UnsafePointer<UInt8>? {
        var high: UInt32 = 0
        let stop = weir_string_stop(start, end, readable, &high)
        if stop < end, stop.pointee == ASCII.quote, high == 0 { return stop }
        return stringSlow(start, stop, high, escaped: &escaped)
    }

    @usableFromInline
    mutating func stringSlow(
        _ start: UnsafePointer<UInt8>, _ firstStop: UnsafePointer<UInt8>, _ firstHigh: UInt32,
        escaped: inout Bool
    ) -> UnsafePointer<UInt8>? {
        var stop = firstStop
        var high = firstHigh
        while stop < end, stop.pointee != ASCII.quote {
            guard stop.pointee == ASCII.backslash else { return fail(.controlInString, stop) }
            escaped = true
            guard let next = escape(stop) else { return nil }
            stop = weir_string_stop(next, end, readable, &high)
        }
        guard stop < end else { return fail(.endOfInput, end) }
        if high != 0, let bad = UTF8Validation.firstFault(ByteView(start, stop - start)) {
            return fail(.badUTF8, start + bad)
        }
        return stop
    }

    /// Scans one escape sequence from its backslash; the address behind it.
    private mutating func escape(_ p: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        guard p + 1 < end else { return fail(.endOfInput, end) }
        switch p[1] {
        case UInt8(ascii: "u"):
            for index in 2..<6 {
                guard p + index < end else { return fail(.endOfInput, end) }
                guard Hex.value(p[index]) != nil else { return fail(.badEscape, p + index) }
            }
            return p + 6
        case ASCII.quote, ASCII.backslash, UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return p + 2
        default:
            return fail(.badEscape, p + 1)
        }
    }

    /// Scans a number, literal or array from its first byte; the address behind it, or nil.
    @inlinable @inline(__always)
    public mutating func token(_ p: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        // Whole numbers are by far the most common tokens; everything else goes the long way.
        var q = p
        if q < end, q.pointee &- UInt8(ascii: "1") < 9 {
            q += 1
            while q < end, ASCII.isDigit(q.pointee) { q += 1 }
            if q < end, q.pointee == ASCII.comma || q.pointee == ASCII.closeBrace { return q }
        }
        return tokenSlow(p)
    }

    @usableFromInline
    mutating func tokenSlow(_ p: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        guard p < end else { return fail(.endOfInput, end) }
        switch p.pointee {
        case UInt8(ascii: "t"): return literal(p, "true")
        case UInt8(ascii: "f"): return literal(p, "false")
        case UInt8(ascii: "n"): return literal(p, "null")
        case ASCII.openBracket: return container(p, depth: 0)
        case ASCII.minus, ASCII.zero...ASCII.nine: return number(p)
        default: return fail(.unexpectedByte, p)
        }
    }

    private mutating func literal(
        _ p: UnsafePointer<UInt8>, _ text: StaticString
    ) -> UnsafePointer<UInt8>? {
        for index in 0..<text.utf8CodeUnitCount {
            guard p + index < end else { return fail(.endOfInput, end) }
            guard p[index] == text.utf8Start[index] else { return fail(.badLiteral, p + index) }
        }
        return p + text.utf8CodeUnitCount
    }

    private mutating func number(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        var p = start
        if p.pointee == ASCII.minus { p += 1 }
        guard p < end else { return fail(.endOfInput, end) }
        guard ASCII.isDigit(p.pointee) else { return fail(.badNumber, p) }
        if p.pointee == ASCII.zero {
            p += 1
            if p < end, ASCII.isDigit(p.pointee) { return fail(.badNumber, p) }
        } else {
            p = skipDigits(p)
        }
        if p < end, p.pointee == ASCII.dot {
            p += 1
            guard let behind = someDigits(p) else { return nil }
            p = behind
        }
        if p < end, p.pointee | 0x20 == UInt8(ascii: "e") {
            p += 1
            if p < end, p.pointee == ASCII.plus || p.pointee == ASCII.minus { p += 1 }
            guard let behind = someDigits(p) else { return nil }
            p = behind
        }
        return p
    }

    private func skipDigits(_ p: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        var p = p
        while p < end, ASCII.isDigit(p.pointee) { p += 1 }
        return p
    }

    private mutating func someDigits(_ p: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        guard p < end else { return fail(.endOfInput, end) }
        guard ASCII.isDigit(p.pointee) else { return fail(.badNumber, p) }
        return skipDigits(p)
    }

    /// Scans any value from its first byte, `depth` containers deep; the address behind it.
    public mutating func value(
        _ p: UnsafePointer<UInt8>, depth: Int
    ) -> UnsafePointer<UInt8>? {
        guard p < end else { return fail(.endOfInput, end) }
        switch p.pointee {
        case ASCII.quote:
            var escaped = false
            guard let close = string(p + 1, escaped: &escaped) else { return nil }
            return close + 1
        case ASCII.openBrace, ASCII.openBracket: return container(p, depth: depth)
        default: return tokenSlow(p)
        }
    }

    /// Scans an object or array from its bracket. Recursion is bounded by `JSONLimits.depthMax`.
    private mutating func container(
        _ start: UnsafePointer<UInt8>, depth: Int
    ) -> UnsafePointer<UInt8>? {
        guard depth < JSONLimits.depthMax else { return fail(.tooDeep, start) }
        let isObject = start.pointee == ASCII.openBrace
        let close = isObject ? ASCII.closeBrace : ASCII.closeBracket
        var p = skipSpace(start + 1)
        if p < end, p.pointee == close { return p + 1 }
        while true {
            if isObject {
                guard let behind = keyAndColon(p) else { return nil }
                p = behind
            }
            guard let behind = value(p, depth: depth + 1) else { return nil }
            p = skipSpace(behind)
            guard p < end else { return fail(.endOfInput, end) }
            if p.pointee == close { return p + 1 }
            guard p.pointee == ASCII.comma else { return fail(.unexpectedByte, p) }
            p = skipSpace(p + 1)
        }
    }

    /// Scans `"key" :` and the white space around; the address of the value's first byte.
    private mutating func keyAndColon(_ p: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        guard p < end else { return fail(.endOfInput, end) }
        guard p.pointee == ASCII.quote else { return fail(.unexpectedByte, p) }
        var escaped = false
        guard let close = string(p + 1, escaped: &escaped) else { return nil }
        let colon = skipSpace(close + 1)
        guard colon < end else { return fail(.endOfInput, end) }
        guard colon.pointee == ASCII.colon else { return fail(.unexpectedByte, colon) }
        return skipSpace(colon + 1)
    }

    /// Checks that `text` is one JSON text, white space around it allowed.
    public static func validate(_ text: ByteView) throws(JSONError) {
        var scanner = JSONScanner(end: text.end, readable: text.end)
        let start = scanner.skipSpace(text.start)
        guard let behind = scanner.value(start, depth: 0) else {
            throw JSONError(scanner.fault, offset: scanner.faultPosition - text.start)
        }
        let rest = scanner.skipSpace(behind)
        guard rest == text.end else {
            throw JSONError(.trailingBytes, offset: rest - text.start)
        }
    }
}
