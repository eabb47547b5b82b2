internal import LogBytes

/// Recognises the framing of a connection by its first bytes, however they are cut into reads.
struct ConnectionOpening {
    /// What is known so far.
    enum Verdict {
        case undecided, newline, nul, octet, auto
    }

    private var digits = 0
    private var hasSpace = false
    private var isOctetPossible = true
    private var last: UInt8 = 0
    /// Bytes of the opening may have been kept before the verdict.
    var isPending = true

    /// A message of more digits is no message.
    private static let digitsMax = 7

    /// Looks at further bytes of a connection, until the verdict.
    mutating func look(at bytes: ByteView) -> Verdict {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if isOctetPossible {
                if hasSpace {
                    if byte == UInt8(ascii: "<") { return .octet }
                    isOctetPossible = false
                } else if byte == UInt8(ascii: " "), digits > 0 {
                    hasSpace = true
                } else if isDigit(byte), digits < Self.digitsMax {
                    digits += 1
                } else {
                    isOctetPossible = false
                }
            }
            if byte == ASCII.newline { return .newline }
            if byte == 0 { return last == UInt8(ascii: "}") ? .nul : .newline }
            last = byte
            index += 1
        }
        return .undecided
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: digits == 0 ? "1" : "0") && byte <= UInt8(ascii: "9")
    }
}
