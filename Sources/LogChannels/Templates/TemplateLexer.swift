/// Why a template cannot be used, and where.
struct TemplateFault: Error, Equatable {
    let message: String
    /// The character where it stands, counted from 0.
    let offset: Int
}

/// A piece of what stands between `{{` and `}}`.
enum TemplateToken: Equatable {
    case word(String)
    /// `.` or `.A.B`.
    case field([String])
    /// `$` or `$x.A.B`.
    case variable(String, [String])
    case literal(TemplateValue)
    case open
    case close([String])
    case pipe, assign, comma
}

/// Cuts a template into its texts and actions, and actions into tokens.
struct TemplateLexer {
    enum Piece {
        case text(String)
        case action([TemplateToken], offset: Int)
    }

    private let characters: [Character]
    private var index = 0

    /// The pieces of `source`, with the blanks gone that `{{-` and `-}}` take away, and without comments.
    static func pieces(_ source: String) throws(TemplateFault) -> [Piece] {
        var lexer = TemplateLexer(characters: Array(source))
        return try lexer.pieces()
    }

    private init(characters: [Character]) { self.characters = characters }

    private mutating func pieces() throws(TemplateFault) -> [Piece] {
        var result: [Piece] = []
        var text = ""
        var trimsNext = false
        while index < characters.count {
            guard starts(with: "{{") else {
                if !(trimsNext && characters[index].isWhitespace) {
                    trimsNext = false
                    text.append(characters[index])
                }
                index += 1
                continue
            }
            let offset = index
            index += 2
            if starts(with: "-"), index + 1 < characters.count, characters[index + 1].isWhitespace {
                while text.last?.isWhitespace == true { text.removeLast() }
                index += 1
            }
            if !text.isEmpty { result.append(.text(text)) }
            text = ""
            let tokens = try action(offset, &trimsNext)
            if let tokens { result.append(.action(tokens, offset: offset)) }
        }
        if !text.isEmpty { result.append(.text(text)) }
        return result
    }

    private func starts(with word: String) -> Bool {
        characters[index...].starts(with: word)
    }

    /// The tokens up to `}}`; nil for a comment.
    private mutating func action(
        _ offset: Int, _ trimsNext: inout Bool
    ) throws(TemplateFault) -> [TemplateToken]? {
        var tokens: [TemplateToken] = []
        var isComment = false
        while index < characters.count {
            if starts(with: "}}") || starts(with: "-}}") {
                trimsNext = characters[index] == "-"
                index += trimsNext ? 3 : 2
                return isComment ? nil : tokens
            }
            if starts(with: "/*") {
                isComment = true
                while index < characters.count, !starts(with: "*/") { index += 1 }
                index = min(index + 2, characters.count)
            } else if characters[index].isWhitespace {
                index += 1
            } else {
                tokens.append(try token())
            }
        }
        throw TemplateFault(message: "`{{` is not closed by `}}`", offset: offset)
    }

    private mutating func token() throws(TemplateFault) -> TemplateToken {
        let start = index
        switch characters[index] {
        case "(":
            index += 1
            return .open
        case ")":
            index += 1
            return .close(fields())
        case "|":
            index += 1
            return .pipe
        case ",":
            index += 1
            return .comma
        case ":", "=":
            index += characters[index] == ":" ? 2 : 1
            index = min(index, characters.count)
            return .assign
        case ".":
            let names = fields()
            if names.isEmpty { index += 1 }
            return .field(names)
        case "$":
            index += 1
            return .variable(word(), fields())
        case "\"", "`": return .literal(.text(try quoted()))
        case let digit where digit.isNumber || digit == "-": return .literal(try number())
        default:
            let name = word()
            guard !name.isEmpty else {
                throw TemplateFault(
                    message: "`\(characters[start])` has no meaning in a template", offset: start)
            }
            if name == "true" || name == "false" { return .literal(.flag(name == "true")) }
            if name == "nil" { return .literal(.none) }
            return .word(name)
        }
    }

    private mutating func word() -> String {
        var result = ""
        while index < characters.count,
            characters[index].isLetter || characters[index].isNumber || characters[index] == "_"
        {
            result.append(characters[index])
            index += 1
        }
        return result
    }

    private mutating func fields() -> [String] {
        var result: [String] = []
        while index + 1 < characters.count, characters[index] == ".",
            characters[index + 1].isLetter || characters[index + 1] == "_"
        {
            index += 1
            result.append(word())
        }
        return result
    }

    private mutating func quoted() throws(TemplateFault) -> String {
        let start = index
        let quote = characters[index]
        var result = ""
        index += 1
        while index < characters.count {
            let character = characters[index]
            index += 1
            if character == quote { return result }
            guard character == "\\", quote == "\"", index < characters.count else {
                result.append(character)
                continue
            }
            let escaped = characters[index]
            index += 1
            switch escaped {
            case "n": result += "\n"
            case "t": result += "\t"
            default: result.append(escaped)
            }
        }
        throw TemplateFault(message: "a text in quotes does not end", offset: start)
    }

    private mutating func number() throws(TemplateFault) -> TemplateValue {
        let start = index
        var text = ""
        while index < characters.count, "-+.eE0123456789".contains(characters[index]) {
            text.append(characters[index])
            index += 1
        }
        guard let number = Double(text) else {
            throw TemplateFault(message: "`\(text)` is no number", offset: start)
        }
        return .number(number)
    }
}
