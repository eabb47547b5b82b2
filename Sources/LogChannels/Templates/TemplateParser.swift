/// A template as a tree.
indirect enum TemplateNode: Sendable {
    case text(String)
    case output(TemplatePipeline)
    case assign(String, TemplatePipeline)
    case choose(TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
    case with(TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
    case range(
        key: String?, value: String?, TemplatePipeline, body: [TemplateNode],
        otherwise: [TemplateNode])
    case include([TemplateNode], TemplatePipeline)
}

/// Commands, each of which gets the result of the one before as its last argument.
struct TemplatePipeline: Sendable {
    var commands: [[TemplateOperand]]
}

/// What a command is made of.
indirect enum TemplateOperand: Sendable {
    case function(String)
    case field([String])
    case variable(String, [String])
    case literal(TemplateValue)
    case inner(TemplatePipeline, [String])
}

/// Reads the templates that users of Alertmanager write: the part of Go's language that they use.
struct TemplateParser {
    private let pieces: [TemplateLexer.Piece]
    private var index = 0
    /// How deep blocks and included templates stand in each other.
    private let depth: Int
    /// Deeper ones are no message any more.
    private static let depthMax = 32

    static func parse(_ source: String, depth: Int = 0) throws(TemplateFault) -> [TemplateNode] {
        var parser = TemplateParser(pieces: try TemplateLexer.pieces(source), depth: depth)
        let (nodes, end) = try parser.block(depth)
        if let end { throw TemplateFault(message: "`\(end.word)` without a begin", offset: end.at) }
        return nodes
    }

    private init(pieces: [TemplateLexer.Piece], depth: Int) {
        self.pieces = pieces
        self.depth = depth
    }

    private typealias End = (word: String, tokens: [TemplateToken], at: Int)

    /// Nodes up to `end`, `else` or the end of the template.
    private mutating func block(
        _ depth: Int
    ) throws(TemplateFault) -> (nodes: [TemplateNode], end: End?) {
        var nodes: [TemplateNode] = []
        while index < pieces.count {
            let piece = pieces[index]
            index += 1
            switch piece {
            case .text(let text): nodes.append(.text(text))
            case .action(let tokens, let offset):
                guard depth < Self.depthMax else {
                    throw TemplateFault(message: "blocks stand too deep", offset: offset)
                }
                guard case .word(let word)? = tokens.first else {
                    if let node = try simple(tokens, offset) { nodes.append(node) }
                    continue
                }
                switch word {
                case "end", "else": return (nodes, (word, Array(tokens.dropFirst()), offset))
                case "if", "with", "range":
                    nodes.append(
                        try control(word, Array(tokens.dropFirst()), offset, depth + 1))
                case "template": nodes.append(try include(Array(tokens.dropFirst()), offset))
                case "define", "block", "break", "continue":
                    throw TemplateFault(
                        message: "a template knows no `\(word)`", offset: offset)
                default: nodes.append(.output(try pipeline(tokens[...], offset)))
                }
            }
        }
        return (nodes, nil)
    }

    private func simple(
        _ tokens: [TemplateToken], _ offset: Int
    ) throws(TemplateFault) -> TemplateNode? {
        if tokens.isEmpty { throw TemplateFault(message: "`{{ }}` is empty", offset: offset) }
        if case .variable(let name, let fields) = tokens[0], fields.isEmpty, tokens.count > 1,
            tokens[1] == .assign
        {
            return .assign(name, try pipeline(tokens[2...], offset))
        }
        return .output(try pipeline(tokens[...], offset))
    }

    private mutating func control(
        _ word: String, _ tokens: [TemplateToken], _ offset: Int, _ depth: Int
    ) throws(TemplateFault) -> TemplateNode {
        var subject = tokens[...]
        var names: [String] = []
        if word == "range", let assign = tokens.firstIndex(of: .assign) {
            for token in tokens[..<assign] {
                if case .variable(let name, _) = token { names.append(name) }
            }
            subject = tokens[(assign + 1)...]
        }
        let pipeline = try pipeline(subject, offset)
        let (body, end) = try block(depth)
        guard let end else {
            throw TemplateFault(message: "`\(word)` has no `{{ end }}`", offset: offset)
        }
        var otherwise: [TemplateNode] = []
        if end.word == "else" {
            if case .word(let next)? = end.tokens.first, next == "if" || next == "with" {
                // What follows is a block of its own, which ends with this one.
                otherwise = [
                    try control(next, Array(end.tokens.dropFirst()), end.at, depth + 1)
                ]
            } else {
                let (nodes, last) = try block(depth)
                guard last?.word == "end" else {
                    throw TemplateFault(message: "`\(word)` has no `{{ end }}`", offset: offset)
                }
                otherwise = nodes
            }
        }
        switch word {
        case "if": return .choose(pipeline, then: body, otherwise: otherwise)
        case "with": return .with(pipeline, then: body, otherwise: otherwise)
        default:
            return .range(
                key: names.count > 1 ? names[0] : nil, value: names.last, pipeline, body: body,
                otherwise: otherwise)
        }
    }

    private func include(
        _ tokens: [TemplateToken], _ offset: Int
    ) throws(TemplateFault) -> TemplateNode {
        guard case .literal(.text(let name))? = tokens.first else {
            throw TemplateFault(message: "`template` is followed by a name", offset: offset)
        }
        guard let source = BuiltInTemplates.source(name) else {
            throw TemplateFault(
                message: "there is no template `\(name)`; weir has the default ones of "
                    + "Alertmanager: \(BuiltInTemplates.names.joined(separator: ", "))",
                offset: offset)
        }
        guard depth < Self.depthMax else {
            throw TemplateFault(message: "templates stand too deep", offset: offset)
        }
        let argument: TemplatePipeline =
            tokens.count > 1
            ? try pipeline(tokens.dropFirst(), offset)
            : TemplatePipeline(commands: [[.literal(.none)]])
        return .include(try Self.parse(source, depth: depth + 1), argument)
    }

    // MARK: Pipelines

    private func pipeline(
        _ tokens: ArraySlice<TemplateToken>, _ offset: Int
    ) throws(TemplateFault) -> TemplatePipeline {
        var rest = tokens
        let result = try commands(&rest, offset, 0)
        guard rest.isEmpty else {
            throw TemplateFault(message: "`)` without `(`", offset: offset)
        }
        return result
    }

    private func commands(
        _ rest: inout ArraySlice<TemplateToken>, _ offset: Int, _ depth: Int
    ) throws(TemplateFault) -> TemplatePipeline {
        guard depth < Self.depthMax else {
            throw TemplateFault(message: "brackets stand too deep", offset: offset)
        }
        var commands: [[TemplateOperand]] = [[]]
        loop: while let token = rest.first {
            switch token {
            case .close: break loop
            case .pipe: commands.append([])
            case .assign, .comma:
                throw TemplateFault(message: "`=` or `,` stands in the wrong place", offset: offset)
            case .open:
                rest.removeFirst()
                let inner = try self.commands(&rest, offset, depth + 1)
                guard case .close(let fields)? = rest.first else {
                    throw TemplateFault(message: "`(` without `)`", offset: offset)
                }
                commands[commands.count - 1].append(.inner(inner, fields))
            case .field(let names):
                commands[commands.count - 1].append(.field(try check(names, offset)))
            case .variable(let name, let names):
                commands[commands.count - 1].append(.variable(name, try check(names, offset)))
            case .literal(let value): commands[commands.count - 1].append(.literal(value))
            case .word(let name):
                guard TemplateFunction.names.contains(name) else {
                    throw TemplateFault(
                        message: "there is no function `\(name)`; there are "
                            + TemplateFunction.names.joined(separator: ", "), offset: offset)
                }
                commands[commands.count - 1].append(.function(name))
            }
            rest.removeFirst()
        }
        guard commands.allSatisfy({ !$0.isEmpty }) else {
            throw TemplateFault(message: "a part of the pipeline is empty", offset: offset)
        }
        for command in commands where command.count > 1 && !Self.takesArguments(command[0]) {
            throw TemplateFault(
                message: "several values stand beside each other without a function before them",
                offset: offset)
        }
        return TemplatePipeline(commands: commands)
    }

    private static func takesArguments(_ operand: TemplateOperand) -> Bool {
        switch operand {
        case .function: true
        case .field(let names), .variable(_, let names): names.last == "Remove"
        default: false
        }
    }

    /// Fields of things must exist; those of labels and annotations can have any name.
    private func check(_ names: [String], _ offset: Int) throws(TemplateFault) -> [String] {
        for name in names {
            guard TemplateValue.fieldNames.contains(name) || name == "Annotations" else {
                throw TemplateFault(
                    message: "a notification has no `.\(name)`; it has "
                        + TemplateValue.fieldNames.sorted().joined(separator: ", "),
                    offset: offset)
            }
            if name.hasSuffix("Labels") || name.hasSuffix("Annotations") { break }
        }
        return names
    }
}
