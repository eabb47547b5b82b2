public import CLogKernels
public import LogBytes
public import LogJSON

/// The shapes seen so far, as a trie of the bytes between values, and the scanner that walks it.
///
/// Services repeat their lines' shape. A line that was seen before costs, for each field, one comparison of the bytes up
/// to the value and one scan of the value: no key is looked up, nothing is allocated. Worked example, two lines:
///
///     {"level":"INFO","n":5}       root ─ {"level":" ─ ","n": ─ }        → shape 1
///     {"level":"INFO","ok":true}                     └ ","ok": ─ }       → shape 2
///
/// A node is a piece and what follows it: a string's content, another token, or the end of the line. Where no child fits,
/// `learn` parses the piece strictly and adds a node. Each grammar (`LineGrammar`) behind each envelope has a tree of its
/// own. One thread uses a table.
public final class ShapeTable {
    /// What follows the bytes of a node.
    @usableFromInline
    enum Kind: UInt8, BitwiseCopyable {
        case string, token, end
        /// A logfmt value up to the next space, and one up to its closing quote.
        case bare, quoted
        /// A logfmt key that has no value.
        case flag
        /// All the rest of the line.
        case rest
        /// Values of JSON, and of logfmt without quotes, inside of a JSON string.
        case embeddedString, embeddedToken, embeddedBare

        var valueKind: ValueKind {
            switch self {
            case .string: .string
            case .token: .token
            case .bare, .rest, .end: .text
            case .quoted: .quoted
            case .embeddedString: .embeddedString
            case .embeddedToken: .embeddedToken
            case .embeddedBare: .embeddedText
            case .flag: .flag
            }
        }
    }

    @usableFromInline
    struct Node: BitwiseCopyable {
        @usableFromInline var pieceStart: Int32 = 0
        @usableFromInline var pieceLength: Int32 = 0
        @usableFromInline var firstChild: Int32 = -1
        @usableFromInline var nextSibling: Int32 = -1
        @usableFromInline var parent: Int32 = -1
        @usableFromInline var shape: Int32 = -1
        /// The open object that a piece behind this node starts in; an index into `contexts`.
        @usableFromInline var context: Int32 = 0
        @usableFromInline var fieldCount: Int32 = 0
        /// The root of the tree.
        @usableFromInline var root: Int32 = 0
        @usableFromInline var kind: Kind = .string
    }

    /// An object that is open at some point of a line.
    struct Context {
        let parent: Int
        let depth: Int
        /// The flattened path of the object with a dot behind, empty at the top.
        let prefix: String
        /// Whether the object stands inside of a JSON string.
        var isEmbedded = false
    }

    /// What a tree is for.
    struct Root: Hashable {
        let envelope: Envelope
        let grammar: LineGrammar
        /// The context of the top of a line.
        var context = 0

        static func == (left: Root, right: Root) -> Bool {
            left.envelope == right.envelope && left.grammar == right.grammar
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(envelope)
            hasher.combine(grammar)
        }
    }

    /// Children that are compared before the hash table is asked: more are rare, and slow to walk.
    @usableFromInline static var childrenTriedMax: Int { 8 }

    /// Sizes at which a table is replaced by an empty one (`isLarge`): lines whose keys never repeat must not fill memory.
    static let nodesMax = 100_000
    static let shapesMax = 8_192
    static let pieceBytesMax = 16 << 20

    /// All shapes, by their index. Shape 0 is that of text.
    public internal(set) var shapes: [Shape] = [.text(index: 0)]

    /// For each shape the packed slots of what every record is asked for, −1 where it has none.
    struct EagerFields: BitwiseCopyable {
        let time: Int32
        let level: Int32
        /// Whether lines of the shape may be parts of a longer one.
        let mayBePart: Bool

        init(_ shape: Shape) {
            time = shape.canonical[.time]?.packed ?? -1
            level = shape.canonical[.level]?.packed ?? -1
            mayBePart = shape.format == .docker || shape.format == .cri
        }
    }

    /// The format of each shape, without touching the shape itself.
    public internal(set) var formats: [LineFormat] = [.text]

    /// The eager fields by shape: asked for each line, without touching the shape itself.
    var eagerFields = Vector<EagerFields>(capacity: 64)

    /// The index of the shape of text.
    public static let textShape = 0

    @usableFromInline var nodes = Vector<Node>(capacity: 256)
    @usableFromInline var pieces = ByteWriter(capacity: 1 << 14)
    var contexts: [Context] = []
    var contextIndex: [String: Int] = [:]
    /// The trees by the number of their root node, and the way back.
    var roots: [Int: Root] = [:]
    var rootNodes: [Root: Int] = [:]
    var envelopes = EnvelopeScanner()
    /// What is decoded to be checked, by those who may not allocate for each line.
    var scratch = ByteWriter(capacity: 256)
    /// The flattened path of the value behind each node; empty for ends.
    var paths: [String] = []
    /// Children by the hash of their piece and kind; checked by comparison.
    var childIndex: [UInt64: [Int32]] = [:]

