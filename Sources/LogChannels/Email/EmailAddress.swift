/// An address of mail, with the name before it: `Ops <ops@example.org>`.
struct EmailAddress: Equatable, Sendable {
    /// `ops@example.org`
    let address: String
    /// `Ops`; empty where there is none.
    let name: String

    /// Reads one address; nil for what is none, or has anything in it that a header or a command of SMTP could take for more.
    init?(_ text: some StringProtocol) {
        // A line break may be no more than a blank to whoever trims, and something else to whoever reads a header.
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            return nil
        }
        var text = Self.trimmed(String(text))
        var name = ""
        if text.hasSuffix(">"), let open = text.lastIndex(of: "<") {
            name = Self.trimmed(String(text[..<open]))
            if name.hasPrefix("\""), name.hasSuffix("\""), name.count > 1 {
                name = String(name.dropFirst().dropLast())
            }
            text = String(text[text.index(after: open)...].dropLast())
        }
        guard let at = text.lastIndex(of: "@"), at > text.startIndex,
            text.index(after: at) < text.endIndex, text.utf8.count <= 254,
            text.unicodeScalars.allSatisfy({
                $0.value > 0x20 && $0.value < 0x7F
                    && !"<>()[],;:\\\"".unicodeScalars.contains($0)
            })
        else { return nil }
        address = text
        self.name = name
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }

    /// As it stands in a header.
    var header: String {
        name.isEmpty ? address : "\(EncodedWords.encode(name, isPhrase: true)) <\(address)>"
    }

    /// The addresses of a list with commas; nil when one of them is none.
    static func list(_ text: String) -> [EmailAddress]? {
        var result: [EmailAddress] = []
        for part in text.split(separator: ",") where !trimmed(String(part)).isEmpty {
            guard let address = EmailAddress(part) else { return nil }
            result.append(address)
        }
        return result
    }
}

/// Texts of headers that are no ASCII (RFC 2047): `=?utf-8?B?…?=`.
enum EncodedWords {
    /// An encoded word has at most 75 characters; 12 of them are not text, and base64 makes four of three bytes.
    private static let bytesMax = 45

    /// `text` for a header. In a phrase, which a name before an address is, more has to be encoded.
    static func encode(_ text: String, isPhrase: Bool = false) -> String {
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value < 0x7F
                && !(isPhrase && "()<>[]:;@\\,.\"".unicodeScalars.contains($0))
        }
        // What looks like an encoded word is encoded, too, or it would be taken for one.
        if isPlain, !text.contains("=?") { return text }
        var words: [String] = []
        var current: [UInt8] = []
        for scalar in SafeText.header(text).unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if current.count + bytes.count > bytesMax {
                words.append(word(current))
                current = []
            }
            current += bytes
        }
        if !current.isEmpty { words.append(word(current)) }
        return words.joined(separator: "\r\n ")
    }

    private static func word(_ bytes: [UInt8]) -> String { "=?utf-8?B?\(Base64.encode(bytes))?=" }
}
