/// Why bytes are not a JSON text (RFC 8259), and where.
public struct JSONError: Error, Equatable, Sendable {
    /// The kinds of fault; the raw value is the `reason` label of counters.
    public enum Code: String, Sendable, CaseIterable {
        case endOfInput = "json_cut_short"
        case unexpectedByte = "json_unexpected_byte"
        case badEscape = "json_bad_escape"
        case controlInString = "json_control_in_string"
        case badUTF8 = "json_bad_utf8"
        case badNumber = "json_bad_number"
        case badLiteral = "json_bad_literal"
        case tooDeep = "json_too_deep"
        case tooManyFields = "json_too_many_fields"
        case keyTooLong = "json_key_too_long"
        case trailingBytes = "json_trailing_bytes"
        case notAnObject = "json_not_an_object"
    }

    /// The kind of fault.
    public let code: Code
    /// The offset of the byte at which the fault shows, from the start of the text.
    public let offset: Int

    /// A fault of kind `code` at `offset`.
    public init(_ code: Code, offset: Int) {
        self.code = code
        self.offset = offset
    }
}

/// What a JSON text may not exceed, so that memory and stack stay bounded whatever arrives.
public enum JSONLimits {
    /// Open objects and arrays at once. Real loggers stay under 20; deeper input is hostile or broken.
    public static let depthMax = 128
    /// Fields of one line, after flattening. Wider lines are kept as text.
    public static let fieldsMax = 1_000
    /// Bytes of one flattened path.
    public static let pathBytesMax = 1_024
}
