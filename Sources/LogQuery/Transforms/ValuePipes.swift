internal import LogBytes

/// A pipe that makes one value of one other: `len(f) as n`, `hash(f) as h`, `decolorize f`, `collapse_nums at f`, …
struct ValuePipe: TransformPipe {
    var condition: Filter?
    let source: String
    let target: String
    /// The pipe in LogsQL.
    let description: String
    /// Appends what becomes of a value.
    let make: @Sendable (ByteView, inout ByteWriter) -> Void

    var sources: Set<String>? { [source] }
    var targets: [String]? { [target] }

    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws {
        var out = ByteWriter(capacity: 256)
        results.map(try block.queryColumn(source), rows: rows) { text, sink in
            out.removeAll()
            make(text, &out)
            sink.add(target, out.view)
        }
    }
}

extension PipeSyntax {
    /// A pipe `name(source) as target`.
    private static func function(
        _ name: String, _ summary: String,
        make: @escaping @Sendable (ByteView, inout ByteWriter) -> Void
    ) -> PipeSyntax {
        PipeSyntax(name, synopsis: "\(name)(f) as n", summary: summary) {
            (parser) throws(QueryError) in
            let source = try parser.fieldInParentheses()
            let target = try parser.resultName("_msg")
            return ValuePipe(
                condition: nil, source: source, target: target,
                description: "\(name)(\(Quoting.word(source))) as \(Quoting.word(target))",
                make: make)
        }
    }

    static let len = function("len", "the number of bytes of a value") { text, out in
        out.append("\(text.count)")
    }

    static let hash = function("hash", "a number that the value decides (xxHash, 53 bits)") {
        text, out in
        // 53 bits, so that arithmetic in doubles keeps them.
        out.append("\(XXHash64.hash(text) & (1 << 53 - 1))")
    }

    static let jsonArrayLen = function(
        "json_array_len", "the number of elements of a JSON array; 0 for what is none"
    ) { text, out in
        out.append("\(JSONParts.elements(text)?.count ?? 0)")
    }

    static let decolorize = PipeSyntax(
        "decolorize", synopsis: "decolorize f", summary: "remove ANSI colour codes"
    ) { (parser) throws(QueryError) in
        let field = parser.isAtPipeEnd ? "_msg" : try parser.fieldInParentheses()
        return ValuePipe(
            condition: nil, source: field, target: field,
            description: "decolorize \(Quoting.word(field))",
            make: EscapeSequences.append(without:into:))
    }

    static let collapseNums = PipeSyntax(
        "collapse_nums", synopsis: "collapse_nums at f prettify",
        summary: "<N> in place of numbers, so that like messages become equal"
    ) { (parser) throws(QueryError) in
        let condition = try parser.condition()
        let field = parser.accept("at") ? try parser.fieldName() : "_msg"
        let isPretty = parser.accept("prettify")
        return ValuePipe(
            condition: condition, source: field, target: field,
            description: "collapse_nums \(Filter.conditionText(condition))at "
                + Quoting.word(field) + (isPretty ? " prettify" : "")
        ) { text, out in
            CollapsedNumbers.append(text, isPretty: isPretty, into: &out)
        }
    }

    static let unpackWords = PipeSyntax(
        "unpack_words", synopsis: "unpack_words from f as words drop_duplicates",
        summary: "the words of a text as a JSON array"
    ) { (parser) throws(QueryError) in
        let keywords = ["as", "drop_duplicates"]
        let hasFrom = parser.accept("from")
        let source =
            hasFrom || !parser.isAtPipeEnd && !parser.isNext(in: keywords)
            ? try parser.fieldInParentheses() : "_msg"
        let target = try parser.resultName(source, unless: keywords)
        let isDistinct = parser.accept("drop_duplicates")
        return ValuePipe(
            condition: nil, source: source, target: target,
            description: "unpack_words from \(Quoting.word(source)) as \(Quoting.word(target))"
                + (isDistinct ? " drop_duplicates" : "")
        ) { text, out in
            var words = Words.split(Array(text))
            if isDistinct {
                var seen: Set<[UInt8]> = []
                words = words.filter { seen.insert($0).inserted }
            }
            JSONParts.append(array: words, into: &out)
        }
    }
}

/// ANSI escape sequences (ECMA-48).
enum EscapeSequences {
    /// Appends `text` without its control sequences, `ESC [ … letter`.
    static func append(without text: ByteView, into out: inout ByteWriter) {
        var index = 0
        while index < text.count {
            guard text[index] == 0x1B, index + 1 < text.count,
                text[index + 1] == ASCII.openBracket
            else {
                out.append(text[index])
                index += 1
                continue
            }
            var end = index + 2
            while end < text.count, (0x20...0x3F).contains(text[end]) { end += 1 }
            guard end < text.count, (0x40...0x7E).contains(text[end]) else {
                // A sequence that is cut short stays what it is.
                out.append(text[index])
                index += 1
                continue
            }
            index = end + 1
        }
    }
}

/// The 64-bit xxHash (Yann Collet, "xxHash fast digest algorithm", specification 0.1.1) with seed 0.
enum XXHash64 {
    private static let p1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let p2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let p3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let p4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let p5: UInt64 = 0x27D4_EB2F_1656_67C5

    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }

    private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
        rotate(lane &+ input &* p2, 31) &* p1
    }

    private static func read(_ text: ByteView, _ index: Int, _ length: Int) -> UInt64 {
        var value: UInt64 = 0
        for offset in 0..<length { value |= UInt64(text[index + offset]) << UInt64(8 * offset) }
        return value
    }

    static func hash(_ text: ByteView) -> UInt64 {
        var index = 0
        var hash = p5
        if text.count >= 32 {
            var lanes = [p1 &+ p2, p2, 0, 0 &- p1]
            while index + 32 <= text.count {
                for lane in 0..<4 {
                    lanes[lane] = round(lanes[lane], read(text, index + 8 * lane, 8))
                }
                index += 32
            }
            hash =
                rotate(lanes[0], 1) &+ rotate(lanes[1], 7) &+ rotate(lanes[2], 12)
                &+ rotate(lanes[3], 18)
            for lane in lanes { hash = (hash ^ round(0, lane)) &* p1 &+ p4 }
        }
        hash = hash &+ UInt64(text.count)
        while index + 8 <= text.count {
            hash = rotate(hash ^ round(0, read(text, index, 8)), 27) &* p1 &+ p4
            index += 8
        }
        if index + 4 <= text.count {
            hash = rotate(hash ^ read(text, index, 4) &* p1, 23) &* p2 &+ p3
            index += 4
        }
        while index < text.count {
            hash = rotate(hash ^ UInt64(text[index]) &* p5, 11) &* p1
            index += 1
        }
        hash = (hash ^ hash >> 33) &* p2
        hash = (hash ^ hash >> 29) &* p3
        return hash ^ hash >> 32
    }
}
