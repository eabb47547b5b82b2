internal import LogQuery

/// Reads templates.
struct TemplateParser {
    private let source: String
    private var rest: Substring
    /// The offset of the braces that are being read.
    private var offset = 0
    private var tokens: ArraySlice<Token> = []
    private var expression = ""

    /// Braces may nest so deep; people write one or two levels.
    private static let depthMax = 50

    private enum Token: Equatable {
        case word(String)
        case text(String)
        case open, close, pipe
    }

    init(_ source: String) {
        self.source = source
        rest = source[...]
    }

    /// The template.
    mutating func parse() throws(AlertTemplate.Fault) -> [TemplateNode] {
        var nodes: [TemplateNode] = []
        if let end = try body(into: &nodes, depth: 0) {
            throw fault("`{{ \(end) }}` has no `{{ if … }}` before it")
        }
        return nodes
    }

    private func fault(_ message: String) -> AlertTemplate.Fault {
        AlertTemplate.Fault(message: message, offset: offset)
    }

    /// Reads up to the end, or to `else` or `end`, which is returned.
    private mutating func body(
        into nodes: inout [TemplateNode], depth: Int
    ) throws(AlertTemplate.Fault) -> String? {
        guard depth < Self.depthMax else { throw fault("`if` stands too deep inside others") }
        while let open = rest.firstRange(of: "{{") {
            var text = rest[..<open.lowerBound]
            offset = source.utf8.distance(from: source.startIndex, to: open.lowerBound)
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else {
                throw fault("`{{` is not closed by `}}`")
            }
            var inner = rest[..<close.lowerBound]
            rest = rest[close.upperBound...]
            // `{{-` and `-}}` take the blanks around them away.
            if inner.hasPrefix("- ") {
                inner = inner.dropFirst()
                text = Self.trimmedEnd(text)
            }
            if inner.hasSuffix(" -") {
                inner = inner.dropLast()
                rest = rest.drop { $0.isWhitespace }
            }
            if !text.isEmpty { nodes.append(.text(String(text))) }
            if inner.drop(while: \.isWhitespace).hasPrefix("/*") { continue }
            expression = String(inner)
            tokens = try lex(inner)[...]
            switch tokens.first {
            case .word("if")?:
                tokens.removeFirst()
                nodes.append(try choice(depth))
            case .word("else")?, .word("end")?:
                if tokens.count == 1 { return tokens.first == .word("end") ? "end" : "else" }
                if tokens.dropFirst().first == .word("if") { return "else if" }
                throw unknown()
            default:
                nodes.append(.output(try pipeline()))
                guard tokens.isEmpty else { throw unknown() }
            }
        }
        if !rest.isEmpty { nodes.append(.text(String(rest))) }
        rest = ""
        return nil
    }

