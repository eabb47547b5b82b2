internal import LogBytes

/// IP addresses, found from a dot or colon in them. The part that names the host goes, the network stays.
enum AddressPattern {
    /// The host's part of the address around the dot or colon at `offset`.
    static func match(_ line: EscapedText, at offset: Int) -> RedactionMatch? {
        if let octet = lastOctet(line, dot: offset) {
            return octet.count == 1 && line.bytes[octet.lowerBound] == ASCII.zero
                ? nil : RedactionMatch(octet, "0")
        }
        return version6(line, at: offset)
    }

    // MARK: IPv4

    /// The last number of the IPv4 address whose first dot stands at `dot`.
    private static func lastOctet(_ line: EscapedText, dot: Int) -> Range<Int>? {
        var start = dot
        while start > 0, dot - start < 4, let before = line.before(start),
            ASCII.isDigit(before.byte)
        {
            start = before.range.lowerBound
        }
        if let before = line.before(start),
            EscapedText.isWord(before.byte) || before.byte == ASCII.dot
        {
            return nil
        }
        var offset = start
        for number in 0..<4 {
            guard let octet = octet(line, from: offset) else { return nil }
            guard number < 3 else { return endsThere(line, octet.upperBound) ? octet : nil }
            guard let point = line.after(octet.upperBound), point.byte == ASCII.dot else {
                return nil
            }
            offset = point.range.upperBound
        }
        return nil
    }

    private static func octet(_ line: EscapedText, from start: Int) -> Range<Int>? {
        var value = 0
        var digits = 0
        var offset = start
        while digits < 4, let character = line.after(offset), ASCII.isDigit(character.byte) {
            value = value * 10 + Int(character.byte - ASCII.zero)
            digits += 1
            offset = character.range.upperBound
        }
        return (1...3).contains(digits) && value <= 255 ? start..<offset : nil
    }

    /// Whether an address may end at `offset`: a full stop may follow, a further number or a word may not.
    private static func endsThere(_ line: EscapedText, _ offset: Int) -> Bool {
        guard let next = line.after(offset) else { return true }
        if EscapedText.isWord(next.byte) { return false }
        guard next.byte == ASCII.dot || next.byte == ASCII.minus,
            let second = line.after(next.range.upperBound)
        else { return true }
        return !ASCII.isDigit(second.byte)
    }

    // MARK: IPv6

    /// Groups of an IPv6 address that name its network: a site has 48 bits of its own at least (RFC 6177).
    private static let networkGroups = 3
    /// The longest spelling, with an IPv4 address at its end.
    private static let bytesMax = 45

    private static func version6(_ line: EscapedText, at offset: Int) -> RedactionMatch? {
        let bytes = line.bytes
        var start = offset
        while start > 0, offset - start <= bytesMax, isPart(bytes[start - 1]) { start -= 1 }
        var end = offset
        while end < bytes.count, end - offset <= bytesMax, isPart(bytes[end]) { end += 1 }
        // A colon or full stop behind it is punctuation.
        while end > start,
            bytes[end - 1] == ASCII.dot
                || (bytes[end - 1] == ASCII.colon
                    && !(end - start >= 2 && bytes[end - 2] == ASCII.colon))
        {
            end -= 1
        }
        guard end - start <= bytesMax,
            start == 0 || !isName(bytes[start - 1]), end == bytes.count || !isName(bytes[end])
        else { return nil }
        return host(bytes, start..<end)
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        byte == ASCII.colon || byte == ASCII.dot || EscapedText.hexDigit(byte) != nil
    }

    private static func isName(_ byte: UInt8) -> Bool {
        EscapedText.isWord(byte) || byte == UInt8(ascii: "_")
    }

    /// What goes of the IPv6 address that `range` is; nil when it is none.
    private static func host(_ bytes: ByteView, _ range: Range<Int>) -> RedactionMatch? {
        var groups: [Range<Int>] = []
        var gap: Int?
        var offset = range.lowerBound
        var hasDigit = false
        while offset < range.upperBound {
            if bytes[offset] == ASCII.colon {
                if offset + 1 < range.upperBound, bytes[offset + 1] == ASCII.colon {
                    guard gap == nil else { return nil }
                    gap = groups.count
                    offset += 2
                    continue
                }
                guard !groups.isEmpty, offset + 1 < range.upperBound else { return nil }
                offset += 1
            }
            let start = offset
            while offset < range.upperBound, bytes[offset] != ASCII.colon {
                // An IPv4 address at the end is found from its dots.
                if bytes[offset] == ASCII.dot { return nil }
                hasDigit = hasDigit || ASCII.isDigit(bytes[offset])
                offset += 1
            }
            guard (1...4).contains(offset - start) else { return nil }
            groups.append(start..<offset)
        }
        guard gap != nil ? groups.count < 8 : groups.count == 8, hasDigit else { return nil }
        let kept = min(gap ?? networkGroups, networkGroups)
        guard kept > 0, groups.count > kept else { return nil }
        return RedactionMatch(groups[kept - 1].upperBound..<range.upperBound, "::")
    }
}
