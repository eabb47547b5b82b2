/// The bytes that formats are made of, by name.
public enum ASCII {
    /// The byte "\n".
    @inlinable public static var newline: UInt8 { UInt8(ascii: "\n") }
    /// The byte "\r".
    @inlinable public static var carriageReturn: UInt8 { UInt8(ascii: "\r") }
    /// The byte "\t".
    @inlinable public static var tab: UInt8 { UInt8(ascii: "\t") }
    /// The byte " ".
    @inlinable public static var space: UInt8 { UInt8(ascii: " ") }
    /// The byte "\"".
    @inlinable public static var quote: UInt8 { UInt8(ascii: "\"") }
    /// The byte "\\".
    @inlinable public static var backslash: UInt8 { UInt8(ascii: "\\") }
    /// The byte ",".
    @inlinable public static var comma: UInt8 { UInt8(ascii: ",") }
    /// The byte ":".
    @inlinable public static var colon: UInt8 { UInt8(ascii: ":") }
    /// The byte ".".
    @inlinable public static var dot: UInt8 { UInt8(ascii: ".") }
    /// The byte "-".
    @inlinable public static var minus: UInt8 { UInt8(ascii: "-") }
    /// The byte "+".
    @inlinable public static var plus: UInt8 { UInt8(ascii: "+") }
    /// The byte "0".
    @inlinable public static var zero: UInt8 { UInt8(ascii: "0") }
    /// The byte "9".
    @inlinable public static var nine: UInt8 { UInt8(ascii: "9") }
    /// The byte "{".
    @inlinable public static var openBrace: UInt8 { UInt8(ascii: "{") }
    /// The byte "}".
    @inlinable public static var closeBrace: UInt8 { UInt8(ascii: "}") }
    /// The byte "[".
    @inlinable public static var openBracket: UInt8 { UInt8(ascii: "[") }
    /// The byte "]".
    @inlinable public static var closeBracket: UInt8 { UInt8(ascii: "]") }

    /// True for `0` to `9`.
    @inlinable @inline(__always)
    public static func isDigit(_ byte: UInt8) -> Bool { byte &- zero <= 9 }

    /// The byte in lower case when it is `A` to `Z`, else itself.
    @inlinable @inline(__always)
    public static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}
