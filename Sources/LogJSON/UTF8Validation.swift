public import LogBytes

/// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
public enum UTF8Validation {
    /// The offset of the first byte that cannot belong to valid UTF-8, or nil when all of `view` is valid.
    public static func firstFault(_ view: ByteView) -> Int? {
        var index = 0
        while index < view.count {
            let lead = view[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            guard let (length, second) = sequence(lead), index + length <= view.count,
                second.contains(view[index + 1])
            else { return index }
            for follower in 2..<max(length, 2) where view[index + follower] & 0xC0 != 0x80 {
                return index
            }
            index += length
        }
        return nil
    }

    /// The length that a lead byte announces and the range of its second byte (Unicode table 3-7).
    private static func sequence(_ lead: UInt8) -> (length: Int, second: ClosedRange<UInt8>)? {
        switch lead {
        case 0xC2...0xDF: (2, 0x80...0xBF)
        case 0xE0: (3, 0xA0...0xBF)
        case 0xED: (3, 0x80...0x9F)
        case 0xE1...0xEF: (3, 0x80...0xBF)
        case 0xF0: (4, 0x90...0xBF)
        case 0xF1...0xF3: (4, 0x80...0xBF)
        case 0xF4: (4, 0x80...0x8F)
        default: nil
        }
    }
}
