/// Why a text is no query, and where.
public struct QueryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong and what to do.
    public let message: String
    /// The offset, in UTF-8 bytes of the query, of the place that the message speaks of.
    public let offset: Int
    /// The query.
    public let query: String

    /// The fault `message` at byte `offset` of `query`.
    public init(_ message: String, offset: Int, query: String) {
        self.message = message
        self.offset = offset
        self.query = query
    }

    /// Columns of the query's line that are shown around the place; longer lines are cut.
    private static let shownMax = 72

    /// The message, the query's line and a caret under the place.
    public var description: String {
        let bytes = Array(query.utf8)
        let place = min(max(offset, 0), bytes.count)
        var start = place
        while start > 0, bytes[start - 1] != 10 { start -= 1 }
        var end = place
        while end < bytes.count, bytes[end] != 10 { end += 1 }
        let before = Array(String(decoding: bytes[start..<place], as: UTF8.self))
        let after = Array(String(decoding: bytes[place..<end], as: UTF8.self))
        let kept = before.suffix(Self.shownMax / 2)
        let lead = kept.count < before.count ? "…" : ""
        let rest = after.prefix(Self.shownMax - kept.count)
        let trail = rest.count < after.count ? "…" : ""
        let shown = visible(lead + String(kept)) + visible(String(rest) + trail)
        let indent = String(repeating: " ", count: lead.count + kept.count)
        return "\(message)\n  \(shown)\n  \(indent)^"
    }

    /// Tabs and other control characters as one blank each, so that the caret stays under its place.
    private func visible(_ text: String) -> String {
        String(
            text.map { character in
                character.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
                    ? " " : character
            })
    }
}
