/// Prints a template for one notification.
struct TemplateEvaluator {
    private let root: TemplateValue
    private let escape: (String) -> String
    private var scopes: [[String: TemplateValue]] = [[:]]
    private var output = ""
    private var steps = 0

    /// Longer messages no receiver takes.
    static let outputBytesMax = 256 << 10
    /// Loops in loops over a thousand alerts end here.
    private static let stepsMax = 200_000

    /// - Parameter escape: makes a value harmless where it is printed; the text of the template itself stays as it is.
    static func render(
        _ nodes: [TemplateNode], _ root: TemplateValue, escape: (String) -> String
    ) -> String {
        withoutActuallyEscaping(escape) { escape in
            var evaluator = TemplateEvaluator(root: root, escape: escape)
            evaluator.run(nodes, root)
            return evaluator.output
        }
    }

    private init(root: TemplateValue, escape: @escaping (String) -> String) {
        self.root = root
        self.escape = escape
    }

    private var isExhausted: Bool {
        steps > Self.stepsMax || output.utf8.count > Self.outputBytesMax
    }

    private mutating func run(_ nodes: [TemplateNode], _ dot: TemplateValue) {
        scopes.append([:])
        defer { scopes.removeLast() }
        for node in nodes {
            steps += 1
            if isExhausted { return }
            run(node, dot)
        }
    }

    private mutating func run(_ node: TemplateNode, _ dot: TemplateValue) {
        switch node {
        case .text(let text): output += text
        case .output(let pipeline): output += escape(value(pipeline, dot).text)
        case .assign(let name, let pipeline): assign(name, value(pipeline, dot))
        case .choose(let condition, let then, let otherwise):
            run(value(condition, dot).isTrue ? then : otherwise, dot)
        case .with(let pipeline, let then, let otherwise):
            let subject = value(pipeline, dot)
            if subject.isTrue { run(then, subject) } else { run(otherwise, dot) }
        case .include(let nodes, let pipeline):
            let outer = scopes
            scopes = [[:]]
            run(nodes, value(pipeline, dot))
            scopes = outer
        case .range(let key, let name, let pipeline, let body, let otherwise):
            let subject = value(pipeline, dot)
            var items: [(key: TemplateValue, value: TemplateValue)] = []
            if case .texts(let texts) = subject {
                items = texts.sorted { $0.key < $1.key }.map { (.text($0.key), .text($0.value)) }
            } else {
                items = subject.elements.enumerated().map { (.number(Double($0)), $1) }
            }
            if items.isEmpty { return run(otherwise, dot) }
            for item in items where !isExhausted {
                scopes.append([:])
                if let key { scopes[scopes.count - 1][key] = item.key }
                if let name { scopes[scopes.count - 1][name] = item.value }
                run(body, item.value)
                scopes.removeLast()
            }
        }
    }

    private mutating func assign(_ name: String, _ value: TemplateValue) {
        for index in scopes.indices.reversed() where scopes[index][name] != nil {
            scopes[index][name] = value
            return
        }
        scopes[scopes.count - 1][name] = value
    }

    // MARK: Values

    private mutating func value(
        _ pipeline: TemplatePipeline, _ dot: TemplateValue
    ) -> TemplateValue {
        var result: TemplateValue?
        for command in pipeline.commands {
            steps += 1
            result = self.value(command, piped: result, dot)
        }
        return result ?? .none
    }

    private mutating func value(
        _ command: [TemplateOperand], piped: TemplateValue?, _ dot: TemplateValue
    ) -> TemplateValue {
        guard case .function(let name)? = command.first else {
            if command.count > 1 { return remaining(command, dot) }
            return command.first.map { value($0, dot) } ?? .none
        }
        var arguments = command.dropFirst().map { value($0, dot) }
        if let piped { arguments.append(piped) }
        return TemplateFunction.call(name, arguments)
    }

    /// `.CommonLabels.Remove .GroupLabels.Names`: labels without those of these names.
    private mutating func remaining(
        _ command: [TemplateOperand], _ dot: TemplateValue
    ) -> TemplateValue {
        let subject: TemplateValue =
            switch command.first {
            case .field(let names): value(.field(Array(names.dropLast())), dot)
            case .variable(let name, let names):
                value(.variable(name, Array(names.dropLast())), dot)
            default: .none
            }
        guard case .texts(var texts) = subject else { return .none }
        for argument in command.dropFirst() {
            for name in value(argument, dot).elements { texts[name.text] = nil }
        }
        return .texts(texts)
    }

    private mutating func value(_ operand: TemplateOperand, _ dot: TemplateValue) -> TemplateValue {
        switch operand {
        case .literal(let value): return value
        case .function(let name): return TemplateFunction.call(name, [])
        case .field(let names): return names.reduce(dot) { $0.field($1) }
        case .variable(let name, let names):
            let value =
                name.isEmpty ? root : scopes.last { $0[name] != nil }?[name] ?? TemplateValue.none
            return names.reduce(value) { $0.field($1) }
        case .inner(let pipeline, let names):
            return names.reduce(value(pipeline, dot)) { $0.field($1) }
        }
    }
}
