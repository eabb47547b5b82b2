/// The words of the language, gathered from its registries.
enum QueryWords {
    /// Words that must be quoted to be searched for or to name a field.
    static let reserved: Set<String> = Set(
        ["and", "or", "not", "now", "offset", "options", "re", "by", "as", "if", "inf", "nan"]
            + FilterFunction.all.flatMap(\.names) + pipeNames)

    /// The names of all pipes.
    static let pipeNames: [String] = PipeSyntax.all.flatMap(\.names)
}

/// Finds what a misspelt word was meant to be.
package enum Spelling {
    /// The member of `words` nearest to `word`, when it is near enough to be meant.
    package static func nearest(to word: String, in words: some Sequence<String>) -> String? {
        let limit = word.utf8.count <= 4 ? 1 : 2
        guard word.utf8.count <= 40 else { return nil }
        var best: (word: String, distance: Int)?
        for candidate in words {
            let distance = distance(Array(word.lowercased().utf8), Array(candidate.utf8))
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// The edits (insertion, deletion, replacement, swap of neighbours) that turn one word into the other.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let isEqual = left[row] == right[column]
                var best = min(
                    last[column] + (isEqual ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
