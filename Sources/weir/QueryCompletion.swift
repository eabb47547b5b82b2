internal import LogBytes
internal import LogQuery
internal import LogSegments

/// What a shell offers while a query is being typed: the fields of the newest lines, their values where there are few, and
/// pipes behind a `|`.
enum QueryCompletion {
    /// Blocks of lines that are looked into: the newest lines tell which fields there are, and Tab must not be waited for.
    private static let blocksMax = 8
    /// Fields with more values than these are no choice.
    private static let valuesMax = 30

    /// The words that `prefix`, the part of the query before the cursor, can become.
    ///
    /// - Parameter words: the words of the command line, which may name the data directory.
    ///   Outside quotes bash takes `field:value` for three words.
    static func candidates(words: [String], index: Int, prefix: String) -> [String] {
        if index >= 2, index < words.count, words[index - 1] == ":" {
            let name = words[index - 2] + ":"
            return all(name, isPipe: false, words).filter { $0.hasPrefix(name + prefix) }
                .map { String($0.dropFirst(name.count)) }
        }
        // The quote that the shell has not seen closed yet.
        let quote = prefix.first.flatMap { "'\"".contains($0) ? String($0) : nil } ?? ""
        let typed = String(prefix.dropFirst(quote.count))
        let start = typed.lastIndex { " (|,!".contains($0) }.map { typed.index(after: $0) }
        let head = typed[..<(start ?? typed.startIndex)]
        let word = String(typed[(start ?? typed.startIndex)...])
        return all(word, isPipe: isPipe(head), words)
            .filter { $0.hasPrefix(word) && $0 != word }.map { quote + head + $0 }
    }

    /// Whether a pipe's name is to follow `head`.
    private static func isPipe(_ head: Substring) -> Bool {
        head.last { $0 != " " } == "|"
    }

    private static func all(_ word: String, isPipe: Bool, _ words: [String]) -> [String] {
        if isPipe { return PipeSyntax.all.flatMap(\.names).sorted() }
        guard let store = try? SegmentStores(stores(words)) else { return [] }
        let field = word.firstIndex(of: ":").map { String(word[..<$0]) }
        var found = Set<String>()
        var blocks = 0
        var request = ScanRequest(timeRange: .all, filter: .all)
        request.order = .newestFirst
        _ = try? store.scan(request) { block in
            blocks += 1
            if let field {
                for value in try values(of: field, in: block) { found.insert("\(field):\(value)") }
            } else {
                for name in try block.fieldNames() where isPlain(name) { found.insert("\(name):") }
            }
            return blocks < blocksMax ? .proceed : .stop
        }
        if field != nil { return found.count <= valuesMax ? found.sorted() : [] }
        return (Array(found) + ["_time:", "_msg:", "_class:"]).sorted()
    }

    private static func values(of field: String, in block: any ColumnBlock) throws -> [String] {
        if field == "_class" { return [block.className] }
        let column = try block.column(field)
        guard column.valueCount <= valuesMax else {
            // A name that nothing equals, so often that the field is no choice.
            return (0...valuesMax).map { "\($0)" }
        }
        return (0..<column.valueCount).map { number in column.withValue(number) { $0.text } }
            .filter { !$0.isEmpty && isPlain($0) }
    }

    /// Whether LogsQL and every shell take the text as it is.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            byte | 0x20 &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                || "_.-/@".utf8.contains(byte)
        }
    }

    /// The stores that the command line names.
    private static func stores(_ words: [String]) throws -> [SegmentStore] {
        var data = DataOptions()
        data.paths = []
        for (index, word) in words.enumerated() {
            if word == "--data", index + 1 < words.count { data.paths.append(words[index + 1]) }
            if word.hasPrefix("--data=") { data.paths.append(String(word.dropFirst(7))) }
        }
        return try data.open()
    }
}
