public import LogBytes
public import LogMetrics

/// Replaces what rules name in the lines of chunks, before anybody else sees them. One thread uses it.
///
/// A line is looked at where the search finds a candidate, and nowhere else; a chunk in which nothing is found stays as it is.
public final class Redactor {
    private let rules: RedactionRules
    private let counters: MetricsRegistry
    private var search: CandidateSearch
    private let heads: LiteralHeads
    /// Secrets and names of fields by their first byte in lower case.
    private var secrets: [[SecretPattern]]
    private var fields: [[Field]]
    private let hasFields: Bool
    private var redacted: ByteChunk?
    private var counts: [String: Int] = [:]

    /// A field whose values are replaced.
    private struct Field {
        let name: [UInt8]
        let mark: StaticString
        /// What counts them.
        let rule: String
    }

    /// Redacts by `rules`, and counts what it replaces.
    public convenience init(rules: RedactionRules, counters: MetricsRegistry) {
        self.init(rules: rules, counters: counters, isPlain: false)
    }

    init(rules: RedactionRules, counters: MetricsRegistry, isPlain: Bool) {
        self.rules = rules
        self.counters = counters
        secrets = Array(repeating: [], count: 256)
        fields = Array(repeating: [], count: 256)
        var named = rules.fields.map { name in
            Field(name: Array(name.utf8), mark: "[redacted]", rule: "field:\(name)")
        }
        if rules.kinds.contains(.secret) {
            let known = Set(rules.fields)
            named += SecretPattern.fields.filter { !known.contains($0) }.map { name in
                Field(name: Array(name.utf8), mark: SecretPattern.mark, rule: "secret")
            }
        }
        hasFields = !named.isEmpty
        var literals: [[UInt8]] = named.map(\.name)
        for field in named { fields[Int(field.name[0])].append(field) }
        if rules.kinds.contains(.secret) {
            for pattern in SecretPattern.all {
                let prefix = Array(ByteView(pattern.prefix))
                secrets[Int(prefix[0])].append(pattern)
                literals.append(prefix)
            }
        }
        heads = LiteralHeads(literals)
        if rules.kinds.contains(.email) { literals.append(Array("@".utf8)) }
        // What hides in escapes begins, for the search, with one.
        literals.append(Array("\\u0".utf8))
        literals += (2...7).map { Array("%\($0)".utf8) }
        search = CandidateSearch(
            literals: literals, cards: rules.kinds.contains(.card),
            addresses: rules.kinds.contains(.ip), isPlain: isPlain)
    }

    /// `chunk` with its lines redacted: itself when there is nothing to redact, else another one, valid until the next call.
    public func redact(_ chunk: ByteChunk) -> ByteChunk {
        let candidates = search.find(in: chunk.view)
        if candidates.isEmpty { return chunk }
        var writer = ChunkRewriter(chunk, into: redacted)
        var line = 0..<0
        var done = 0
        for place in candidates {
            let offset = Int(place)
            guard offset >= done, mayStand(chunk.base + offset) else { continue }
            if offset >= line.upperBound {
                line = Self.line(of: chunk, at: offset)
                done = line.lowerBound
            }
            guard offset < line.upperBound else { continue }
            let text = EscapedText(chunk.view.slice(line))
            guard
                let found = match(
                    text, at: offset - line.lowerBound, floor: done - line.lowerBound)
            else { continue }
            var next: RedactionMatch? = found.match
            while let match = next, line.lowerBound + match.range.lowerBound >= done {
                let start = line.lowerBound + match.range.lowerBound
                done = line.lowerBound + match.range.upperBound
                writer.replace(start..<done, with: match)
                counts[found.rule, default: 0] += 1
                next =
                    found.rule == RedactionRules.Kind.card.rawValue
                    ? CardPattern.next(text, behind: match.range.upperBound) : nil
            }
        }
        guard !counts.isEmpty else { return chunk }
        for (rule, count) in counts { counters.add(.redactions, count, label: rule) }
        counts.removeAll(keepingCapacity: true)
        let copy = writer.finish()
        redacted = copy
        return copy
    }

