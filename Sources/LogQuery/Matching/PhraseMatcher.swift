internal import LogBytes

/// Searches text for a phrase that begins and ends at the borders of words.
struct PhraseSearch: Sendable {
    let phrase: [UInt8]
    private let startsWithWord: Bool
    private let endsWithWord: Bool

    /// A search for `phrase`; a prefix search does not care how the word goes on.
    init(_ phrase: [UInt8], isPrefix: Bool) {
        self.phrase = phrase
        let borders = phrase.withView { view in
            view.isEmpty
                ? (false, false)
                : (Words.continues(view, at: 0), Words.continues(view, before: view.count))
        }
        startsWithWord = borders.0
        endsWithWord = borders.1 && !isPrefix
    }

    /// Whether the phrase is nothing but a word of ASCII.
    var isOneWord: Bool { !phrase.isEmpty && phrase.allSatisfy { Words.isWordByte($0) } }

    /// The offset of the first place at or after `from` where the phrase stands, or nil.
    func firstIndex(in text: ByteView, from: Int = 0) -> Int? {
        phrase.withView { needle in
            var position = from
            while let hit = text.firstIndex(of: needle, from: position) {
                if startsWithWord, hit > 0, Words.continues(text, before: hit) {
                    // No start within this word fits: go on behind it, which keeps the search linear.
                    position = endOfWord(text, from: hit)
                    continue
                }
                let end = hit + needle.count
                if endsWithWord, end < text.count, Words.continues(text, at: end) {
                    position = hit + 1
                    continue
                }
                return hit
            }
            return nil
        }
    }

    private func endOfWord(_ text: ByteView, from start: Int) -> Int {
        var index = start + 1
        while index < text.count, Words.continues(text, before: index) {
            index += 1
            while index < text.count, text[index] & 0xC0 == 0x80 { index += 1 }
        }
        return index
    }
}

/// `error`, `"login fail"`: the phrase stands in the text as whole words. The empty phrase means the empty text.
final class PhraseMatcher: ValueMatcher, @unchecked Sendable {
    private let search: PhraseSearch

    init(_ phrase: String) {
        search = PhraseSearch(Array(phrase.utf8), isPrefix: false)
        super.init(syntax: Quoting.word(phrase), cost: phrase.isEmpty ? .compare : .search)
    }

    /// The phrase that is looked for.
    var text: String { search.phrase.withView(\.text) }

    override func matches(_ text: ByteView) -> Bool {
        search.phrase.isEmpty ? text.isEmpty : search.firstIndex(in: text) != nil
    }

    override var neededWords: [[UInt8]] { Words.split(search.phrase) }
    override var onlyTexts: [[UInt8]]? { search.phrase.isEmpty ? [[]] : nil }
    override var literals: [[UInt8]] { search.phrase.isEmpty ? [] : [search.phrase] }
    override var matchesByParts: Bool { !search.phrase.isEmpty }
    override var isOneWord: Bool { search.isOneWord }
}

/// `err*`, `"login fa"*`: some word goes on as the text says. `*` alone means any text but the empty one.
final class PrefixMatcher: ValueMatcher, @unchecked Sendable {
    private let search: PhraseSearch

    init(_ prefix: String) {
        search = PhraseSearch(Array(prefix.utf8), isPrefix: true)
        super.init(
            syntax: prefix.isEmpty ? "*" : Quoting.word(prefix) + "*",
            cost: prefix.isEmpty ? .compare : .search)
    }

    /// What a word is to begin with.
    var text: String { search.phrase.withView(\.text) }

    override func matches(_ text: ByteView) -> Bool {
        search.phrase.isEmpty ? !text.isEmpty : search.firstIndex(in: text) != nil
    }

    override var literals: [[UInt8]] { search.phrase.isEmpty ? [] : [search.phrase] }
    override var matchesByParts: Bool { !search.phrase.isEmpty }
    override var isOneWord: Bool { search.isOneWord }

    /// All words but the last, which may go on.
    override var neededWords: [[UInt8]] {
        let words = Words.split(search.phrase)
        let lastIsOpen = search.phrase.withView {
            !$0.isEmpty && Words.continues($0, before: $0.count)
        }
        return lastIsOpen ? Array(words.dropLast()) : words
    }
}

/// `i(error)`, `i(err*)`: as a phrase or a prefix, upper and lower case being the same.
final class AnyCaseMatcher: ValueMatcher, @unchecked Sendable {
    private let search: PhraseSearch
    private let isPrefix: Bool

    init(_ phrase: String, isPrefix: Bool) {
        self.isPrefix = isPrefix
        search = PhraseSearch(Array(phrase.lowercased().utf8), isPrefix: isPrefix)
        let written = phrase.isEmpty && isPrefix ? "" : Quoting.word(phrase)
        super.init(syntax: "i(\(written)\(isPrefix ? "*" : ""))", cost: .search)
    }

    override var matchesByParts: Bool { !search.phrase.isEmpty }
    override var isOneWord: Bool { search.isOneWord }
    /// The text that is looked for, in lower case.
    var text: String { search.phrase.withView(\.text) }

    override func matches(_ text: ByteView) -> Bool {
        if search.phrase.isEmpty { return isPrefix != text.isEmpty }
        return LowerCase.with(text) { search.firstIndex(in: $0) != nil }
    }
}

/// Text in lower case for comparisons.
enum LowerCase {
    /// Calls `body` with `text` in lower case; the view is valid during the call.
    static func with<Result>(_ text: ByteView, _ body: (ByteView) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(text.count, 1)) { buffer in
            var high: UInt8 = 0
            for index in 0..<text.count {
                high |= text[index]
                buffer[index] = ASCII.lowercased(text[index])
            }
            if high >= 0x80 { return text.text.lowercased().withView(body) }
            return body(ByteView(UnsafeRawBufferPointer(buffer)).prefix(text.count))
        }
    }
}
