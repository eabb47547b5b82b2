internal import LogBytes
internal import LogQuery
internal import LogRecords

/// Texts that are templates and variables.
///
/// A condition is first asked of each template: most match with all of their texts or with none, whatever the variables are.
final class TemplateValues: StoredValues {
    private let store: TemplateStore
    /// Whether the texts are those of a JSON string's content, escapes resolved.
    private let isUnescaped: Bool
    /// For each template its parts as they are written; nil: texts are put together and then resolved.
    private var loadedParts: [TemplateParts?]
    private var isPartLoaded: [Bool]

    init(_ store: TemplateStore, isUnescaped: Bool = false) {
        self.store = store
        self.isUnescaped = isUnescaped
        loadedParts = Array(repeating: nil, count: store.templates.count)
        isPartLoaded = Array(repeating: false, count: store.templates.count)
        super.init(count: store.codes.count)
    }

    override func resolved(_ kind: ValueKind, _ transform: ValueTransform) -> EncodedValues {
        kind == .string && transform == .none
            ? TemplateValues(store, isUnescaped: true) : super.resolved(kind, transform)
    }

    /// The parts of template `number` as they are written, where variables stand between them as they are.
    private func parts(_ number: Int) throws -> TemplateParts? {
        if isPartLoaded[number] { return loadedParts[number] }
        let parts = try isUnescaped ? unescapedParts(number) : store.templates[number]
        loadedParts[number] = parts
        isPartLoaded[number] = true
        return parts
    }

    private func unescapedParts(_ number: Int) throws -> TemplateParts? {
        for index in 0..<store.templates[number].variables
        where try store.alphabet(store.columnNumber(number, index)).contains(ASCII.backslash) {
            return nil
        }
        return store.templates[number].unescaped { part, out in Self.unescape(part, into: &out) }
    }

    private static func unescape(_ raw: ByteView, into out: inout ByteWriter) {
        var scratch = ByteWriter(capacity: 64)
        let isEscaped = raw.firstIndex(of: ASCII.backslash) != nil
        out.append(
            ValueText.resolve(raw, .string, isEscaped: isEscaped, .none, scratch: &scratch))
    }

    override func prepare(_ wanted: Bitmap) throws {
        var isWanted = [Bool](repeating: false, count: store.templates.count)
        wanted.visit { isWanted[store.template($0)] = true }
        for number in isWanted.indices where isWanted[number] {
            try store.prepare(number)
            _ = try parts(number)
        }
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        let template = store.template(number)
        // `prepare` was called before: nothing fails here.
        guard let parts = try? self.parts(template) else {
            var raw = ByteWriter(capacity: 256)
            write(store.templates[template], template, number, into: &raw)
            Self.unescape(raw.view, into: &out)
            return
        }
        write(parts, template, number, into: &out)
    }

    private func write(
        _ parts: TemplateParts, _ template: Int, _ number: Int, into out: inout ByteWriter
    ) {
        let place = store.places()[number]
        for index in parts.ends.indices {
            parts.withPart(index) { out.append($0) }
            if index == parts.variables { break }
            guard let column = try? store.column(store.columnNumber(template, index)) else {
                continue
            }
            column.appendValue(
                column.valueNumber(row: store.place(template, index, place)), into: &out)
        }
    }

    override var alphabet: ByteSet { .all }

    // MARK: Conditions

    /// What a template says of the texts that have it.
    private enum Verdict {
        case none, all
        /// A text matches if one of these variables does.
        case variables([Int])
        /// Each text has to be looked at.
        case texts
    }

