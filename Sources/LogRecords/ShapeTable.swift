internal import CLogKernels
internal import LogBytes

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
    /// What follows the bytes of a node. The first three raw values are those of `WEIR_WALK_STRING`, `WEIR_WALK_TOKEN` and `WEIR_WALK_END`.
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

    /// A node of a tree, laid out for the walk in C.
    typealias Node = weir_node

    /// An object that is open at some point of a line.
    struct Context: Sendable {
        let parent: Int
        let depth: Int
        /// The flattened path of the object with a dot behind, empty at the top.
        let prefix: String
        /// Whether the object stands inside of a JSON string.
        var isEmbedded = false
        /// Whether the object belongs to a line of JSON without an envelope.
        var isPlain = false
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
    static let childrenTriedMax = 8

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

    var nodes = Vector<Node>(capacity: 256)
    /// The bytes of all nodes; a block behind the last is readable.
    var pieces = ByteWriter(capacity: 1 << 14)
    /// Whether some piece holds a newline, as white space between values: then a line may not be scanned before its end is
    /// known.
    var hasNewlineInPiece = false
    /// The walk in C that suits the processor.
    var walkers = weir_walkers_best()
    let memory = WalkMemory()
    /// The lines that `scanLines` has taken so far.
    var linesScanned = 0
    var contexts: [Context] = []
    var contextIndex: [String: Int] = [:]
    /// The trees by the number of their root node, and the way back.
    var roots: [Int: Root] = [:]
    var rootNodes: [Root: Int] = [:]
    var envelopes = EnvelopeScanner()
    let meanings = PathMeanings()
    /// The keys that the loose walk looks for.
    var names: NameTable
    var looseMeanings = LooseMeanings()
    /// The codes of structures that have shapes.
    var codes = Vector<UInt32>(capacity: 64)
    /// The node at the end of each shape, −1 for that of text.
    var leaves: [Int32] = [-1]
    /// What is decoded to be checked, by those who may not allocate for each line.
    var scratch = ByteWriter(capacity: 256)
    /// The flattened path of the value behind each node; empty for ends.
    var paths: [String] = []
    /// Numbers of nodes by the hash of their piece, open addressing; −1 for an empty place.
    var childIndex = ShapeTable.emptyIndex(1_024)

    /// A table that knows no JSON shape yet.
    public convenience init() { self.init(registered: []) }

    /// As `init()`; the loose walk finds the fields `registered` wherever it goes.
    init(registered: [String]) {
        let known = Self.known
        names = NameTable(known.names, registered: registered)
        contexts = known.contexts
        contextIndex = known.contextIndex
        begin()
        add(names: registered)
    }

    /// A table from scratch.
    private init(names: consuming NameTable) {
        self.names = names
        contexts = [Context(parent: -1, depth: 0, prefix: "", isPlain: true)]
        begin()
    }

    private func begin() {
        let json = root(.none, .json, context: 0)
        assert(json == 0, "BUG: JSON without an envelope is the first tree")
        eagerFields.append(EagerFields(shapes[Self.textShape]))
    }

    /// What every table knows from the beginning.
    private struct Known: Sendable {
        let names: NameTable.Content
        let contexts: [Context]
        let contextIndex: [String: Int]
    }

    private static let known: Known = {
        let table = ShapeTable(names: NameTable())
        table.add(names: PathMeaning.knownNames + FieldContainer.all)
        return Known(
            names: table.names.content, contexts: table.contexts, contextIndex: table.contextIndex)
    }()

    /// Makes known to the loose walk what may be of interest at the top of a line.
    private func add(names paths: [String]) {
        for path in paths {
            let first = String(path.prefix { $0 != "." })
            let child = first.utf8.count < path.utf8.count ? nested(0, prefix: first + ".") : nil
            first.withView {
                names.add($0, in: 0, prefix: "", child: child, meanings: meanings)
            }
            guard child != nil, path.utf8.last != UInt8(ascii: ".") else { continue }
            path.withView { names.add($0, in: 0, prefix: "", child: nil, meanings: meanings) }
        }
    }

    /// True when the table should be replaced by an empty one before the next batch.
    public var isLarge: Bool {
        nodes.count > Self.nodesMax || shapes.count > Self.shapesMax
            || pieces.count > Self.pieceBytesMax || codes.count > 4 * Self.nodesMax
            || looseMeanings.isLarge
    }

    /// The bytes of a node's piece, valid until the next node is added.
    func pieceView(_ node: Int) -> ByteView {
        ByteView(pieces.base + Int(nodes[node].pieceStart), Int(nodes[node].pieceLength))
    }
}

/// What the walks in C remember from line to line.
final class WalkMemory {
    let index = UnsafeMutablePointer<weir_index>.allocate(capacity: 1)
    let programs = UnsafeMutableRawPointer.allocate(
        byteCount: MemoryLayout<weir_programs>.size, alignment: 64
    ).bindMemory(to: weir_programs.self, capacity: 1)
    let structures = UnsafeMutablePointer<weir_structure>.allocate(
        capacity: Int(WEIR_STRUCTURES))
    let keys = weir_keys_make()
    let codes = UnsafeMutablePointer<UInt32>.allocate(capacity: Int(WEIR_LOOSE_CODES))
    /// The lines of one call, `linesMax` of them.
    let lines = UnsafeMutablePointer<weir_line>.allocate(capacity: WalkMemory.linesMax)

    static let linesMax = 64

    init() {
        memset(programs, 0, MemoryLayout<weir_programs>.size)
        memset(structures, 0, MemoryLayout<weir_structure>.size * Int(WEIR_STRUCTURES))
        forgetLines()
    }

    deinit {
        index.deallocate()
        programs.deallocate()
        structures.deallocate()
        free(UnsafeMutableRawPointer(keys))
        codes.deallocate()
        lines.deallocate()
    }

    /// Makes ready for bytes that were not there before.
    @inline(__always)
    func forgetLines() {
        index.pointee.start = nil
        index.pointee.end = nil
    }
}
