/// The pipes behind a filter.
extension QueryParser {
    mutating func pipes() throws(QueryError) -> [any Pipe] {
        var pipes: [any Pipe] = []
        while accept("|") {
            if isAtEnd { throw fault("a pipe is missing after '|'") }
            pipes.append(try pipe())
        }
        return pipes
    }

    private mutating func pipe() throws(QueryError) -> any Pipe {
        let name = token
        let word = name.text.lowercased()
        let names = following
        if !name.isQuoted, let syntax = PipeSyntax.named(word), names.raw != ":" {
            advance()
            return try syntax.parse(&self)
        }
        // The word `stats` may be left out, and so may `filter`.
        if !name.isQuoted, word == "by" || StatisticsFunction.named(word) != nil && names.raw == "("
        {
            return try StatsPipe.parse(&self)
        }
        if !name.isQuoted, names.raw != ":", names.followsSpace || names.raw != "*" {
            try checkSpoken(word, isCall: names.raw == "(")
        }
        if !name.isQuoted, let suggestion = misspelt(word, following: names) {
            throw fault("no pipe is called '\(name.text)'; did you mean '\(suggestion)'?")
        }
        return FilterPipe(filter: try orFilter(field: ""))
    }

    /// Refuses a pipe or a statistics function of LogsQL that weir does not speak.
    private func checkSpoken(_ word: String, isCall: Bool) throws(QueryError) {
        if UnspokenWords.pipes.contains(word) {
            throw fault(
                UnspokenWords.message(word, "pipe", known: QueryWords.pipeNames)
                    + ". To search for the word, put it in quotes")
        }
        if isCall, UnspokenWords.statistics.contains(word) {
            throw fault(
                UnspokenWords.message(
                    word, "statistics function", known: StatisticsFunction.all.flatMap(\.names)))
        }
    }

    /// The pipe or statistics function that `word` was meant to be, unless it reads as a filter.
    private func misspelt(_ word: String, following: Token) -> String? {
        if following.raw == "(", !following.followsSpace, FilterFunction.named(word) == nil {
            let known = StatisticsFunction.all.flatMap(\.names) + QueryWords.pipeNames
            return Spelling.nearest(to: word, in: known)
        }
        guard following.followsSpace || following.text.isEmpty else { return nil }
        return Spelling.nearest(to: word, in: QueryWords.pipeNames)
    }
}
