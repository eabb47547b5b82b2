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
        handle = try Self.handle { message, size in
            pattern.withView {
                weir_re2_compile($0.start, $0.count, ignoresCase, false, message, size)
            }
        }
    }

    /// Compiles `pattern` with matches as POSIX has them: of those that begin first the longest.
    init(longest pattern: String) throws(Fault) {
        handle = try Self.handle { message, size in
            pattern.withView { weir_re2_compile_longest($0.start, $0.count, message, size) }
        }
    }

    private static func handle(
        _ compile: (UnsafeMutablePointer<CChar>, Int) -> OpaquePointer?
    ) throws(Fault) -> OpaquePointer {
        var message = [CChar](repeating: 0, count: 512)
        let compiled = message.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { compile($0, buffer.count) }
        }
        guard let compiled else {
            let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw Fault(message: String(decoding: text, as: UTF8.self))
        }
        return compiled
    }

    deinit { weir_re2_free(handle) }

    /// Whether the expression matches anywhere in `text`.
    @inline(__always)
    func matches(_ text: ByteView) -> Bool { weir_re2_matches(handle, text.start, text.count) }

    /// How many groups the expression captures.
    var groupCount: Int { weir_re2_group_count(handle) }

    /// The name of group `index`, counted from 1, or nil.
    func groupName(_ index: Int) -> String? {
        weir_re2_group_name(handle, index).map { String(cString: $0) }
    }

    /// The first match at or behind `from`: where it stands, and behind it where each group does, nil for those that took
    /// no part.
    func firstMatch(in text: ByteView, from: Int = 0) -> [Range<Int>?]? {
        let count = groupCount + 1
        var starts = [Int](repeating: 0, count: count)
        var ends = [Int](repeating: 0, count: count)
        guard weir_re2_find(handle, text.start, text.count, from, &starts, &ends, count) else {
            return nil
        }
        return zip(starts, ends).map { $0 < 0 ? nil : $0..<$1 }
    }

    /// Where the first match at or behind byte `from` stands: all of it, or its group `group`.
    func firstMatch(in text: ByteView, from: Int, group: Int) -> Range<Int>? {
        guard from <= text.count else { return nil }
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * (group + 1)) { places in
            guard let starts = places.baseAddress,
                weir_re2_find(
                    handle, text.start, text.count, from, starts, starts + group + 1, group + 1)
            else { return nil }
            let start = starts[group]
            return start < 0 ? nil : start..<starts[2 * group + 1]
        }
    }
}

/// `~"err|warn"`: the expression matches somewhere in the text.
final class RegexMatcher: ValueMatcher, @unchecked Sendable {
    let expression: RegularExpression
    let pattern: String
    private let needed: [[UInt8]]

    init(_ expression: RegularExpression, pattern: String) {
        self.expression = expression
        self.pattern = pattern
        needed = RegexLiterals.find(pattern)
        super.init(syntax: "~" + Quoting.quoted(pattern), cost: .expression)
    }

    override func matches(_ text: ByteView) -> Bool { expression.matches(text) }

    override var literals: [[UInt8]] { needed }
}

/// `~"plain"`: a pattern without operators is a search for its bytes.
final class SubstringMatcher: ValueMatcher, @unchecked Sendable {
    let needle: [UInt8]

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
