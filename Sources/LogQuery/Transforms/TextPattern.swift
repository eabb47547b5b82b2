internal import LogBytes

/// A text with fields in it, as `extract` and `format` have it: `ip=<ip> took <duration:took>`.
struct TextPattern: Sendable {
    /// Some text, and the field behind it.
    struct Step: Sendable {
        /// The text, of which `&lt;` and the like are undone.
        var text: [UInt8] = []
        /// What is said of the field, before a colon: `plain`, `q`, `duration`; empty for nothing.
        var option = ""
        /// The field; nil for `<_>` and behind the last one.
        var field: String?
        /// Whether a field follows, be it without a name.
        var hasField = false
    }

    /// The steps, in order; only the last one may lack a field.
    let steps: [Step]

    /// The names of the fields, each once, in order.
    let fieldNames: [String]

    /// Reads `pattern`, in which fields may have one of `options` before their names; nil where a `<` is not closed.
    init?(_ pattern: String, options: Set<String>) {
        var steps: [Step] = []
        var rest = pattern[...]
        while let open = rest.firstIndex(of: "<") {
            guard let close = rest[open...].firstIndex(of: ">") else { return nil }
            var step = Step(text: Self.unescaped(rest[..<open]), hasField: true)
            var name = String(rest[rest.index(after: open)..<close])
            if let colon = name.firstIndex(of: ":"), options.contains(String(name[..<colon])) {
                step.option = String(name[..<colon])
                name = String(name[name.index(after: colon)...])
            }
            name = name.trimmingSpace
            step.field = ["", "_", "*"].contains(name) ? nil : name
            steps.append(step)
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { steps.append(Step(text: Self.unescaped(rest))) }
        self.steps = steps
        var seen: Set<String> = []
        fieldNames = steps.compactMap(\.field).filter { seen.insert($0).inserted }
    }

    /// Whether two fields stand side by side, so that nothing tells where the first one ends.
    var hasOpenBorder: Bool {
        zip(steps, steps.dropFirst()).contains { $0.hasField && $1.text.isEmpty }
    }

    private static let entities: [(name: String, text: String)] = [
        ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"),
        ("&#34;", "\""), ("&amp;", "&"),
    ]

    private static func unescaped(_ text: Substring) -> [UInt8] {
        var out: [UInt8] = []
        var rest = text
        while let mark = rest.firstIndex(of: "&") {
            out += Array(rest[..<mark].utf8)
            rest = rest[mark...]
            if let entity = entities.first(where: { rest.hasPrefix($0.name) }) {
                out += Array(entity.text.utf8)
                rest = rest.dropFirst(entity.name.count)
            } else {
                out.append(UInt8(ascii: "&"))
                rest = rest.dropFirst()
            }
        }
        return out + Array(rest.utf8)
    }
}

extension String {
    /// The text without blanks at its ends.
    fileprivate var trimmingSpace: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

/// Strings in quotes within values.
enum QuotedText {
    /// The length of the string in double quotes or backquotes at the start of `text`, quotes included; nil for none.
    static func length(_ text: ByteView) -> Int? {
        guard let quote = text.isEmpty ? nil : text[0],
            quote == ASCII.quote || quote == UInt8(ascii: "`")
        else { return nil }
        var index = 1
        while index < text.count, text[index] != quote {
            index += quote == ASCII.quote && text[index] == ASCII.backslash ? 2 : 1
        }
        return index < text.count ? index + 1 : nil
    }
}
