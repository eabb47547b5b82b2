internal import LogBytes

/// A word, a quoted string or a punctuation mark of a query.
struct Token {
    /// What it means: the content of a quoted string, else the same as `raw`.
    let text: String
    /// How it is written.
    let raw: String
    /// Whether it is a quoted string; keywords are never quoted.
    let isQuoted: Bool
    /// Whether white space or a comment stands before it.
    let followsSpace: Bool
    /// The offset of its first byte in the query.
    let offset: Int
}

/// Splits a query into tokens as VictoriaLogs does: runs of letters, digits, `_` and `.`; strings in `""`, `''` and
/// backquotes; the pairs `=~ !~ !=`; every other character alone. `#` begins a comment up to the end of the line.
struct Lexer {
    private let query: String
    private let bytes: [UInt8]
    private var index = 0
    private var tokens: [Token] = []

    private init(_ query: String) {
        self.query = query
        self.bytes = Array(query.utf8)
    }

    /// All tokens of `query`, behind them one empty token that stands for the end.
    static func tokens(_ query: String) throws(QueryError) -> [Token] {
        var lexer = Lexer(query)
        try lexer.run()
        return lexer.tokens
    }

    private mutating func run() throws(QueryError) {
        while true {
            let start = index
            skipSpace()
            let followsSpace = index > start
            guard index < bytes.count else {
                add(text: "", from: index, followsSpace: followsSpace, isQuoted: false)
                return
            }
            try readToken(followsSpace: followsSpace)
        }
    }

    private mutating func add(
        text: String?, from start: Int, followsSpace: Bool, isQuoted: Bool
    ) {
        let raw = String(decoding: bytes[start..<index], as: UTF8.self)
        tokens.append(
            Token(
                text: text ?? raw, raw: raw, isQuoted: isQuoted, followsSpace: followsSpace,
                offset: start))
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "#") {
                while index < bytes.count, bytes[index] != 10 { index += 1 }
            } else {
                let (scalar, length) = scalar(at: index)
                guard scalar.properties.isWhitespace else { return }
                index += length
            }
        }
    }

    private func scalar(at position: Int) -> (Unicode.Scalar, Int) {
        bytes.withView { Words.scalar(in: $0, at: position) ?? ("\u{FFFD}", 1) }
    }

    private mutating func readToken(followsSpace: Bool) throws(QueryError) {
        let start = index
        while index < bytes.count {
            let (scalar, length) = scalar(at: index)
            guard Words.isWord(scalar) || scalar == "." else { break }
            index += length
        }
        if index > start {
            add(text: nil, from: start, followsSpace: followsSpace, isQuoted: false)
            return
        }
        let byte = bytes[index]
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`") {
            var reader = QuotedString(bytes: bytes, start: index, query: query)
            let text = try reader.read()
            index = reader.index
            add(text: text, from: start, followsSpace: followsSpace, isQuoted: true)
            return
        }
        let next = index + 1 < bytes.count ? bytes[index + 1] : 0
        let isPair =
            next == UInt8(ascii: "~") && (byte == UInt8(ascii: "=") || byte == UInt8(ascii: "!"))
            || next == UInt8(ascii: "=") && byte == UInt8(ascii: "!")
        index += isPair ? 2 : scalar(at: index).1
        add(text: nil, from: start, followsSpace: followsSpace, isQuoted: false)
    }
}