    /// The line of `chunk` that goes through `offset`, without its newline.
    private static func line(of chunk: ByteChunk, at offset: Int) -> Range<Int> {
        for range in chunk.oneLineRanges where range.contains(offset) {
            return range.lowerBound..<range.upperBound - 1
        }
        let view = chunk.view
        let start = view.prefix(offset).lastIndex(of: ASCII.newline).map { $0 + 1 } ?? 0
        let end = view.dropFirst(offset).firstIndex(of: ASCII.newline).map { $0 + offset }
        return start..<(end ?? view.count)
    }

    /// Whether it is worth finding the line around a candidate.
    private func mayStand(_ address: UnsafePointer<UInt8>) -> Bool {
        switch address.pointee {
        case UInt8(ascii: "@"), UInt8(ascii: "%"), ASCII.backslash, ASCII.dot, ASCII.colon: true
        case let byte where ASCII.isDigit(byte): true
        default: heads.mayStand(at: address)
        }
    }

    private typealias Found = (match: RedactionMatch, rule: String)

    private func match(_ line: EscapedText, at offset: Int, floor: Int) -> Found? {
        guard let first = line.after(offset) else { return nil }
        // An escape inside JSON inside a string has more backslashes than the search has seen.
        let character =
            first.range.count > 1 && first.byte != ASCII.backslash
            ? EscapedText.Character(
                byte: first.byte,
                range: line.backslashes(before: offset)..<first.range.upperBound) : first
        if character.range.count > 1, hasFields, let found = escapedKey(line, at: offset) {
            return found
        }
        let byte = character.byte
        if byte == UInt8(ascii: "@"), rules.kinds.contains(.email),
            let match = EmailPattern.match(line, sign: character.range)
        {
            return (match, "email")
        }
        let mayBeCard =
            ASCII.isDigit(byte) || (character.range.count > 1 && CardPattern.isSeparator(byte))
        if mayBeCard, rules.kinds.contains(.card),
            let match = CardPattern.match(line, at: character.range.lowerBound, floor: floor)
        {
            return (match, "card")
        }
        if byte == ASCII.dot || byte == ASCII.colon, rules.kinds.contains(.ip),
            let match = AddressPattern.match(line, at: offset)
        {
            return (match, "ip")
        }
        return character.range.count == 1 ? literal(line, at: offset) : nil
    }

    /// A secret or a field whose first letters stand at `offset`.
    private func literal(_ line: EscapedText, at offset: Int) -> Found? {
        let byte = line.bytes[offset]
        let rest = line.bytes.dropFirst(offset)
        for pattern in secrets[Int(byte)] where rest.hasPrefix(ByteView(pattern.prefix)) {
            let prefix = offset..<offset + pattern.prefix.utf8CodeUnitCount
            if let range = pattern.match(line, prefix) {
                return (RedactionMatch(range, SecretPattern.mark), "secret")
            }
        }
        for field in fields[Int(ASCII.lowercased(byte))] where Self.isSame(rest, field.name) {
            let name = offset..<offset + field.name.count
            if let match = FieldPattern.match(line, name: name, mark: field.mark) {
                return (match, field.rule)
            }
        }
        return nil
    }

    private static func isSame(_ bytes: ByteView, _ name: [UInt8]) -> Bool {
        guard bytes.count >= name.count else { return false }
        for index in name.indices where ASCII.lowercased(bytes[index]) != name[index] {
            return false
        }
        return true
    }

    /// A field whose name is written with the escape at `offset`.
    private func escapedKey(_ line: EscapedText, at offset: Int) -> Found? {
        guard let key = FieldPattern.key(line, around: offset), let first = key.text.first,
            let field = fields[Int(first)].first(where: { $0.name == key.text })
        else { return nil }
        return FieldPattern.match(line, name: key.range, mark: field.mark).map { ($0, field.rule) }
    }
}
