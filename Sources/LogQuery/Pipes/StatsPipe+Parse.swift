extension PipeSyntax {
    static let stats = PipeSyntax(
        "stats", synopsis: "stats by (f, _time:5m) count() if (FILTER) as n, …",
        summary: "statistics of groups of rows; the word stats may be left out"
    ) { (parser) throws(QueryError) in try StatsPipe.parse(&parser) }
}

extension StatsPipe {
    /// Reads the pipe from behind the word `stats`.
    static func parse(_ parser: inout QueryParser) throws(QueryError) -> StatsPipe {
        let hasBy = parser.accept("by")
        let keys = hasBy || parser.isNext("(") ? try groupKeys(&parser) : []
        var results: [Result] = []
        repeat {
            let place = parser.token.offset
            let result = try statistic(&parser)
            if keys.contains(where: { $0.field == result.name })
                || results.contains(where: { $0.name == result.name })
            {
                throw parser.fault(
                    "two fields of the result would be called '\(result.name)'; name one with 'as'",
                    at: place)
            }
            results.append(result)
        } while parser.accept(",")
        return StatsPipe(keys: keys, results: results)
    }

    private static func groupKeys(_ parser: inout QueryParser) throws(QueryError) -> [GroupKey] {
        try parser.expect("(", "after by")
        var keys: [GroupKey] = []
        while !parser.accept(")") {
            let field = try parser.fieldName()
            var bucket: Bucket?
            if parser.accept(":") { bucket = try Self.bucket(&parser) }
            if keys.contains(where: { $0.field == field }) {
                throw parser.fault("'\(field)' is grouped by twice")
            }
            keys.append(GroupKey(field: field, bucket: bucket))
            if !parser.isNext(")") { try parser.expect(",", "or ')' in by (…)") }
        }
        return keys
    }

    private static func bucket(_ parser: inout QueryParser) throws(QueryError) -> Bucket {
        let place = parser.token.offset
        let text = try parser.operand()
        let offset = parser.accept("offset") ? try parser.operand() : nil
        guard let bucket = Bucket(text, offset: offset) else {
            throw parser.fault(
                "a bucket is a size such as 5m, day, month, 100, 10KiB, or /24 for addresses",
                at: place)
        }
        return bucket
    }

    private static func statistic(_ parser: inout QueryParser) throws(QueryError) -> Result {
        let call = try self.call(&parser)
        let condition = try parser.condition()
        let isNamed = !parser.isAtPipeEnd && !parser.isNext(",")
        if isNamed { _ = parser.accept("as") }
        let name =
            isNamed ? try parser.fieldName() : Result.standardName(call, condition)
        return Result(call: call, condition: condition, name: name)
    }

    private static func call(_ parser: inout QueryParser) throws(QueryError) -> StatisticsCall {
        let name = parser.token
        guard !name.isQuoted, let function = StatisticsFunction.named(name.text.lowercased()) else {
            throw unknownFunction(parser)
        }
        parser.advance()
        let known = "\(function.names[0])"
        try parser.expect("(", "after \(name.text)")
        var share: Double?
        var shareText = ""
        if function.takesShare {
            shareText = parser.isNext(")") ? "" : try parser.operand()
            guard let value = NumberValue.operand(shareText)?.value, (0...1).contains(value) else {
                throw parser.fault(
                    "\(known) begins with a number from 0 to 1: \(function.synopsis)",
                    at: name.offset)
            }
            share = value
            if !parser.isNext(")") { try parser.expect(",", "behind the number") }
        }
        var patterns: [FieldPattern] = []
        while !parser.accept(")") {
            patterns.append(try parser.fieldPattern())
            if !parser.isNext(")") { try parser.expect(",", "or ')' in \(known)(…)") }
        }
        if function.worksOnRows, patterns == [.all] { patterns = [] }
        guard function.worksOnRows || !patterns.isEmpty else {
            throw parser.fault("\(known) needs a field: \(function.synopsis)", at: name.offset)
        }
        if known.hasPrefix("field_"), patterns.plainNames?.count != 2 {
            throw parser.fault("\(known) takes two fields: \(function.synopsis)", at: name.offset)
        }
        if known.hasPrefix("row_m"), patterns[0].isPrefix {
            throw parser.fault("\(known) begins with one field", at: name.offset)
        }
        let limit =
            function.takesLimit && parser.accept("limit") ? try parser.count("limit") : nil
        return StatisticsCall(
            function: known, fields: patterns.plainNames ?? [], patterns: patterns,
            limit: limit == 0 ? nil : limit, share: share, shareText: shareText,
            makeState: function.makeState)
    }

    private static func unknownFunction(_ parser: QueryParser) -> QueryError {
        let known = StatisticsFunction.all.flatMap(\.names)
        let word = parser.token.text
        if parser.isAtEnd || word.isEmpty {
            return parser.fault(
                "a statistics function is missing; there are \(known.joined(separator: ", "))")
        }
        let hint =
            Spelling.nearest(to: word, in: known).map { "did you mean '\($0)'?" }
            ?? "there are \(known.joined(separator: ", "))"
        return parser.fault("no statistics function is called '\(word)'; \(hint)")
    }
}
