internal import LogBytes

/// API keys, tokens and credentials of well-known forms, found from their first letters.
struct SecretPattern: Sendable {
    /// The letters that it begins with; compared as they are.
    let prefix: StaticString
    /// What of the line behind the prefix at `range` is the secret; nil when it is none.
    let match: @Sendable (_ line: EscapedText, _ prefix: Range<Int>) -> Range<Int>?

    static let mark: StaticString = "[secret]"

    /// All of them. Sources: the issuers' documentation of their formats; RFC 6750, 7617, 7519, 7468.
    static let all: [SecretPattern] =
        [
            SecretPattern(prefix: "earer ", match: bearer),
            SecretPattern(prefix: "earer%20", match: bearer),
            SecretPattern(prefix: "asic ", match: basic),
            SecretPattern(prefix: "eyJ", match: webToken),
            SecretPattern(prefix: "-----BEGIN ", match: privateKey),
        ]
        + ([
            // Amazon's access keys, Google's API keys.
            ("AKIA", 16), ("ASIA", 16), ("AIza", 35),
            // GitHub, GitLab, npm, PyPI.
            ("ghp_", 36), ("gho_", 36), ("ghu_", 36), ("ghs_", 36), ("ghr_", 36),
            ("github_pat_", 22), ("glpat-", 20), ("npm_", 36), ("pypi-AgE", 50),
            // Slack, Stripe, SendGrid, model providers.
            ("xoxb-", 20), ("xoxp-", 20), ("xoxa-", 20), ("xoxr-", 20), ("xoxs-", 20),
            ("sk_live_", 16), ("sk_test_", 16), ("rk_live_", 16), ("rk_test_", 16),
            ("whsec_", 24), ("SG.", 60), ("sk-", 20), ("weir_", 32),
        ] as [(StaticString, Int)]).map { prefix, count in key(prefix, count) }

    /// Fields that hold secrets by their names, whose values count as such whatever they look like.
    static let fields = [
        "authorization", "proxy-authorization", "api_key", "apikey", "api-key", "x-api-key",
        "access_token", "refresh_token", "auth_token", "client_secret", "secret_key", "private_key",
        "password", "passwd",
    ]

    /// A key of `prefix` and at least `count` letters, digits, hyphens and underscores.
    private static func key(_ prefix: StaticString, _ count: Int) -> SecretPattern {
        SecretPattern(prefix: prefix) { line, range in
            if let before = line.before(range.lowerBound), EscapedText.isWord(before.byte) {
                return nil
            }
            let end = tokenEnd(line, from: range.upperBound)
            return end - range.upperBound >= count ? range.lowerBound..<end : nil
        }
    }

    private static func tokenEnd(
        _ line: EscapedText, from start: Int, marks: ByteView = ByteView("_-.")
    ) -> Int {
        var end = start
        while let character = line.after(end),
            (EscapedText.isWord(character.byte) && character.byte < 0x80)
                || marks.firstIndex(of: character.byte) != nil
        {
            end = character.range.upperBound
        }
        return end
    }

    /// Shorter words behind `Bearer` are none: "bearer of bad news".
    private static let bearerBytesMin = 12

    @Sendable private static func bearer(_ line: EscapedText, _ prefix: Range<Int>) -> Range<Int>? {
        guard isScheme(line, prefix, UInt8(ascii: "b")) else { return nil }
        let end = tokenEnd(line, from: prefix.upperBound, marks: ByteView("._~+/=-"))
        return end - prefix.upperBound >= bearerBytesMin ? prefix.upperBound..<end : nil
    }

    /// Whether the letter in front of `prefix` makes the scheme's name a word of its own.
    private static func isScheme(_ line: EscapedText, _ prefix: Range<Int>, _ first: UInt8) -> Bool
    {
        guard let letter = line.before(prefix.lowerBound),
            ASCII.lowercased(letter.byte) == first
        else { return false }
        return line.before(letter.range.lowerBound).map { !EscapedText.isWord($0.byte) } ?? true
    }

    /// Base64 of `user:password`.
    @Sendable private static func basic(_ line: EscapedText, _ prefix: Range<Int>) -> Range<Int>? {
        guard isScheme(line, prefix, UInt8(ascii: "b")) else { return nil }
        let end = tokenEnd(line, from: prefix.upperBound, marks: ByteView("+/="))
        return holdsColon(line.bytes.slice(prefix.upperBound..<end))
            ? prefix.upperBound..<end : nil
    }

    private static let base64 = ByteView(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

    private static func holdsColon(_ text: ByteView) -> Bool {
        guard text.count >= 4, text.count % 4 == 0 else { return false }
        var bits = 0
        var count = 0
        var isFound = false
        for offset in 0..<text.count {
            guard let value = base64.firstIndex(of: text[offset]) else { break }
            bits = bits << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            let byte = UInt8(truncatingIfNeeded: bits >> count)
            guard byte >= 0x20 else { return false }
            isFound = isFound || byte == ASCII.colon
        }
        return isFound
    }

    /// Three parts of base64url with dots between: a JSON web token.
    @Sendable private static func webToken(
        _ line: EscapedText, _ prefix: Range<Int>
    ) -> Range<Int>? {
        if let before = line.before(prefix.lowerBound), EscapedText.isWord(before.byte) {
            return nil
        }
        let end = tokenEnd(line, from: prefix.lowerBound)
        let parts = line.bytes.slice(prefix.lowerBound..<end).text.split(
            separator: ".", omittingEmptySubsequences: false)
        return parts.count >= 3 && parts[0].utf8.count >= 10 && parts[1].utf8.count >= 4
            ? prefix.lowerBound..<end : nil
    }

    /// The lines of a private key, which stand in one line of the log with escaped newlines, up to its end or the line's.
    @Sendable private static func privateKey(
        _ line: EscapedText, _ prefix: Range<Int>
    ) -> Range<Int>? {
        let rest = line.bytes.dropFirst(prefix.upperBound)
        let label = rest.prefix(40)
        guard let key = label.firstIndex(of: ByteView("PRIVATE KEY-----")) else { return nil }
        let start = prefix.upperBound + key + 16
        let end = line.bytes.firstIndex(of: ByteView("-----END "), from: start)
        let stop = end ?? line.bytes.firstIndex(of: ByteView("\""), from: start) ?? line.bytes.count
        return start < stop ? start..<stop : nil
    }
}
