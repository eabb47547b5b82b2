internal import LogBytes
internal import LogJSON

/// The members of a JSON object, or the elements of an array, one by one, as they stand in the text.
///
/// For small documents that are read once: each level of nesting is scanned again by whoever looks into it.
struct JSONMembers {
    /// A member of an object; the key of an array's element is empty.
    struct Member {
        /// The key between its quotes, escapes and all.
        let key: ByteView
        /// The value's text.
        let value: ByteView
        /// The whole member: key, colon and value.
        let whole: ByteView
    }

    private var scanner: JSONScanner
    private var next: UnsafePointer<UInt8>
    private let close: UInt8
    private let isObject: Bool
    private var isFirst = true
    /// Set when the text turned out to be malformed: what came before is not to be trusted either.
    private(set) var isMalformed = false
    /// The address behind the closing bracket, once the last member has been given.
    private(set) var end: UnsafePointer<UInt8>?

    /// The members of the object, or array, that `text` begins with, white space aside; nil when it begins with neither.
    init?(_ text: ByteView) {
        scanner = JSONScanner(end: text.end, readable: text.end)
        let start = scanner.skipSpace(text.start)
        guard start < text.end,
            start.pointee == ASCII.openBrace || start.pointee == ASCII.openBracket
        else { return nil }
        isObject = start.pointee == ASCII.openBrace
        close = isObject ? ASCII.closeBrace : ASCII.closeBracket
        next = start + 1
    }

    /// The object that is all of `text`; nil when that is no object.
    init?(object text: ByteView) {
        self.init(text)
        guard isObject else { return nil }
    }

    /// The next member; nil at the end, and where the text is malformed.
    mutating func member() -> Member? {
        guard end == nil, !isMalformed else { return nil }
        var p = scanner.skipSpace(next)
        if p < scanner.end, p.pointee == close, isFirst {
            end = p + 1
            return nil
        }
        if !isFirst {
            guard p < scanner.end else { return fail() }
            if p.pointee == close {
                end = p + 1
                return nil
            }
            guard p.pointee == ASCII.comma else { return fail() }
            p = scanner.skipSpace(p + 1)
        }
        isFirst = false
        let start = p
        var key = ByteView.empty
        if isObject {
            guard p < scanner.end, p.pointee == ASCII.quote else { return fail() }
            var isEscaped = false
            guard let quote = scanner.string(p + 1, escaped: &isEscaped) else { return fail() }
            key = ByteView(p + 1, quote - p - 1)
            p = scanner.skipSpace(quote + 1)
            guard p < scanner.end, p.pointee == ASCII.colon else { return fail() }
            p = scanner.skipSpace(p + 1)
        }
        guard let behind = scanner.value(p, depth: 1) else { return fail() }
        next = behind
        return Member(
            key: key, value: ByteView(p, behind - p), whole: ByteView(start, behind - start))
    }

    private mutating func fail() -> Member? {
        isMalformed = true
        return nil
    }

    /// The text of a JSON string; nil when `value` is none.
    static func text(_ value: ByteView) -> String? {
        guard value.count >= 2, value[0] == ASCII.quote else { return nil }
        var out = ByteWriter()
        JSONText.unescape(value.slice(1..<value.count - 1), into: &out)
        return out.view.text
    }

    /// The content of a JSON string between its quotes; nil when `value` is none.
    static func content(_ value: ByteView) -> ByteView? {
        guard value.count >= 2, value[0] == ASCII.quote else { return nil }
        return value.slice(1..<value.count - 1)
    }

    /// Whether `text` is one JSON object and nothing else but white space.
    static func isObject(_ text: ByteView) -> Bool {
        guard let first = text.firstByteOfJSON, first == ASCII.openBrace else { return false }
        do throws(JSONError) {
            try JSONScanner.validate(text)
            return true
        } catch {
            return false
        }
    }
}

extension ByteView {
    /// The first byte that is no white space of JSON.
    var firstByteOfJSON: UInt8? {
        for index in 0..<count {
            let byte = self[index]
            if byte != ASCII.space, byte != ASCII.tab, byte != ASCII.newline,
                byte != ASCII.carriageReturn
            {
                return byte
            }
        }
        return nil
    }
}
