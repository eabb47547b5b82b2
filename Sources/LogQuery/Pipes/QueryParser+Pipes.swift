/// The pipes behind a filter.
extension QueryParser {
    mutating func pipes() throws(QueryError) -> [any Pipe] {
        var pipes: [any Pipe] = []
        while accept("|") {
            if isAtPipeEnd {
                let hint = isNext("|") ? "; one of two conditions is written 'a or b'" : ""
                throw fault("a pipe is missing after '|'" + hint)
            }
            let place = token.offset
            let pipe = try pipe()
            if pipe is StreamContextPipe, !pipes.isEmpty {
                throw fault("stream_context comes first, right behind the filter", at: place)
            }
            pipes.append(pipe)
        }
        return pipes
    }

    private mutating func pipe() throws(QueryError) -> any Pipe {
        let name = token
        let word = name.text.lowercased()
        let names = following
        let isSearched = names.raw == ":" || names.raw == "*" && !names.followsSpace
        if !name.isQuoted, let syntax = PipeSyntax.named(word), !isSearched {
            advance()
            return try syntax.parse(&self)
        }
        // The word `stats` may be left out, and so may `filter`.
        if !name.isQuoted, word == "by" || StatisticsFunction.named(word) != nil && names.raw == "("
        {
            return try StatsPipe.parse(&self)
        }
        if !name.isQuoted, let suggestion = misspelt(word, following: names) {
            throw fault("no pipe is called '\(name.text)'; did you mean '\(suggestion)'?")
        }
        return FilterPipe(filter: try orFilter(field: ""))
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
