extension LabelMatcher {
    /// The most matchers in one list: more than alerts have labels.
    static let matchersMax = 100

    /// Reads matchers as Alertmanager and amtool write them: `service=api`, `severity=~"P0|P1"`,
    /// `{alertname="down", zone!="a"}`.
    public static func parse(_ text: String) throws(Fault) -> [LabelMatcher] {
        var parser = LabelMatcherParser(text)
        return try parser.list()
    }

    /// Reads the arguments of a command line, as amtool does: each is one matcher or several, and a word without an operator
    /// is the name of an alert.
    public static func parse(arguments: [String]) throws(Fault) -> [LabelMatcher] {
        var result: [LabelMatcher] = []
        for argument in arguments {
            if !argument.contains(where: { "={!~".contains($0) }), !argument.isEmpty {
                result.append(try LabelMatcher("alertname", .equals, argument))
            } else {
                result += try parse(argument)
            }
        }
        guard result.count <= matchersMax else {
            throw Fault(message: "there are more than \(matchersMax) matchers", offset: 0)
        }
        return result
    }
}

/// Reads matchers from left to right.
private struct LabelMatcherParser {
    private let characters: [Character]
    private var index = 0

    init(_ text: String) { characters = Array(text) }

    mutating func list() throws(LabelMatcher.Fault) -> [LabelMatcher] {
        skipSpace()
        let isBraced = take("{")
        var result: [LabelMatcher] = []
        skipSpace()
        while index < characters.count, characters[index] != "}" {
            guard result.count < LabelMatcher.matchersMax else {
                throw fault("there are more than \(LabelMatcher.matchersMax) matchers")
            }
            result.append(try matcher())
            skipSpace()
            guard take(",") else { break }
            skipSpace()
        }
        if isBraced, !take("}") { throw fault("`}` is wanted at the end of the matchers") }
        skipSpace()
        guard index == characters.count else {
            throw fault("unexpected `\(characters[index])`; matchers are separated by commas")
        }
        guard !result.isEmpty else {
            throw fault("a matcher is wanted, like `service=\"api\"` or `severity=~\"P0|P1\"`")
        }
        return result
    }

    private mutating func matcher() throws(LabelMatcher.Fault) -> LabelMatcher {
        let name: String
        if let quoted = try quotedText() {
            name = quoted
        } else {
            name = word(until: "=!~,{}\"' ")
        }
        guard !name.isEmpty else { throw fault("the name of a label is wanted") }
        skipSpace()
        let start = index
        guard let operation = takeOperation() else {
            throw fault("one of `=`, `!=`, `=~`, `!~` is wanted behind `\(name)`")
        }
        skipSpace()
        let value = try quotedText() ?? word(until: ",}\"")
        do throws(LabelMatcher.Fault) {
            return try LabelMatcher(name, operation, value)
        } catch {
            throw LabelMatcher.Fault(message: error.message, offset: offset(start))
        }
    }

    private mutating func takeOperation() -> LabelMatcher.Operation? {
        for operation in LabelMatcher.Operation.allCases {
            let sign = Array(operation.rawValue)
            if characters[index...].starts(with: sign) {
                index += sign.count
                return operation
            }
        }
        return nil
    }

    /// A text without quotes, without the spaces at its end.
    private mutating func word(until end: String) -> String {
        let start = index
        while index < characters.count, !end.contains(characters[index]) { index += 1 }
        var last = index
        while last > start, characters[last - 1].isWhitespace { last -= 1 }
        return String(characters[start..<last])
    }

    private mutating func quotedText() throws(LabelMatcher.Fault) -> String? {
        guard index < characters.count, characters[index] == "\"" else { return nil }
        let start = index
        index += 1
        var text = ""
        while index < characters.count {
            let character = characters[index]
            index += 1
            switch character {
            case "\"": return text
            case "\\":
                guard index < characters.count else { break }
                let next = characters[index]
                index += 1
                // As in Alertmanager: what is no escape stays as it is, so `\.` and `\d` need no second backslash.
                switch next {
                case "n": text.append("\n")
                case "\\", "\"": text.append(next)
                default: text += "\\\(next)"
                }
            default: text.append(character)
            }
        }
        index = start
        throw fault("the text in quotes does not end")
    }

    private mutating func skipSpace() {
        while index < characters.count, characters[index].isWhitespace { index += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        guard index < characters.count, characters[index] == character else { return false }
        index += 1
        return true
    }

    private func fault(_ message: String) -> LabelMatcher.Fault {
        LabelMatcher.Fault(message: message, offset: offset(index))
    }

    private func offset(_ index: Int) -> Int {
        characters[..<index].reduce(0) { $0 + $1.utf8.count }
    }
}
