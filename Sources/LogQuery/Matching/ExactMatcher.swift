internal import LogBytes

/// `=error`: the whole text.
final class ExactMatcher: ValueMatcher, @unchecked Sendable {
    private let value: [UInt8]

    init(_ value: String) {
        self.value = Array(value.utf8)
        super.init(syntax: "=" + Quoting.word(value), cost: .compare)
    }

    override func matches(_ text: ByteView) -> Bool {
        text.count == value.count && value.withView { $0 == text }
    }

    override var onlyTexts: [[UInt8]]? { [value] }
    override var literals: [[UInt8]] { value.isEmpty ? [] : [value] }
    override var neededWords: [[UInt8]] { Words.split(value) }
}

/// `="err"*`: the text begins so.
final class ExactPrefixMatcher: ValueMatcher, @unchecked Sendable {
    private let prefix: [UInt8]

    init(_ prefix: String) {
        self.prefix = Array(prefix.utf8)
        super.init(syntax: "=\(Quoting.quoted(prefix))*", cost: .compare)
    }

    override func matches(_ text: ByteView) -> Bool { prefix.withView { text.hasPrefix($0) } }

    override var literals: [[UInt8]] { prefix.isEmpty ? [] : [prefix] }
}

/// `in(a, b)`: the whole text is one of these.
final class InMatcher: ValueMatcher, @unchecked Sendable {
    private let table: ByteTable

    init(_ values: [String]) {
        let table = ByteTable()
        self.table = table
        for value in values { _ = value.withView { table.insert($0) } }
        super.init(
            syntax: "in(\(values.map(Quoting.word).joined(separator: ",")))", cost: .compare)
    }

    override func matches(_ text: ByteView) -> Bool { table.find(text) != nil }

    override var onlyTexts: [[UInt8]]? { (0..<table.count).map { Array(table.key($0)) } }
}
