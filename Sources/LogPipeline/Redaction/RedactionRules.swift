/// What is to be redacted, as `--redact` says it: `email,card,secret,ip,field:password`.
public struct RedactionRules: Sendable, Equatable {
    /// What can be recognised by its look.
    public enum Kind: String, Sendable, CaseIterable {
        /// E-mail addresses become `[email]`.
        case email
        /// Numbers of payment cards (14 to 19 digits of a known issuer, whose check digit is right) become `[card]`.
        case card
        /// API keys of well-known forms, bearer and basic credentials, JSON web tokens, private keys, and the values of fields
        /// that hold such things by their name become `[secret]`.
        case secret
        /// IPv4 addresses end in 0, IPv6 addresses behind their third group: the network stays, the host goes.
        case ip
    }

    /// The kinds that are redacted.
    public private(set) var kinds: Set<Kind> = []
    /// Fields whose values become `[redacted]`: the names of keys in any case, wherever they stand in a line; in lower case.
    public private(set) var fields: [String] = []

    private static let fieldMark = "field:"

    /// The rules that `text` names, separated by commas.
    public init(_ text: String) throws(RedactionError) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let rule = String(part.drop { $0 == " " })
            if rule.hasPrefix(Self.fieldMark) {
                let name = rule.dropFirst(Self.fieldMark.count).lowercased()
                guard !name.isEmpty, name.utf8.allSatisfy(FieldPattern.isNameByte) else {
                    throw RedactionError(
                        "`\(rule)` names no field: say `field:password`, with the letters, digits "
                            + "and . _ - $ of the key")
                }
                if !fields.contains(name) { fields.append(name) }
            } else if let kind = Kind(rawValue: rule) {
                kinds.insert(kind)
            } else {
                let known = Kind.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
                throw RedactionError(
                    "`\(rule)` is no rule of redaction: there are \(known) and `field:NAME`")
            }
        }
    }

    /// The rules of all `texts` together.
    public init(all texts: [String]) throws(RedactionError) {
        try self.init(texts.joined(separator: ","))
    }
}

/// A text that is no list of rules.
public struct RedactionError: Error, CustomStringConvertible {
    /// What is wrong, and what can be said instead.
    public let description: String

    init(_ description: String) { self.description = description }
}
