internal import CRE2
internal import LogBytes

/// A compiled RE2 expression: matching takes time linear in the text, whatever the pattern.
final class RegularExpression: @unchecked Sendable {
    private let handle: OpaquePointer

    /// Why a pattern is no expression.
    struct Fault: Error {
        /// RE2's words.
        let message: String
    }

    /// Compiles `pattern`.
    init(_ pattern: String, ignoresCase: Bool = false) throws(Fault) {
        var message = [CChar](repeating: 0, count: 512)
        let compiled = pattern.withView { view in
            message.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.flatMap {
                    weir_re2_compile(view.start, view.count, ignoresCase, false, $0, buffer.count)
                }
            }
        }
        guard let compiled else {
            let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw Fault(message: String(decoding: text, as: UTF8.self))
        }
        handle = compiled
    }

    deinit { weir_re2_free(handle) }

    /// Whether the expression matches anywhere in `text`.
    @inline(__always)
    func matches(_ text: ByteView) -> Bool { weir_re2_matches(handle, text.start, text.count) }
}

/// `~"err|warn"`: the expression matches somewhere in the text.
final class RegexMatcher: ValueMatcher, @unchecked Sendable {
    private let expression: RegularExpression

    init(_ expression: RegularExpression, pattern: String) {
        self.expression = expression
        super.init(syntax: "~" + Quoting.quoted(pattern), cost: .expression)
    }

    override func matches(_ text: ByteView) -> Bool { expression.matches(text) }
}

/// `~"plain"`: a pattern without operators is a search for its bytes.
final class SubstringMatcher: ValueMatcher, @unchecked Sendable {
    private let needle: [UInt8]

    init(_ needle: String) {
        self.needle = Array(needle.utf8)
        super.init(syntax: "~" + Quoting.quoted(needle), cost: .search)
    }

    override func matches(_ text: ByteView) -> Bool {
        needle.withView { text.firstIndex(of: $0) != nil }
    }

    override var literals: [[UInt8]] { needle.isEmpty ? [] : [needle] }
    override var matchesByParts: Bool { true }

    /// Whether `pattern` stands for itself.
    static func isPlain(_ pattern: String) -> Bool {
        pattern.utf8.allSatisfy { byte in !Array(#"\.+*?()|[]{}^$"#.utf8).contains(byte) }
    }
}
