internal import LogBytes

/// Base64 (RFC 4648) of short texts.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8: UInt8] = {
        var values: [UInt8: UInt8] = [:]
        for (value, digit) in alphabet.enumerated() { values[digit] = UInt8(value) }
        return values
    }()

    /// The text that `encoded` stands for; nil when it is no base64 of UTF-8.
    static func decode(_ encoded: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for digit in encoded.utf8 where digit != UInt8(ascii: "=") {
            guard let value = values[digit] else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Appends the base64 of `bytes`.
    static func append(_ bytes: ByteView, into out: inout ByteWriter) {
        var index = 0
        while index < bytes.count {
            let count = min(3, bytes.count - index)
            var group: UInt32 = 0
            for offset in 0..<3 {
                group = group << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0)
            }
            for place in 0..<4 {
                let digit = Int(group >> UInt32(18 - 6 * place) & 63)
                out.append(place <= count ? alphabet[digit] : UInt8(ascii: "="))
            }
            index += 3
        }
    }
}
