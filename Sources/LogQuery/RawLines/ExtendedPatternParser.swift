/// Reads an extended regular expression with the rules, and the oddities, of `grep -E`.
///
/// An operator with nothing before it repeats nothing; `{` that begins no interval, and `)` without its `(`, are themselves;
/// a backslash before a character that means nothing is passed over.
struct ExtendedPatternParser {
    /// Groups may stand this deep inside each other.
    private static let nestingMax = 200
    /// As `RE_DUP_MAX` of the C library.
    private static let repetitionMax = 0x7FFF

    private let text: String
    private let scalars: [Unicode.Scalar]
    private let ignoresCase: Bool
    private var index = 0
    private var nesting = 0
    /// What was taken literally and was probably not meant so.
    private(set) var notes: [String] = []

    private init(_ text: String, ignoresCase: Bool) {
        self.text = text
        self.scalars = Array(text.unicodeScalars)
        self.ignoresCase = ignoresCase
    }

    /// The pattern that `text` is, and what to tell its author.
    static func parse(
        _ text: String, ignoresCase: Bool
    ) throws(QueryError) -> (pattern: ExtendedPattern, notes: [String]) {
        var parser = ExtendedPatternParser(text, ignoresCase: ignoresCase)
        let pattern = try parser.alternatives()
        return (pattern, parser.notes)
    }

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private func fault(_ message: String, at place: Int? = nil) -> QueryError {
        let offset = scalars[..<min(place ?? index, scalars.count)].reduce(0) {
            $0 + UTF8.width($1)
        }
        return QueryError(message, offset: offset, query: text)
    }

    // MARK: Structure

