public import LogBytes
internal import LogJSON

/// Lines that a container runtime has cut into parts of 16 KiB: Docker's json-file, whose part lacks the newline at its end,
/// and the Container Runtime Interface's, whose part has the tag `P`.
///
/// Parts that stand behind each other become one record. Its line is all of them with the newlines between, so that every byte
/// stays; its fields are those of the line that the runtime would have written without a limit.
public enum WrappedLine {
    private static let dockerHead: StaticString = "{\"log\":\""

    /// Whether `line` is a part of a longer one, and not the last.
    public static func isPart(_ line: ByteView) -> Bool {
        guard let content = content(line) else { return false }
        return !content.isLast
    }

    /// Where the wrapped text of a line stands, and whether it ends there.
    struct Content {
        let format: LineFormat
        let range: Range<Int>
        let isLast: Bool
    }

    static func content(_ line: ByteView) -> Content? {
        let head = ByteView(dockerHead)
        if line.hasPrefix(head) {
            var scanner = JSONScanner(end: line.end, readable: line.end)
            var isEscaped = false
            let start = line.start + head.count
            guard let close = scanner.string(start, escaped: &isEscaped) else { return nil }
            // Docker's other members follow; an application's object that happens to begin so has others.
            let rest = ByteView(close, line.end - close)
            guard rest.hasPrefix(ByteView("\",\"stream\":\"")) else { return nil }
            let range = head.count..<(close - line.start)
            return Content(
                format: .docker, range: range, isLast: endsInNewline(line.slice(range)))
        }
        var envelope = EnvelopeScanner()
        guard envelope.cri(line) else { return nil }
        return Content(
            format: .cri, range: envelope.end..<line.count,
            isLast: envelope.values[2][0] != UInt8(ascii: "P"))
    }

    /// Whether the last character of the string content `text` is an escaped newline; `\\n` is a backslash and a letter.
    private static func endsInNewline(_ text: ByteView) -> Bool {
        guard text.hasSuffix(ByteView("\\n")) else { return false }
        var start = text.count - 2
        while start > 0, text[start - 1] == ASCII.backslash { start -= 1 }
        return (text.count - 1 - start) % 2 == 1
    }

    /// The number of bytes of `lines`, from its start, that are one line in parts: all lines up to the first that is a last
    /// part. Nil when the first line is no part, or the last part is not there.
    static func joinedLength(_ lines: ByteView, limit: Int) -> Int? {
        var length = 0
        var format: LineFormat?
        while length < lines.count, length <= limit {
            let rest = lines.dropFirst(length)
            let lineLength = rest.firstIndex(of: ASCII.newline) ?? rest.count
            guard let content = content(rest.prefix(lineLength)),
                format == nil || content.format == format
            else { return nil }
            length += lineLength
            if content.isLast { return format == nil ? nil : length }
            format = content.format
            length += 1
        }
        return nil
    }

    /// Writes the line that `parts`, lines with newlines between, would have been without the limit: the last part with the
    /// texts of all. Never longer than the parts.
    ///
    /// - Returns: the number of bytes written, or nil when these are no parts.
    static func join(_ parts: ByteView, into out: UnsafeMutablePointer<UInt8>) -> Int? {
        guard let lastNewline = parts.lastIndex(of: ASCII.newline) else { return nil }
        let last = parts.dropFirst(lastNewline + 1)
        guard let lastContent = content(last) else { return nil }
        var count = 0
        func append(_ view: ByteView) {
            (out + count).update(from: view.start, count: view.count)
            count += view.count
        }
        append(last.prefix(lastContent.range.lowerBound))
        var rest = parts
        while !rest.isEmpty {
            let length = rest.firstIndex(of: ASCII.newline) ?? rest.count
            let line = rest.prefix(length)
            guard let content = content(line), content.format == lastContent.format else {
                return nil
            }
            append(line.slice(content.range))
            rest = rest.dropFirst(length + 1)
        }
        append(last.dropFirst(lastContent.range.upperBound))
        return count
    }
}
