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
    /// For each column of variables that was asked whether its escapes end where they begin.
    private var closed: [Int: Bool] = [:]
    private var writtenColumns: [Int: Column] = [:]
    private let assembler: TextAssembler
    /// For each column of variables the number that the assembler knows it by.
    private var assembledColumns: [AssembledColumn: Int] = [:]

    /// A column of variables, as it is written or as it is stored.
    private struct AssembledColumn: Hashable {
        let number: Int
        let isStored: Bool
    }

    init(_ store: TemplateStore, isUnescaped: Bool = false) {
        self.store = store
        self.isUnescaped = isUnescaped
        loadedParts = Array(repeating: nil, count: store.templates.count)
        isPartLoaded = Array(repeating: false, count: store.templates.count)
        assembler = TextAssembler(patterns: store.templates.count)
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
        let template = store.templates[number]
        for index in 0..<template.variables
        where try !isClosed(store.columnNumber(number, index)) {
            return nil
        }
        if template.bytes.withView({ $0.firstIndex(of: ASCII.backslash) }) == nil {
            return template
        }
        return template.unescaped { part, out in Self.unescape(part, into: &out) }
    }

    /// Whether every escape that begins in a value of a column of variables also ends there.
    private func isClosed(_ column: Int) throws -> Bool {
        if let known = closed[column] { return known }
        var isClosed = true
        if try store.alphabet(column).contains(ASCII.backslash) {
            let values = try store.column(column)
            try values.prepareValues(Bitmap(count: values.valueCount, all: true))
            for value in 0..<values.valueCount where isClosed {
                isClosed = values.withValue(value) { TemplateParts.closesItsEscapes($0) }
            }
        }
        closed[column] = isClosed
        return isClosed
    }

    /// The values of a column of variables as they are written.
    private func column(_ number: Int) throws -> Column {
        if let known = writtenColumns[number] { return known }
        let stored = try store.column(number)
        let column = try isUnescaped && isClosed(number) ? stored.resolved(.string, .none) : stored
        writtenColumns[number] = column
        return column
    }

    /// The bytes that may occur in a column of variables as it is written.
    private func alphabet(_ number: Int) throws -> ByteSet {
        let alphabet = try store.alphabet(number)
        return isUnescaped && alphabet.contains(ASCII.backslash) ? .all : alphabet
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
        for number in isWanted.indices where isWanted[number] { try define(number) }
    }

    /// Makes texts of template `number` ready to be written; those with escapes that may go on in a variable as they are stored.
    private func define(_ number: Int) throws {
        if assembler.isDefined(number) { return }
        let resolved = try parts(number)
        let parts = resolved ?? store.templates[number]
        let values = try (0..<parts.variables).map { index in
            let wanted = AssembledColumn(
                number: store.columnNumber(number, index), isStored: resolved == nil)
            if let known = assembledColumns[wanted] { return known }
            let added = assembler.add(
                try wanted.isStored ? store.column(wanted.number) : column(wanted.number))
            assembledColumns[wanted] = added
            return added
        }
        assembler.define(number, bytes: parts.bytes, ends: parts.ends, values: values)
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        var ends = Vector<UInt32>(capacity: 1)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 1) { numbers in
            numbers.initialize(repeating: UInt32(truncatingIfNeeded: number))
            append(UnsafeBufferPointer(numbers), into: &out, ends: &ends)
        }
    }

    override func append(
        _ numbers: UnsafeBufferPointer<UInt32>, into out: inout ByteWriter,
        ends: inout Vector<UInt32>
    ) {
        let places = store.places()
        var written = Vector<Int>(capacity: min(numbers.count, TextAssembler.batchMax))
        for number in numbers {
            let template = store.template(Int(number))
            if !assembler.isDefined(template) {
                // `prepare` was called before: nothing fails here.
                guard (try? define(template)) != nil else {
                    write(&written, into: &out, ends: &ends)
                    ends.append(UInt32(truncatingIfNeeded: out.count))
                    continue
                }
            }
            let isWhole = isPartLoaded[template] && loadedParts[template] == nil
            if isWhole || assembler.count == TextAssembler.batchMax {
                write(&written, into: &out, ends: &ends)
            }
            assembler.add(
                template, row: Int(places[Int(number)]), stride: store.isShared(template) ? 1 : 0)
            if isWhole {
                var raw = ByteWriter(capacity: 256)
                assembler.write(into: &raw, ends: &written)
                written.removeAll()
                Self.unescape(raw.view, into: &out)
                ends.append(UInt32(truncatingIfNeeded: out.count))
            }
        }
        write(&written, into: &out, ends: &ends)
    }

    /// Writes what the assembler has gathered; `written` is empty and stays so.
    private func write(
        _ written: inout Vector<Int>, into out: inout ByteWriter, ends: inout Vector<UInt32>
    ) {
        assembler.write(into: &out, ends: &written)
        for index in 0..<written.count { ends.append(UInt32(truncatingIfNeeded: written[index])) }
        written.removeAll()
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
        var verdicts: [TextVerdict] = []
        // For each template whose texts match by their variables, where the first variable stands of those that do.
        var matches = [Bitmap?](repeating: nil, count: store.templates.count)
        var found: [Int: Bitmap] = [:]
        for number in store.templates.indices {
            switch store.textCounts[number] == 0 ? .none : try verdict(number, matcher) {
            case .none: verdicts.append(.none)
            case .all: verdicts.append(.all)
            case .texts:
                verdicts.append(.byText)
                try define(number)
            case .variables(let columns):
                for column in columns where found[column] == nil {
                    let values = try self.column(column)
                    found[column] = try values.rows(
                        matching: matcher, within: Bitmap(count: values.rowCount, all: true))
                }
                let places = places(number, columns.map { found[$0] })
                verdicts.append(places == nil ? .none : .byVariables)
                matches[number] = places
            }
        }
        let verdictOfCode = store.templateOfCode.map { verdicts[Int($0)] }
        let rows = store.codes.withUnsafeBufferPointer { codes in
            verdictOfCode.withUnsafeBufferPointer { verdicts in
                candidates.filter { verdicts[Int(codes[$0])] != .none }
            }
        }
        guard verdicts.contains(where: { $0.rawValue > TextVerdict.all.rawValue }), !rows.isEmpty
        else { return rows }
        let places = store.places()
        var unsure = Vector<UInt32>(capacity: 64)
        var result = rows.filter { text in
            switch verdictOfCode[Int(store.codes[text])] {
            case .none: return false
            case .all: return true
            case .byVariables: return matches[store.template(text)]?[Int(places[text])] ?? false
            case .byText:
                unsure.append(UInt32(truncatingIfNeeded: text))
                return false
            }
        }
        look(at: unsure.buffer, matcher, &result)
        return result
    }

    /// Adds those of `texts` to `found` that meet the condition.
    private func look(
        at texts: UnsafeBufferPointer<UInt32>, _ matcher: ValueMatcher, _ found: inout Bitmap
    ) {
        var bytes = ByteWriter(capacity: 1 << 12)
        var ends = Vector<UInt32>(capacity: TextAssembler.batchMax)
        var done = 0
        while done < texts.count {
            let batch = texts[done..<min(done + TextAssembler.batchMax, texts.count)]
            bytes.removeAll()
            ends.removeAll()
            append(UnsafeBufferPointer(rebasing: batch), into: &bytes, ends: &ends)
            var start = 0
            for (index, text) in batch.enumerated() {
                let end = Int(ends[index])
                if matcher.matches(bytes.view.slice(start..<end)) { found[Int(text)] = true }
                start = end
            }
            done += batch.count
        }
    }

    /// What is to be asked of the texts of a template.
    private enum TextVerdict: UInt8 {
        case none, all, byVariables, byText
    }

    /// Where the first variables of those texts of template `number` stand of which a variable was found; nil: there is none.
    ///
    /// - Parameter found: for each variable the values of its column that were found.
    private func places(_ number: Int, _ found: [Bitmap?]) -> Bitmap? {
        var places: Bitmap?
        for (index, values) in found.enumerated() {
            guard let values, !values.isEmpty else { continue }
            // In a shared column the first variable stands so many places before this one.
            let shift = store.place(number, index, 0)
            var all = places ?? Bitmap(count: values.count)
            values.visit { if $0 >= shift { all[$0 - shift] = true } }
            places = all
        }
        return places
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
        // Template 0 is nothing but a variable.
        var isWithinOne = number == 0 || matcher.matchesByParts && matcher.isOneWord
        if !literals.isEmpty {
            let alphabets = try columns.map { try alphabet($0) }
            let search = TemplateSearch(parts, alphabets)
            let isPossible = literals.contains { literal in
                literal.withView { search.mayContain($0) }
            }
            if !isPossible { return .none }
            if matcher.matchesByParts, literals.count == 1 {
                isWithinOne = isWithinOne || literals[0].withView { !search.maySpan($0) }
            }
        }
        return isWithinOne ? .variables(columns) : .texts
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

    /// Whether a literal can begin in a variable or part and end in another one.
    func maySpan(_ literal: ByteView) -> Bool {
        let bytes = ByteSet(literal)
        for index in parts.ends.indices {
            let spans = parts.withPart(index) { part in
                let isOuter = index == 0 || index == parts.variables
                if part.isEmpty { return !isOuter }
                return index > 0 && bytes.contains(part[0])
                    || index < parts.variables && bytes.contains(part[part.count - 1])
            }
            if spans { return true }
        }
        return false
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
