internal import CLogKernels

/// Hexadecimal digits.
public enum Hex {
    /// Appends the bytes that the lower-case digits of `text`, an even number of them, stand for; false when it has other bytes.
    public static func unpack(_ text: ByteView, into out: inout ByteWriter) -> Bool {
        out.reserve(text.count / 2)
        guard text.count % 2 == 0, weir_unhex(text.start, text.count, out.base + out.count) != 0
        else { return false }
        out.advance(text.count / 2)
        return true
    }

    /// Appends the lower-case digits of `bytes`, two for each, the high one first.
    public static func append(_ bytes: ByteView, into out: inout ByteWriter) {
        out.reserve(2 * bytes.count)
        weir_hex(bytes.start, bytes.count, out.base + out.count)
        out.advance(2 * bytes.count)
    }

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
