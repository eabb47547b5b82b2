/// One value's place in a shape.
public struct ShapeField: Hashable, Sendable {
    /// The flattened path, `http.status_code`; `_msg` for a line of text.
    public let path: String
    /// How the value's bytes are to be read.
    public let kind: ValueKind
    /// 0 for the first field of this path and kind in the line, 1 for the second, ….
    public let occurrence: Int

    /// A field; `occurrence` counts earlier fields of the same path and kind in the line.
    public init(path: String, kind: ValueKind, occurrence: Int = 0) {
        self.path = path
        self.kind = kind
        self.occurrence = occurrence
    }
}

/// What lines of one make have in common: every byte that is not a value.
///
/// A line of a shape with *n* fields is `piece 0, value 0, piece 1, … value n−1, piece n`, byte for byte. Keys, punctuation,
/// quotes and white space are in the pieces, so two lines of one shape differ in their values only. Immutable.
public final class Shape: Sendable {
    /// The number of this shape in its table.
    public let index: Int
    /// How lines of this shape are written.
    public let format: LineFormat
    /// The fields in line order.
    public let fields: [ShapeField]
    /// The fields of the application's own line; the others are those of an envelope, such as a syslog header.
    public let inner: Range<Int>
    /// Where the canonical fields stand.
    public let canonical: CanonicalMap
    /// All pieces, one behind the other.
    public let pieceBytes: [UInt8]
    /// The end of each piece in `pieceBytes`; one more than there are fields.
    public let pieceEnds: [Int]

    /// A shape of `fields` between `pieces`, of which there is one more.
    public convenience init(
        index: Int, format: LineFormat, fields: [ShapeField], inner: Range<Int>? = nil,
        pieces: [[UInt8]]
    ) {
        var end = 0
        let ends = pieces.map { piece in
            end += piece.count
            return end
        }
        self.init(
            index: index, format: format, fields: fields, inner: inner ?? 0..<fields.count,
            pieceBytes: pieces.flatMap { $0 }, pieceEnds: ends, meanings: PathMeanings())
    }

    /// A shape of `fields` between the pieces that end at `pieceEnds`; `meanings` remembers what paths mean.
    package init(
        index: Int, format: LineFormat, fields: [ShapeField], inner: Range<Int>,
        pieceBytes: [UInt8], pieceEnds: [Int], meanings: PathMeanings
    ) {
        precondition(
            pieceEnds.count == fields.count + 1, "BUG: a shape has one piece more than fields")
        self.index = index
        self.format = format
        self.fields = fields
        self.inner = inner
        self.canonical = CanonicalMap(
            fields: fields, inner: inner, format: format, meanings: meanings)
        self.pieceBytes = pieceBytes
        self.pieceEnds = pieceEnds
    }

    /// The shape of a line that is taken as text: its only value is the whole line.
    public static func text(index: Int) -> Shape {
        Shape(
            index: index, format: .text, fields: [ShapeField(path: "_msg", kind: .text)],
            pieces: [[], []])
    }

    /// The bytes of piece `number`.
    public func piece(_ number: Int) -> ArraySlice<UInt8> {
        pieceBytes[(number == 0 ? 0 : pieceEnds[number - 1])..<pieceEnds[number]]
    }

    /// Where lines of this shape have the field that a query calls `name`: the last field of that path (as JSON readers
    /// resolve double keys), else the canonical field of that name, else nil.
    ///
    /// Where `level` is a number as its logger counts them (pino's `"level":50`), the word is meant: `level:error` finds the
    /// errors of all loggers. In Docker's lines the wrapped line stands before Docker's own
    /// members, and has precedence.
    public func slot(named name: String) -> FieldSlot? {
        Self.slot(named: name, fields: fields, inner: inner, canonical: canonical)
    }

    /// As `slot(named:)`, of a line with these fields.
    static func slot(
        named name: String, fields: [ShapeField], inner: Range<Int>, canonical: CanonicalMap
    ) -> FieldSlot? {
        let inside = fields[inner].lastIndex { $0.path == name }
        guard let index = inside ?? fields.lastIndex(where: { $0.path == name }) else {
            return CanonicalField(name: name).flatMap { canonical[$0] }
        }
        if name == CanonicalField.level.name, let slot = canonical[.level], slot.field == index,
            slot.transform.isLevelNumber
        {
            return slot
        }
        return FieldSlot(field: index)
    }
}
