/// Hexadecimal digits.
public enum Hex {
    /// The value of a hexadecimal digit in either case, or nil.
    @inlinable @inline(__always)
    public static func value(_ byte: UInt8) -> UInt8? {
        if ASCII.isDigit(byte) { return byte &- ASCII.zero }
        let letter = byte | 0x20
        return letter &- UInt8(ascii: "a") < 6 ? letter &- UInt8(ascii: "a") + 10 : nil
    }

    /// The lower-case digit of a value from 0 to 15.
    @inlinable @inline(__always)
    public static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? ASCII.zero &+ value : UInt8(ascii: "a") &+ (value &- 10)
    }
}
