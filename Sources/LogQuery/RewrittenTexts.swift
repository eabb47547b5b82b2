internal import LogBytes

/// Texts of which those that hold a certain byte, which are few, are something else than they are spelled: escapes are resolved.
///
/// A text is rewritten when somebody wants it. A condition that needs bytes which spelling leaves as they are is asked of the few
/// texts that are spelled with them, or that may hide them.
final class RewrittenTexts: EncodedValues {
    /// What rewriting does to texts.
    struct Rewriting {
        /// Whether a text that has `literal` in it is spelled with it, or hides it.
        let keeps: (_ literal: ByteView) -> Bool
        /// Whether a text that is rewritten may have any literal in it that it is not spelled with.
        let hides: (_ text: ByteView) -> Bool
        /// Appends what a text that is rewritten becomes.
        let rewrite: (_ text: ByteView, _ out: inout ByteWriter) -> Void
    }

    private let raw: Column
    private let rewriting: Rewriting
    /// The texts that are rewritten.
    private let isRewritten: Bitmap
    /// Those that may hide a literal: only conditions want to know.
    private lazy var isHiding = isRewritten.filter { raw.withValue($0, rewriting.hides) }

    /// - Parameter raw: a column of texts, one a row.
    init(_ raw: Column, _ isRewritten: Bitmap, _ rewriting: Rewriting) {
        self.raw = raw
        self.rewriting = rewriting
        self.isRewritten = isRewritten
        super.init(count: raw.valueCount)
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        if isRewritten[number] {
            raw.withValue(number) { rewriting.rewrite($0, &out) }
        } else {
            raw.appendValue(number, into: &out)
        }
    }

    override func matching(
        _ matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap? {
        let literals = matcher.literals
        guard literals.count == 1, literals[0].withView(rewriting.keeps) else {
            return try asText().values(matching: matcher, within: candidates)
        }
        var unsure = try raw.values(
            matching: BytesMatcher(literals[0], .anywhere), within: Bitmap(count: count, all: true))
        unsure.formUnion(isHiding)
        unsure.formIntersection(candidates)
        return unsure.filter { number in
            isRewritten[number]
                ? withValue(number) { matcher.matches($0) }
                : raw.withValue(number) { matcher.matches($0) }
        }
    }
}
