internal import LogBytes
internal import LogJSON

/// Percent-encoding of addresses and forms (RFC 3986).
enum PercentEncoding {
    /// `text` with everything but letters, digits and `-._~` encoded.
    static func encode(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            default:
                result.append(UInt8(ascii: "%"))
                let digits = Array(String(byte, radix: 16, uppercase: true).utf8)
                if digits.count < 2 { result.append(UInt8(ascii: "0")) }
                result += digits
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A form as browsers send it.
    static func form(_ fields: [(name: String, text: String)]) -> String {
        fields.map { "\(encode($0.name))=\(encode($0.text))" }.joined(separator: "&")
    }

    /// The text that `encoded` stands for; nil when it is no such thing.
    static func decode(_ encoded: String) -> String? {
        var result: [UInt8] = []
        var bytes = Array(encoded.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            let digits = String(decoding: bytes.prefix(2), as: UTF8.self)
            guard digits.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
            result.append(value)
            bytes = bytes.dropFirst(2)
        }
        return String(validating: result, as: UTF8.self)
    }
}

/// Lists of JSON.
enum JSONList {
    /// `["a","b"]` of values that are JSON already.
    static func text(_ values: [String]) -> String { "[" + values.joined(separator: ",") + "]" }

    /// `text` as a JSON string.
    static func quoted(_ text: String) -> String {
        var out = ByteWriter(capacity: text.utf8.count + 2)
        text.withView { JSONText.quote($0, into: &out) }
        return out.view.text
    }
}

/// Base64 (RFC 4648).
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The base64 of `bytes`, on one line.
    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 {
                group = group << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0)
            }
            for place in 0..<4 {
                let digit = Int(group >> UInt32(18 - 6 * place) & 63)
                result.append(place <= count ? alphabet[digit] : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The base64 of the UTF-8 of `text`.
    static func encode(_ text: String) -> String { encode(Array(text.utf8)) }
}

/// HMAC-SHA-256 (RFC 2104).
enum MessageSignature {
    private static let blockBytes = 64

    /// The signature of `message` by `key`, in lower-case hexadecimal digits.
    static func hexadecimal(_ message: [UInt8], key: [UInt8]) -> String {
        var padded = key.count > blockBytes ? digest(key) : key
        padded += [UInt8](repeating: 0, count: blockBytes - padded.count)
        let inner = digest(padded.map { $0 ^ 0x36 } + message)
        return (padded.map { $0 ^ 0x5C } + inner).withView { SHA256.hexadecimal($0) }
    }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array(bytes.withView { SHA256.hexadecimal($0) }.utf8)
        return stride(from: 0, to: digits.count, by: 2).map {
            value(digits[$0]) << 4 | value(digits[$0 + 1])
        }
    }

    private static func value(_ digit: UInt8) -> UInt8 {
        digit < UInt8(ascii: "a") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
    }
}
