internal import LogBytes
internal import LogJSON

/// The labels of a Loki stream as its protobuf has them: `{app="web", env="prod"}`.
enum LokiLabels {
    /// The labels' names and values; nil when `text` is no such set.
    static func parse(_ text: ByteView) -> [(name: [UInt8], value: [UInt8])]? {
        var labels: [(name: [UInt8], value: [UInt8])] = []
        var rest = trimmed(text)
        guard rest.hasPrefix(ByteView("{")), rest.hasSuffix(ByteView("}")), rest.count >= 2 else {
            return nil
        }
        rest = trimmed(rest.slice(1..<rest.count - 1))
        while !rest.isEmpty {
            guard let sign = rest.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let name = trimmed(rest.prefix(sign))
            rest = trimmed(rest.dropFirst(sign + 1))
            guard !name.isEmpty, rest.hasPrefix(ByteView("\"")) else { return nil }
            var end = 1
            while end < rest.count, rest[end] != ASCII.quote {
                end += rest[end] == ASCII.backslash ? 2 : 1
            }
            guard end < rest.count else { return nil }
            var value = ByteWriter()
            JSONText.unescape(rest.slice(1..<end), into: &value)
            labels.append((Array(name), Array(value.view)))
            rest = trimmed(rest.dropFirst(end + 1))
            if rest.hasPrefix(ByteView(",")) {
                rest = trimmed(rest.dropFirst(1))
            } else if !rest.isEmpty {
                return nil
            }
        }
        return labels
    }

    private static func trimmed(_ text: ByteView) -> ByteView {
        var text = text
        while text.count > 0, text[0] == ASCII.space { text = text.dropFirst(1) }
        while text.count > 0, text[text.count - 1] == ASCII.space {
            text = text.prefix(text.count - 1)
        }
        return text
    }
}
