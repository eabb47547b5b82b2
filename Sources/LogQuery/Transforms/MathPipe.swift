internal import LogBytes

/// `| math round(duration_ms / 1000, 0.1) as seconds, …`: arithmetic with fields.
struct MathPipe: TransformPipe {
    /// What is computed and the name of its field. Later ones see the results of earlier ones.
    let results: [(expression: MathExpression, name: String)]
    /// The parser's clock, for `now()`.
    let now: Int64

    var condition: Filter?
    var targets: [String]? { results.map(\.name) }

    var sources: Set<String>? {
        results.reduce(into: []) { $0.formUnion($1.expression.fields) }
    }

    var description: String {
        "math "
            + results.map { "\($0.expression) as \(Quoting.word($0.name))" }
            .joined(separator: ", ")
    }

    func transform(
        _ block: any ColumnBlock, rows: [Int], into output: FieldResults
    ) throws {
        let seed = try block.sequences().first ?? 0
        var environment = try MathEnvironment(
            block, fields: sources ?? [], now: now,
            random: UInt64(bitPattern: now) ^ seed &* 0x9E37_79B9_7F4A_7C15)
        var out = ByteWriter(capacity: 32)
        for (expression, name) in results {
            let target = output.target(name)
            let single = FieldResults(RowSlice(block: block, rows: rows))
            let own = single.target(name)
            for row in rows {
                out.removeAll()
                NumberFormat.append(expression.value(&environment, row: row), into: &out)
                output.set(out.view, in: target, row: row)
                single.set(out.view, in: own, row: row)
            }
            if let column = try single.columns().first?.column { environment.set(name, column) }
        }
    }
}

extension Pipe {
    /// What a `math` pipe computes, with the names of the results; nil for other pipes.
    package var arithmetic: [(expression: MathExpression, name: String)]? {
        (self as? MathPipe)?.results
    }
}

extension PipeSyntax {
    static let math = PipeSyntax(
        "math", "eval", synopsis: "math round(a / b, 0.1) as c, …",
        summary: "arithmetic with fields"
    ) { (parser) throws(QueryError) in
        var results: [(expression: MathExpression, name: String)] = []
        repeat {
            let expression = try parser.mathExpression()
            results.append((expression, try parser.resultName("\(expression)")))
        } while parser.accept(",")
        return MathPipe(results: results, now: parser.now)
    }
}

extension QueryParser {
    fileprivate mutating func mathExpression() throws(QueryError) -> MathExpression {
        try nested { (parser) throws(QueryError) in
            let first = try parser.mathOperand()
            return try parser.mathRest(first, loosest: .max)
        }
    }

    /// What follows `left`, as far as it binds no looser than `loosest`.
    private mutating func mathRest(
        _ left: MathExpression, loosest: Int
    ) throws(QueryError) -> MathExpression {
        var left = left
        while let sign = mathOperator, sign.rank <= loosest {
            advance()
            var right = try mathOperand()
            while let next = mathOperator, next.rank < sign.rank {
                right = try mathRest(right, loosest: next.rank)
            }
            left = .binary(sign, left, right)
        }
        return left
    }

    private var mathOperator: MathOperator? {
        isAtEnd || token.isQuoted ? nil : MathOperator(rawValue: token.text.lowercased())
    }

    private mutating func mathOperand() throws(QueryError) -> MathExpression {
        let place = token
        if accept("(") {
            let inner = try mathExpression()
            try expect(")", "at the end of the group")
            return inner
        }
        if accept("-") {
            let operand = try nested { (parser) throws(QueryError) in try parser.mathOperand() }
            return .unary(operand)
        }
        if accept("+") { return try mathOperand() }
        if !place.isQuoted, following.raw == "(" {
            guard let function = MathFunction(rawValue: place.text.lowercased()) else {
                let known = MathFunction.allCases.map(\.rawValue)
                let hint =
                    Spelling.nearest(to: place.text, in: known).map { "did you mean '\($0)'?" }
                    ?? "there are \(known.joined(separator: ", "))"
                throw fault("math has no function called '\(place.text)'; \(hint)")
            }
            advance()
            return try mathCall(function, at: place)
        }
        let isName =
            place.isQuoted || place.text.unicodeScalars.allSatisfy { Words.isWord($0) || $0 == "." }
        guard !isAtEnd, isName, !(isNext("as") || mathOperator != nil) else {
            throw fault("expected a number, a field or a function, found \(found)")
        }
        advance()
        if let number = NumberValue.operand(place.text)?.value {
            return .number(number, text: place.text)
        }
        return .field(place.text)
    }

    private mutating func mathCall(
        _ function: MathFunction, at place: Token
    ) throws(QueryError) -> MathExpression {
        advance()
        var arguments: [MathExpression] = []
        while !accept(")") {
            arguments.append(try mathExpression())
            if !isNext(")") { try expect(",", "or ')' in \(place.text)(…)") }
        }
        guard function.arguments.contains(arguments.count) else {
            let wanted = function.arguments
            let count =
                wanted.count == 1
                ? "\(wanted.lowerBound)"
                : function == .round ? "1 or 2" : "\(wanted.lowerBound) or more"
            throw fault("\(place.text)(…) takes \(count) arguments", at: place.offset)
        }
        return .call(function, arguments)
    }
}
