/// What no file may do, checked on its text. swift-format's lint checks the rest.
enum TidyRule {
    /// Longer files hold more than one concept.
    static let linesMax = 500

    /// What libraries leave to the program: output, the end of the process, and traps on input.
    private static let banned = [
        ("print(", "libraries never print"),
        ("debugPrint(", "libraries never print"),
        ("exit(", "libraries never exit"),
        ("abort(", "libraries never exit"),
        ("fatalError(", "throw a typed error, or precondition with \"BUG: …\""),
        ("try!", "throw a typed error"),
        ("as!", "throw a typed error"),
    ]

    /// Banned words in a library.
    static func bannedWords(in file: SourceFile) -> [Finding] {
        guard file.isLibrary else { return [] }
        return file.bareCode.enumerated().flatMap { index, line in
            banned.compactMap { word, reason in
                holds(line, word)
                    ? Finding(path: file.path, line: index + 1, what: "\(word): \(reason)") : nil
            }
        }
    }

    /// Whether `word` stands in `line` with no letter, digit, underscore or dot before it.
    private static func holds(_ line: String, _ word: String) -> Bool {
        line.ranges(of: word).contains { range in
            guard let before = line[..<range.lowerBound].last else { return true }
            return !(before.isLetter || before.isNumber || before == "_" || before == ".")
        }
    }

    /// Preconditions of a library whose message does not begin with "BUG:": a trap that input may reach.
    static func preconditions(in file: SourceFile) -> [Finding] {
        guard file.isLibrary else { return [] }
        let code = file.code
        return code.indices.compactMap { index in
            guard code[index].contains(/\bprecondition(Failure)?\(/) else { return nil }
            // The message may stand some lines further down, in front of the closing bracket.
            var depth = 0
            for line in code[index...].prefix(12) {
                if line.contains("\"BUG:") { return nil }
                let bare = line.replacing(/"(\\.|[^"\\])*"/, with: "\"\"")
                depth += bare.count { $0 == "(" } - bare.count { $0 == ")" }
                if depth <= 0 { break }
            }
            return Finding(
                path: file.path, line: index + 1, what: "a precondition's message begins with BUG:")
        }
    }

    /// A file that is too long.
    static func length(of file: SourceFile) -> [Finding] {
        let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        guard lines > linesMax else { return [] }
        return [Finding(path: file.path, line: 0, what: "\(lines) lines, more than \(linesMax)")]
    }

    /// Public declarations without a documentation comment.
    static func documentation(in file: SourceFile) -> [Finding] {
        guard file.isLibrary else { return [] }
        let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
        let declaration =
            #/^\s*(@\w+(\([^)]*\))?\s+)*public\s+(?!import\b)[a-z]/#
        return lines.indices.compactMap { index in
            guard lines[index].contains(declaration) else { return nil }
            var before = index - 1
            while before >= 0, lines[before].contains(/^\s*(@\w+|#if\b)/) { before -= 1 }
            if before >= 0, lines[before].contains(/^\s*\/\/\//) { return nil }
            return Finding(
                path: file.path, line: index + 1, what: "a public declaration says nothing")
        }
    }
}