    private mutating func alternatives() throws(QueryError) -> ExtendedPattern {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.nestingMax else {
            throw fault("groups stand more than \(Self.nestingMax) deep inside each other")
        }
        var branches: [ExtendedPattern] = []
        repeat {
            branches.append(try branch())
            guard let next, next == "|" || next == "\n" else { break }
            index += 1
        } while true
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func branch() throws(QueryError) -> ExtendedPattern {
        var parts: [ExtendedPattern] = []
        while let next, next != "|", next != "\n" {
            if next == ")", nesting > 1 { break }
            let operation = try repetition()
            if let (least, most) = operation {
                let operand = parts.popLast() ?? .empty
                parts.append(.repetition(operand, min: least, max: most))
            } else {
                parts.append(try atom(next))
            }
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func atom(_ first: Unicode.Scalar) throws(QueryError) -> ExtendedPattern {
        let start = index
        index += 1
        switch first {
        case "(":
            let inner = try alternatives()
            guard next == ")" else { throw fault("this ( has no )", at: start) }
            index += 1
            return inner
        case "[": return .set(try bracket(start))
        case ".": return .set(.any)
        case "^": return .assertion(.lineStart)
        case "$": return .assertion(.lineEnd)
        case "\\": return try escape(start)
        default: return literal(first)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> ExtendedPattern {
        .set(CharacterSet(scalar, ignoresCase: ignoresCase))
    }

    // MARK: Repetition

    /// The bounds of the operator that stands here; nil, and nothing read, when there is none.
    private mutating func repetition() throws(QueryError) -> (min: Int, max: Int?)? {
        switch next {
        case "*":
            index += 1
            return (0, nil)
        case "+":
            index += 1
            return (1, nil)
        case "?":
            index += 1
            return (0, 1)
        case "{": return try interval()
        default: return nil
        }
    }

    private mutating func interval() throws(QueryError) -> (min: Int, max: Int?)? {
        let start = index
        index += 1
        let least = number()
        var most = least
        if next == "," {
            index += 1
            most = number()
            if least == nil, most == nil, next == "}" {
                index += 1
                return (0, nil)
            }
        } else if least == nil {
            index = start
            return nil
        }
        guard next == "}" else {
            index = start
            return nil
        }
        index += 1
        guard max(least ?? 0, most ?? 0) <= Self.repetitionMax else {
            throw fault("more than \(Self.repetitionMax) repetitions", at: start)
        }
        guard most.map({ $0 >= least ?? 0 }) ?? true else {
            throw fault("the interval ends before it begins", at: start)
        }
        return (least ?? 0, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let next, ("0"..."9").contains(next) {
            let digit = Int(next.value - 0x30)
            value = min((value ?? 0) * 10 + digit, Self.repetitionMax + 1)
            index += 1
        }
        return value
    }

    // MARK: Escapes

    private mutating func escape(_ start: Int) throws(QueryError) -> ExtendedPattern {
        guard let scalar = next else {
            throw fault("a backslash at the end; write \\\\ for a backslash", at: start)
        }
        index += 1
        switch scalar {
        case "<": return .assertion(.wordStart)
        case ">": return .assertion(.wordEnd)
        case "b": return .assertion(.wordBorder)
        case "B": return .assertion(.noWordBorder)
        case "`": return .assertion(.lineStart)
        case "'": return .assertion(.lineEnd)
        case "w": return .set(CharacterSet(classes: [.word]))
        case "W": return .set(CharacterSet(classes: [.word], isNegated: true))
        case "s": return .set(CharacterSet(classes: [.space]))
        case "S": return .set(CharacterSet(classes: [.space], isNegated: true))
        case "1"..."9":
            throw fault(
                "\\\(scalar) is a back-reference, which no search in linear time can follow; "
                    + "write the alternatives out", at: start)
        default:
            let meant = [
                "d": "[0-9]", "D": "[^0-9]", "t": "a tab", "n": "nothing: lines have none",
            ]
            if scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
                let hint = meant["\(scalar)"].map { "; for \($0) write so" } ?? ""
                notes.append("\\\(scalar) is the letter \(scalar), as grep -E has it\(hint)")
            }
            return literal(scalar)
        }
    }

    // MARK: Brackets

    private mutating func bracket(_ start: Int) throws(QueryError) -> CharacterSet {
        var set = CharacterSet()
        if next == "^" {
            set.isNegated = true
            index += 1
        }
        let first = index
        while true {
            guard let scalar = next else { throw fault("this [ has no ]", at: start) }
            if scalar == "]", index > first { break }
            if scalar == "[", following == ":" {
                set.classes.append(try namedClass(start))
                // A class begins no range.
                if next == "-", following != "]" { throw fault("a class begins no range") }
                continue
            }
            let place = index
            let lower = try bracketCharacter(start)
            guard next == "-", following != "]", following != nil else {
                set.ranges.append(lower.value...lower.value)
                continue
            }
            index += 1
            if next == "[", following == ":" { throw fault("a class ends no range") }
            let upper = try bracketCharacter(start)
            guard lower <= upper else {
                throw fault("the range \(lower)-\(upper) ends before it begins", at: place)
            }
            set.ranges.append(lower.value...upper.value)
            if next == "-", following != "]" {
                throw fault("a range cannot begin with the end of another")
            }
        }
        index += 1
        if let name = colonName(from: start + 1, to: index - 1) {
            throw fault("the class is written [[:\(name):]], with two pairs of brackets", at: start)
        }
        if ignoresCase { set.foldCase() }
        return set
    }

    private var following: Unicode.Scalar? {
        index + 1 < scalars.count ? scalars[index + 1] : nil
    }

    /// One character, also as `[.x.]` or `[=x=]`.
    private mutating func bracketCharacter(
        _ start: Int
    ) throws(QueryError) -> Unicode.Scalar {
        guard let scalar = next else { throw fault("this [ has no ]", at: start) }
        guard scalar == "[", let mark = following, mark == "." || mark == "=" else {
            index += 1
            return scalar
        }
        guard index + 4 < scalars.count, scalars[index + 3] == mark, scalars[index + 4] == "]"
        else {
            throw fault("[\(mark) takes one character and ends in \(mark)]")
        }
        let character = scalars[index + 2]
        index += 5
        return character
    }

    private mutating func namedClass(_ start: Int) throws(QueryError) -> CharacterClass {
        let place = index
        index += 2
        var name = ""
        while let scalar = next, scalar != ":" {
            name.unicodeScalars.append(scalar)
            index += 1
        }
        guard next == ":", following == "]" else { throw fault("this [ has no ]", at: start) }
        index += 2
        guard let found = CharacterClass(rawValue: name), found != .word else {
            let names = CharacterClass.allCases.filter { $0 != .word }.map(\.rawValue)
            throw fault(
                "there is no class [:\(name):] (there are \(names.joined(separator: ", ")))",
                at: place)
        }
        return found
    }

    /// The name in `[:name:]` without the brackets around it, which nobody means.
    private func colonName(from: Int, to: Int) -> String? {
        guard to - from > 2, scalars[from] == ":", scalars[to - 1] == ":" else { return nil }
        var name = ""
        name.unicodeScalars.append(contentsOf: scalars[(from + 1)..<(to - 1)])
        return name.utf8.allSatisfy { (0x61...0x7A).contains($0) } ? name : nil
    }
}