    private static func trimmedEnd(_ text: Substring) -> Substring {
        var text = text
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private mutating func choice(_ depth: Int) throws(AlertTemplate.Fault) -> TemplateNode {
        var branches: [(condition: TemplateExpression?, body: [TemplateNode])] = []
        let start = offset
        var condition: TemplateExpression? = try wholePipeline()
        while true {
            var nodes: [TemplateNode] = []
            guard let end = try body(into: &nodes, depth: depth + 1) else {
                offset = start
                throw fault("`{{ if … }}` is not closed by `{{ end }}`")
            }
            branches.append((condition, nodes))
            if end == "end" { return .choice(branches) }
            guard condition != nil else {
                throw fault("nothing follows `{{ else }}` but `{{ end }}`")
            }
            if end == "else" {
                condition = nil
            } else {
                tokens.removeFirst(2)
                condition = try wholePipeline()
            }
        }
    }

    private mutating func wholePipeline() throws(AlertTemplate.Fault) -> TemplateExpression {
        let result = try pipeline()
        guard tokens.isEmpty else { throw unknown() }
        return result
    }

    // MARK: Expressions

    /// `command | function arguments | …`: what comes before a bar is the last argument of what stands behind it.
    private mutating func pipeline() throws(AlertTemplate.Fault) -> TemplateExpression {
        var result = try command(nil)
        while tokens.first == .pipe {
            tokens.removeFirst()
            guard case .word(let name)? = tokens.first, !name.hasPrefix("$"), !name.hasPrefix(".")
            else { throw unknown() }
            result = try command(result)
        }
        return result
    }

    private mutating func command(
        _ piped: TemplateExpression?
    ) throws(AlertTemplate.Fault) -> TemplateExpression {
        guard case .word(let name)? = tokens.first, piped != nil || isFunction(name) else {
            return try operand()
        }
        tokens.removeFirst()
        if name == "index", piped == nil { return try label() }
        guard let function = TemplateFunction(rawValue: name) else {
            let known = TemplateFunction.allCases.map(\.rawValue)
            let hint =
                Spelling.nearest(to: name, in: known).map { "did you mean `\($0)`?" }
                ?? "there are \(known.joined(separator: ", "))"
            throw fault("unknown template filter `\(name)`; \(hint)")
        }
        var arguments: [TemplateExpression] = []
        while let next = tokens.first, next != .pipe, next != .close {
            arguments.append(try operand())
        }
        if let piped { arguments.append(piped) }
        guard function.arguments.contains(arguments.count) else {
            throw fault(
                "a template knows `\(function.example)`, not `{{\(expression)}}`")
        }
        return .call(function, arguments)
    }

    private func isFunction(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first else { return false }
        let isWord = first.properties.isAlphabetic
        return isWord && (name == "index" || TemplateFunction(rawValue: name) != nil)
    }

    private mutating func label() throws(AlertTemplate.Fault) -> TemplateExpression {
        guard tokens.first == .word("$labels") || tokens.first == .word(".Labels") else {
            throw unknown()
        }
        tokens.removeFirst()
        guard let next = tokens.first, next != .pipe, next != .close else { throw unknown() }
        return .label(try operand())
    }

    private mutating func operand() throws(AlertTemplate.Fault) -> TemplateExpression {
        guard let token = tokens.popFirst() else { throw unknown() }
        switch token {
        case .text(let text): return .text(text)
        case .open:
            let inner = try pipeline()
            guard tokens.popFirst() == .close else { throw unknown() }
            return inner
        case .word(let word): return try operand(word)
        case .close, .pipe: throw unknown()
        }
    }

    private func operand(_ word: String) throws(AlertTemplate.Fault) -> TemplateExpression {
        switch word {
        case "$value", ".Value", "$.Value": return .value
        case "$threshold", ".Threshold": return .threshold
        case "$labels", ".Labels", "$.Labels": return .labels
        default: break
        }
        for prefix in ["$labels.", ".Labels.", "$.Labels."] where word.hasPrefix(prefix) {
            let name = String(word.dropFirst(prefix.count))
            guard !name.isEmpty else { throw unknown() }
            return .label(.text(name))
        }
        guard let number = ValueUnit.number(word) else { throw unknown() }
        return .number(number)
    }

    private func unknown() -> AlertTemplate.Fault {
        fault(
            "a template knows `{{ $labels.NAME }}`, `{{ or $labels.NAME \"text\" }}`, `{{ $value }}`, "
                + "`{{ printf \"%.2f\" $value }}` and `{{ if … }}…{{ end }}`, not `{{\(expression)}}`"
        )
    }

    // MARK: Tokens

    private func lex(_ text: Substring) throws(AlertTemplate.Fault) -> [Token] {
        var result: [Token] = []
        var rest = text
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if first == "(" || first == ")" || first == "|" {
                result.append(first == "(" ? .open : first == ")" ? .close : .pipe)
                rest.removeFirst()
            } else if first == "\"" || first == "`" {
                result.append(.text(try string(&rest, first)))
            } else {
                let word = rest.prefix { !$0.isWhitespace && !"()|\"`".contains($0) }
                result.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            }
        }
        return result
    }

    private func string(
        _ rest: inout Substring, _ quote: Character
    ) throws(AlertTemplate.Fault) -> String {
        var result = ""
        rest.removeFirst()
        while let next = rest.popFirst() {
            if next == quote { return result }
            guard next == "\\", quote == "\"" else {
                result.append(next)
                continue
            }
            switch rest.popFirst() {
            case "n"?: result.append("\n")
            case "t"?: result.append("\t")
            case "\""?: result.append("\"")
            case "\\"?: result.append("\\")
            default: throw unknown()
            }
        }
        throw unknown()
    }
}
