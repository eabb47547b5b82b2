/// How a line, or what an envelope carries, is written.
enum LineGrammar: UInt8, Sendable {
    /// One JSON object.
    case json
    /// Docker's json-file: one JSON object whose first member is a string with another JSON object in it.
    case docker
    /// Docker's json-file around logfmt.
    case dockerLogfmt
    /// `key=value` pairs of which at least one is a key that every logger writes.
    case logfmt
    /// Any `key=value` pairs: for lines that are said to be logfmt.
    case anyLogfmt
    /// Text.
    case rest
}