    override func matching(
        _ matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap? {
        // 0: none of its texts matches, 1: all do, 2: each has to be looked at.
        var verdicts: [UInt8] = []
        var variables: [Int: [Int]] = [:]
        var found: [Int: Bitmap] = [:]
        for number in store.templates.indices {
            switch store.textCounts[number] == 0 ? .none : try verdict(number, matcher) {
            case .none: verdicts.append(0)
            case .all: verdicts.append(1)
            case .texts:
                verdicts.append(2)
                try store.prepare(number)
            case .variables(let columns):
                verdicts.append(2)
                variables[number] = columns
                for column in columns where found[column] == nil {
                    let values = try store.column(column)
                    found[column] = try values.rows(
                        matching: matcher, within: Bitmap(count: values.rowCount, all: true))
                }
            }
        }
        let verdictOfCode = store.templateOfCode.map { verdicts[Int($0)] }
        var rows = store.codes.withUnsafeBufferPointer { codes in
            verdictOfCode.withUnsafeBufferPointer { verdicts in
                candidates.filter { verdicts[Int(codes[$0])] != 0 }
            }
        }
        guard verdicts.contains(2), !rows.isEmpty else { return rows }
        let places = store.places()
        rows = rows.filter { text in
            if verdictOfCode[Int(store.codes[text])] == 1 { return true }
            let number = store.template(text)
            guard let columns = variables[number] else {
                return withText(text) { matcher.matches($0) }
            }
            // The columns stand in the order of the template's variables, all of them named.
            return columns.indices.contains { index in
                found[columns[index]]?[store.place(number, index, places[text])] ?? false
            }
        }
        return rows
    }

    private func withText(_ number: Int, _ body: (ByteView) -> Bool) -> Bool {
        var text = ByteWriter(capacity: 256)
        append(number, into: &text)
        return body(text.view)
    }

    private func verdict(_ number: Int, _ matcher: ValueMatcher) throws -> Verdict {
        guard let parts = try parts(number) else { return .texts }
        if parts.variables == 0 { return parts.withPart(0) { matcher.matches($0) } ? .all : .none }
        if matcher.matchesByParts {
            for index in parts.ends.indices where parts.withPart(index, { matcher.matches($0) }) {
                return .all
            }
        }
        let columns = (0..<parts.variables).map { store.columnNumber(number, $0) }
        let literals = matcher.literals
        if literals.isEmpty {
            return matcher.matchesByParts && matcher.isOneWord && number > 0
                ? .variables(columns) : .texts
        }
        let alphabets = try columns.map { try store.alphabet($0) }
        let isPossible = literals.contains { literal in
            literal.withView { TemplateSearch(parts, alphabets).mayContain($0) }
        }
        if !isPossible { return .none }
        return matcher.matchesByParts && matcher.isOneWord && number > 0
            ? .variables(columns) : .texts
    }
}

/// Whether some text of a template can contain a literal, whatever its variables are.
private struct TemplateSearch {
    private let parts: TemplateParts
    private let alphabets: [ByteSet]

    /// - Parameter alphabets: the bytes that may occur in each variable.
    init(_ parts: TemplateParts, _ alphabets: [ByteSet]) {
        self.parts = parts
        self.alphabets = alphabets
    }

    func mayContain(_ literal: ByteView) -> Bool {
        // Empty variables leave the parts side by side.
        if parts.bytes.withView({ $0.firstIndex(of: literal) != nil }) { return true }
        guard alphabets.contains(where: { $0.containsAny(of: literal) }) else { return false }
        return simulate(literal)
    }

    /// A step: a byte of the template, or any number of bytes of a variable.
    private enum Step {
        case byte(UInt8)
        case variable(ByteSet)
    }

    private func steps() -> [Step] {
        var steps: [Step] = []
        for index in parts.ends.indices {
            parts.withPart(index) { part in
                for byte in 0..<part.count { steps.append(.byte(part[byte])) }
            }
            if index < parts.variables { steps.append(.variable(alphabets[index])) }
        }
        return steps
    }

    /// Follows all ways through the template at once that spell the literal so far.
    private func simulate(_ literal: ByteView) -> Bool {
        let steps = steps()
        var current = [Bool](repeating: true, count: steps.count + 1)
        var following = current
        for index in 0..<literal.count {
            let byte = literal[index]
            for place in following.indices { following[place] = false }
            var isAny = false
            for place in steps.indices where current[place] {
                switch steps[place] {
                case .byte(let wanted):
                    if wanted == byte {
                        following[place + 1] = true
                        isAny = true
                    }
                case .variable(let alphabet):
                    // A variable may also be over, or be empty.
                    current[place + 1] = true
                    if alphabet.contains(byte) {
                        following[place] = true
                        isAny = true
                    }
                }
            }
            if !isAny { return false }
            swap(&current, &following)
        }
        return true
    }
}
