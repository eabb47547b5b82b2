/// A part of a line that is to be replaced.
struct RedactionMatch {
    /// Its bytes.
    let range: Range<Int>
    /// What comes in their place.
    let mark: StaticString
    /// The backslashes in front of the quotes that go around the mark, where a JSON value is replaced that had none; nil:
    /// no quotes.
    var quotes: Int?

    init(_ range: Range<Int>, _ mark: StaticString, quotes: Int? = nil) {
        self.range = range
        self.mark = mark
        self.quotes = quotes
    }
}
