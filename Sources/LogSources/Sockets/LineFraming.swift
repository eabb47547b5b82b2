/// How a connection tells one line from the next.
public enum LineFraming: String, CaseIterable, Sendable {
    /// Known from the first bytes of each connection: a number, a space and `<` mean octet-counted messages; a zero byte
    /// behind `}`, before any newline, means that zero bytes end lines; anything else, that newlines do. A number alone means
    /// nothing: lines begin with numbers, too, and a count can be right by chance.
    case auto
    /// Newlines end lines.
    case newline
    /// Zero bytes end lines (GELF over TCP); newlines may be inside.
    case nul
    /// Each line has its length in front, in decimal digits and a space (RFC 6587, 3.4.1); newlines may be inside.
    case octet
}
