/// Base64 (RFC 4648) with the alphabet that has `+` and `/`.
public enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The value of each byte as a digit; `noDigit` for all others.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: noDigit, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    private static let noDigit: UInt8 = 0xFF
    private static let pad = UInt8(ascii: "=")

    /// Appends the base64 of `bytes`, padded.
    public static func append(_ bytes: ByteView, into out: inout ByteWriter) {
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let length = min(3, bytes.count - start)
            var bits: UInt32 = 0
            for index in 0..<3 {
                bits = bits << 8 | (index < length ? UInt32(bytes[start + index]) : 0)
            }
            for index in 0..<4 {
                let digit = Int(bits >> UInt32(18 - 6 * index) & 63)
                out.append(index <= length ? alphabet[digit] : pad)
            }
        }
    }

    /// Appends the bytes that `text` stands for. False when it is no base64; some of the bytes may have been appended then.
    ///
    /// - Parameter needsPadding: whether the `=` that make its length a multiple of four may not be missing. Data has them;
    ///   what people and shippers put in headers often has not.
    public static func decode(
        _ text: ByteView, needsPadding: Bool, into out: inout ByteWriter
    ) -> Bool {
        var digits = text
        while digits.hasSuffix(ByteView("=")), text.count - digits.count < 2 {
            digits = digits.prefix(digits.count - 1)
        }
        let padding = text.count - digits.count
        // A single digit behind the groups of four holds no byte.
        guard digits.count % 4 != 1 else { return false }
        guard text.count % 4 == 0 || !needsPadding && padding == 0 else { return false }
        var bits: UInt32 = 0
        for index in 0..<digits.count {
            let value = values[Int(digits[index])]
            guard value != noDigit else { return false }
            bits = bits << 6 | UInt32(value)
            let bitCount = (index % 4 + 1) * 6
            if bitCount > 6 { out.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount % 8))) }
        }
        return true
    }
}
