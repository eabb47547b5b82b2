internal import LogBytes
internal import LogQuery
internal import LogRecords

/// Values as they stand in lines, stored as something else than text.
class StoredValues: EncodedValues {
    /// The values as the text of a field: escapes resolved, `null` empty, canonical fields transformed.
    func resolved(_ kind: ValueKind, _ transform: ValueTransform) -> EncodedValues {
        let isPlain: Bool
        switch kind {
        case .text: isPlain = true
        case .string: isPlain = !alphabet.contains(ASCII.backslash)
        case .token: isPlain = !alphabet.contains(UInt8(ascii: "n"))
        default: isPlain = false
        }
        return isPlain && transform == .none
            ? self : ResolvedValues(self, kind, transform)
    }

    /// No value, where the condition's literals hold bytes that no value has; otherwise nil.
    func nothing(_ matcher: ValueMatcher) -> Bitmap? {
        let literals = matcher.literals
        if literals.isEmpty { return nil }
        let alphabet = alphabet
        let isPossible = literals.contains { $0.withView { alphabet.containsAll(of: $0) } }
        return isPossible ? nil : Bitmap(count: count)
    }
}

/// Values that have to be read before they are the text of a field.
private final class ResolvedValues: EncodedValues {
    private let values: StoredValues
    private let kind: ValueKind
    private let transform: ValueTransform

    init(_ values: StoredValues, _ kind: ValueKind, _ transform: ValueTransform) {
        self.values = values
        self.kind = kind
        self.transform = transform
        super.init(count: values.count)
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        var raw = ByteWriter(capacity: 64)
        var scratch = ByteWriter(capacity: 64)
        values.append(number, into: &raw)
        let isEscaped =
            kind.hasEscapes && raw.view.firstIndex(of: ASCII.backslash) != nil
        out.append(
            ValueText.resolve(raw.view, kind, isEscaped: isEscaped, transform, scratch: &scratch))
    }

    override func prepare(_ wanted: Bitmap) throws { try values.prepare(wanted) }
}

extension Column {
    /// The stored values of this column as the text of a field, value for value.
    func resolved(_ kind: ValueKind, _ transform: ValueTransform) -> Column {
        if kind == .text, transform == .none { return self }
        if let encoded {
            guard let stored = encoded as? StoredValues else {
                preconditionFailure("BUG: a stored column of values that are not stored")
            }
            let resolved = stored.resolved(kind, transform)
            return resolved === stored ? self : replacingValues(resolved)
        }
        if kind == .string, transform == .none {
            // Most strings have no escapes, and are what they are spelled.
            let scratch = Scratch()
            return rewritingValues(
                with: ASCII.backslash, keeps: EscapedText.keeps, hides: EscapedText.hides
            ) { raw, out in
                out.append(
                    ValueText.resolve(
                        raw, kind, isEscaped: true, transform, scratch: &scratch.bytes))
            }
        }
        var scratch = ByteWriter(capacity: 256)
        var bytes = ByteWriter(capacity: 1 << 12)
        var ends: [Int] = []
        ends.reserveCapacity(valueCount)
        for number in 0..<valueCount {
            withValue(number) { raw in
                let isEscaped = kind.hasEscapes && raw.firstIndex(of: ASCII.backslash) != nil
                bytes.append(
                    ValueText.resolve(raw, kind, isEscaped: isEscaped, transform, scratch: &scratch)
                )
            }
            ends.append(bytes.count)
        }
        return replacingValues(bytes: Array(bytes.view), ends: ends)
    }
}

/// Memory that resolving values needs for a moment.
private final class Scratch {
    var bytes = ByteWriter(capacity: 256)
}

/// What escapes of JSON do to texts.
private enum EscapedText {
    /// Whether a text that has `literal` in it is spelled with it unless it `hides` something: the short escapes make other bytes.
    static func keeps(_ literal: ByteView) -> Bool {
        (0..<literal.count).allSatisfy { index in
            let byte = literal[index]
            return byte >= 0x20 && byte != ASCII.quote && byte != ASCII.backslash && byte != slash
        }
    }

    /// Whether `text` has another escape than the short ones.
    static func hides(_ text: ByteView) -> Bool {
        var index = 0
        while let next = text.dropFirst(index).firstIndex(of: ASCII.backslash) {
            index += next + 2
            guard index <= text.count else { return true }
            switch text[index - 1] {
            case ASCII.quote, ASCII.backslash, slash, UInt8(ascii: "n"), UInt8(ascii: "t"),
                UInt8(ascii: "r"), UInt8(ascii: "b"), UInt8(ascii: "f"):
                continue
            default: return true
            }
        }
        return false
    }

    private static let slash = UInt8(ascii: "/")
}
