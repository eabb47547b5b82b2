internal import LogAlerting
internal import LogBytes
internal import LogRecords

/// A mail as it travels (RFC 5322, RFC 2045): headers, and the same text plain and in HTML.
struct EmailMessage {
    var headers: [(name: String, text: String)] = []
    var text: String
    var html: String

    /// Longer lines no server must take.
    private static let encodedLineMax = 76
    private static let headerLineMax = 900

    /// The bytes of the mail, lines ended by CR LF.
    func bytes(boundary: String) -> [UInt8] {
        var lines: [String] = []
        for (name, text) in headers { lines.append("\(name): \(Self.folded(text))") }
        lines.append("MIME-Version: 1.0")
        lines.append("Content-Type: multipart/alternative; boundary=\"\(boundary)\"")
        lines.append("")
        for (type, content) in [("plain", text), ("html", html)] {
            lines.append("--\(boundary)")
            lines.append("Content-Type: text/\(type); charset=utf-8")
            lines.append("Content-Transfer-Encoding: base64")
            lines.append("")
            // Line ends of mail are two characters, in the text, too.
            var rest = Base64.encode(content.replacing("\n", with: "\r\n"))[...]
            while !rest.isEmpty {
                lines.append(String(rest.prefix(Self.encodedLineMax)))
                rest = rest.dropFirst(Self.encodedLineMax)
            }
        }
        lines.append("--\(boundary)--")
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    /// A header's text without line breaks but those of its own folding, which are followed by a blank.
    private static func folded(_ text: String) -> String {
        let parts = text.split(separator: "\r\n ", omittingEmptySubsequences: false)
        return parts.map { SafeText.cut(SafeText.header(String($0)), bytes: headerLineMax) }
            .joined(separator: "\r\n ")
    }

    // MARK: Names

    /// The identity of a message: the same for each attempt, another one for each notification.
    static func messageID(_ key: String, host: String) -> String {
        "<\(key.withView { SHA256.hexadecimal($0) }.prefix(32)).weir@\(host)>"
    }

    /// A date as mail has it: `Mon, 05 Jan 2026 10:00:00 +0000`.
    static func date(_ time: Int64) -> String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let text = Timestamp.text(time, digits: 0)
        let parts = text.split { "-T:Z".contains($0) }
        guard parts.count == 6, let month = Int(parts[1]), (1...12).contains(month) else {
            return "Thu, 01 Jan 1970 00:00:00 +0000"
        }
        // The first day of 1970 was a Thursday.
        let day = ((Timestamp.dayNumber(time) % 7) + 7) % 7
        return "\(days[day]), \(parts[2]) \(months[month - 1]) \(parts[0]) "
            + "\(parts[3]):\(parts[4]):\(parts[5]) +0000"
    }
}