    /// A table that knows no JSON shape yet.
    public init() {
        let json = root(.none, .json)
        assert(json == 0, "BUG: JSON without an envelope is the first tree")
        eagerFields.append(EagerFields(shapes[Self.textShape]))
    }

    /// True when the table should be replaced by an empty one before the next batch.
    public var isLarge: Bool {
        nodes.count > Self.nodesMax || shapes.count > Self.shapesMax
            || pieces.count > Self.pieceBytesMax
    }

    /// Scans `line` from the node `root` on and appends its values to `values`, positions counted from `origin`.
    ///
    /// - Parameter root: the root of a tree; 0 is that of JSON objects without an envelope.
    /// - Returns: the index of the line's shape, or −1 when it does not keep to the grammar; then `scanner.fault` says why, and
    ///   `values` may hold values of the part before the fault, which the caller drops.
    @inlinable
    public func scan(
        _ line: ByteView, root: Int = 0, scanner: inout JSONScanner, origin: UnsafePointer<UInt8>,
        values: inout Vector<ValueSpan>
    ) -> Int {
        let end = line.end
        var p = line.start
        var node = root
        var lastLearned: UnsafePointer<UInt8>?
        var learnedNode = -1
        descend: while true {
            var child = nodes[node].firstChild
            var tries = Self.childrenTriedMax
            while child >= 0, tries > 0 {
                let candidate = nodes[Int(child)]
                let length = Int(candidate.pieceLength)
                let q = p + length
                if q <= end,
                    weir_equal_padded(p, pieces.base + Int(candidate.pieceStart), length) != 0
                {
                    switch candidate.kind {
                    case .string:
                        var escaped = false
                        guard let close = scanner.string(q, escaped: &escaped) else { return -1 }
                        values.append(ValueSpan(q - origin, close - q, escaped: escaped))
                        p = close
                        node = Int(child)
                        continue descend
                    case .token:
                        if let first = tokenStart(q, end) {
                            guard let behind = scanToken(first, &scanner) else { return -1 }
                            values.append(ValueSpan(q - origin, behind - q, escaped: false))
                            p = behind
                            node = Int(child)
                            continue descend
                        }
                    case .end:
                        if q == end { return Int(candidate.shape) }
                    case .bare, .quoted, .flag, .rest, .embeddedString, .embeddedToken,
                        .embeddedBare:
                        if canStart(candidate.kind, q, end) {
                            guard let value = scanOther(candidate.kind, q, &scanner) else {
                                return -1
                            }
                            values.append(
                                ValueSpan(q - origin, value.end - q, escaped: value.isEscaped))
                            p = value.end
                            node = Int(child)
                            continue descend
                        }
                    }
                }
                child = candidate.nextSibling
                tries -= 1
            }
            // A piece that was just learned fits. If it does not, scanning it again would never end.
            if p == lastLearned, node == learnedNode {
                assertionFailure("BUG: a piece that was learned does not fit")
                return -1
            }
            lastLearned = p
            learnedNode = node
            let learned = learn(node, p, &scanner)
            if learned < 0 { return -1 }
            // The piece fits now: the child is in front, or it is an end that fits.
        }
    }

    /// `p` when a token can start there: anything but white space, a string or an object with content.
    @inlinable @inline(__always)
    func tokenStart(
        _ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        guard p < end else { return nil }
        switch p.pointee {
        case ASCII.quote, ASCII.space, ASCII.tab, ASCII.newline, ASCII.carriageReturn: return nil
        case ASCII.openBrace: return emptyObjectEnd(p, end) == nil ? nil : p
        default: return p
        }
    }

    @inlinable @inline(__always)
    func scanToken(
        _ p: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> UnsafePointer<UInt8>? {
        p.pointee == ASCII.openBrace ? emptyObjectEnd(p, scanner.end) : scanner.token(p)
    }

    /// The address behind `{}` (white space allowed inside) at `p`, or nil.
    @usableFromInline
    func emptyObjectEnd(
        _ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        let scanner = JSONScanner(end: end, readable: end)
        let q = scanner.skipSpace(p + 1)
        return q < end && q.pointee == ASCII.closeBrace ? q + 1 : nil
    }

    /// The bytes of a node's piece, valid until the next node is added.
    func pieceView(_ node: Int) -> ByteView {
        ByteView(pieces.base + Int(nodes[node].pieceStart), Int(nodes[node].pieceLength))
    }
}
