internal import LogBytes
internal import LogRecords

/// How `format` writes a value: `<duration:took>`. A value that the style does not fit is written as it is.
enum FormatStyle: String, CaseIterable, Sendable {
    case quoted = "q"
    case uppercase = "uc"
    case lowercase = "lc"
    case time
    case duration
    case seconds = "duration_seconds"
    case address = "ipv4"
    case hexNumber = "hexnumencode"
    case fromHexNumber = "hexnumdecode"
    case hex = "hexencode"
    case fromHex = "hexdecode"
    case base64 = "base64encode"
    case fromBase64 = "base64decode"
    case url = "urlencode"
    case fromURL = "urldecode"

    /// Appends `text` in this style.
    func append(_ text: ByteView, into out: inout ByteWriter) {
        let start = out.count
        if !write(text, into: &out) {
            out.truncate(start)
            out.append(text)
        }
    }

    private func write(_ text: ByteView, into out: inout ByteWriter) -> Bool {
        switch self {
        case .quoted: JSONRow.quote(text, into: &out)
        case .uppercase: out.append(text.text.uppercased())
        case .lowercase: out.append(text.text.lowercased())
        case .time: return UnixTime.append(text, into: &out)
        case .duration:
            guard let nanoseconds = NumberText.integer(text) else { return false }
            DurationFormat.append(nanoseconds, into: &out)
        case .seconds:
            guard let nanoseconds = DurationText.nanoseconds(text) else { return false }
            NumberFormat.append(nanoseconds / 1e9, into: &out)
        case .address:
            guard let value = NumberText.integer(text), let address = UInt32(exactly: value)
            else { return false }
            AddressFormat.append(address, into: &out)
        case .hexNumber:
            guard let value = UInt64(text.text) else { return false }
            let digits = String(value, radix: 16, uppercase: true)
            out.append(String(repeating: "0", count: 16 - digits.count) + digits)
        case .fromHexNumber:
            guard let value = UInt64(text.text, radix: 16) else { return false }
            out.append("\(value)")
        case .hex: TextEncoding.appendHex(text, into: &out)
        case .fromHex: return TextEncoding.appendFromHex(text, into: &out)
        case .base64: Base64.append(text, into: &out)
        case .fromBase64: return Base64.decode(text, needsPadding: true, into: &out)
        case .url: TextEncoding.appendURL(text, into: &out)
        case .fromURL: return TextEncoding.appendFromURL(text, into: &out)
        }
        return true
    }
}

/// IPv4 addresses as text.
enum AddressFormat {
    /// Appends `10.0.0.7`.
    static func append(_ address: UInt32, into out: inout ByteWriter) {
        for shift in [24, 16, 8, 0] as [UInt32] {
            if shift < 24 { out.append(ASCII.dot) }
            out.append("\(address >> shift & 255)")
        }
    }
}

/// Durations as text.
enum DurationFormat {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("w", 7 * 86_400_000_000_000), ("d", 86_400_000_000_000), ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
    ]

    /// Appends `1h33m55.5s`, `12.5ms`, `7ns`: as few units as say all.
    static func append(_ nanoseconds: Int64, into out: inout ByteWriter) {
        if nanoseconds == 0 { return out.append("0") }
        if nanoseconds < 0 { out.append(ASCII.minus) }
        var rest = nanoseconds.magnitude
        for (name, unit) in units where rest >= UInt64(unit) {
            out.append("\(rest / UInt64(unit))\(name)")
            rest %= UInt64(unit)
        }
        if rest == 0 { return }
        // Below a minute one unit with a fraction; behind minutes always seconds, as in 3m30.123456789s.
        let isFirst = nanoseconds.magnitude < 60_000_000_000
        let (name, digits): (String, Int) =
            !isFirst || rest >= 1_000_000_000
            ? ("s", 9) : rest >= 1_000_000 ? ("ms", 6) : rest >= 1_000 ? ("µs", 3) : ("ns", 0)
        var scale: UInt64 = 1
        for _ in 0..<digits { scale *= 10 }
        out.append("\(rest / scale)")
        var fraction = String(rest % scale)
        if rest % scale > 0 {
            fraction = String(repeating: "0", count: digits - fraction.utf8.count) + fraction
            while fraction.hasSuffix("0") { fraction.removeLast() }
            out.append("." + fraction)
        }
        out.append(name)
    }
}

/// Times that are numbers.
enum UnixTime {
    /// The nanoseconds of a time in seconds, milliseconds, microseconds or nanoseconds: which of them, its size tells.
    static func nanoseconds(_ text: ByteView) -> Int64? {
        if let whole = NumberText.integer(text) {
            let magnitude = whole.magnitude
            let scale: Int64 =
                magnitude < 1 << 32
                ? 1_000_000_000
                : magnitude < (1 << 32) * 1_000
                    ? 1_000_000 : magnitude < (1 << 32) * 1_000_000 ? 1_000 : 1
            let (time, overflow) = whole.multipliedReportingOverflow(by: scale)
            return overflow ? nil : time
        }
        // Digit by digit: a double does not hold nanoseconds.
        guard let dot = text.firstIndex(of: ASCII.dot), text.count - dot - 1 <= 9,
            let whole = NumberText.integer(text.prefix(dot)), whole.magnitude < 1 << 32,
            let part = NumberText.integer(text.dropFirst(dot + 1)), text[dot + 1] != ASCII.minus
        else { return nil }
        var fraction = part
        for _ in 0..<(9 - (text.count - dot - 1)) { fraction *= 10 }
        return whole * Timestamp.second + (text[0] == ASCII.minus ? -fraction : fraction)
    }

    static func append(_ text: ByteView, into out: inout ByteWriter) -> Bool {
        guard let time = nanoseconds(text) else { return false }
        NumberFormat.append(time: time, into: &out)
        return true
    }
}
