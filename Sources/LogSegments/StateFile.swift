internal import LogBytes

/// The small text files of `state/`: text, and a last line with its sum.
///
///     …
///     # crc32c 0123abcd
///
/// Valid if and only if the last line is the CRC-32C, in hexadecimal, of all bytes before it. A policy of which a bit has
/// changed, or whose end is missing, would delete lines that should be kept.
enum StateFile {
    private static let mark = "# crc32c "
    private static let sumDigits = 8

    /// The file that holds `text`.
    static func bytes(_ text: String) -> [UInt8] {
        bytes(Array((text.hasSuffix("\n") ? text : text + "\n").utf8))
    }

    private static func bytes(_ text: [UInt8]) -> [UInt8] {
        let sum = String(text.withView { Checksum.crc32c($0) }, radix: 16)
        let zeros = String(repeating: "0", count: sumDigits - sum.utf8.count)
        return text + Array((mark + zeros + sum + "\n").utf8)
    }

    /// The text of a file; nil when it is damaged.
    static func text(_ file: [UInt8]) -> String? {
        let text = Array(file.dropLast(mark.utf8.count + sumDigits + 1))
        return bytes(text) == file ? String(decoding: text, as: UTF8.self) : nil
    }
}
