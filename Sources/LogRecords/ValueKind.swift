/// How the bytes of a value are to be read. The raw value is on disk.
@frozen
public enum ValueKind: UInt8, Sendable, BitwiseCopyable {
    /// As they stand.
    case text = 0
    /// The content between the quotes of a JSON string, escapes as they stand.
    case string = 1
    /// A JSON number, literal or array; `null` is nothing.
    case token = 2
    /// The content between the quotes of a logfmt value: as a JSON string, but anything may follow a backslash.
    case quoted = 3
    /// A JSON string inside of a JSON string: its content, escaped twice.
    case embeddedString = 4
    /// A JSON number, literal or array inside of a JSON string.
    case embeddedToken = 5
    /// The content of a JSON string that ends with the newline of the line it wraps, which is no part of the text.
    case wrappedLine = 6
    /// Nothing: a logfmt key without a value says `true`.
    case flag = 7
    /// A logfmt value without quotes inside of a JSON string.
    case embeddedText = 8

    /// Whether a backslash in the bytes begins an escape.
    public var hasEscapes: Bool {
        switch self {
        case .text, .token, .flag: false
        case .string, .quoted, .embeddedString, .embeddedToken, .embeddedText, .wrappedLine: true
        }
    }
}
