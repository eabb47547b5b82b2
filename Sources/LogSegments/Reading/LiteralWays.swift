internal import LogBytes
internal import LogQuery
internal import LogRecords
internal import LogSystem

/// How a literal can stand in lines of one shape: within a piece, within a value, or across several of them.
struct LiteralWays {
    /// What a value has to be.
    struct Condition {
        let field: Int
        let bytes: [UInt8]
        let place: BytesMatcher.Place
    }

    /// Whether every line of the shape holds the literal.
    private(set) var isAlways = false
    /// A line holds the literal if and only if all conditions of one of these hold.
    private(set) var ways: [[Condition]] = []

    /// A shape with more ways is looked at line by line.
    private static let waysMax = 64

    private let literal: [UInt8]
    private let pieces: [[UInt8]]

    /// The ways of `literal`, which is not empty; nil where they are too many to list.
    init?(_ literal: [UInt8], in shape: Shape) {
        self.literal = literal
        pieces = (0...shape.fields.count).map { Array(shape.piece($0)) }
        let fields = shape.fields.count
        if pieces.contains(where: { $0.withView { piece in contains(piece) } }) {
            isAlways = true
            return
        }
        // Between two values without a piece the literal can be cut anywhere.
        if fields > 1, pieces[1..<fields].contains(where: \.isEmpty) { return nil }
        for field in 0..<fields {
            ways.append([Condition(field: field, bytes: literal, place: .anywhere)])
            for length in 1..<max(min(pieces[field].count + 1, literal.count), 1)
            where pieces[field].suffix(length).elementsEqual(literal.prefix(length)) {
                follow(field, from: length, [])
            }
            for length in 1..<max(literal.count, 1) {
                let ending = Condition(
                    field: field, bytes: Array(literal.prefix(length)), place: .atEnd)
                followPiece(field + 1, from: length, [ending])
            }
            if ways.count > Self.waysMax { return nil }
        }
    }

    private func contains(_ piece: ByteView) -> Bool {
        literal.withView { piece.firstIndex(of: $0) != nil }
    }

    /// The rest of the literal, from `start`, begins with the value of `field`.
    private mutating func follow(_ field: Int, from start: Int, _ conditions: [Condition]) {
        guard field + 1 < pieces.count, ways.count <= Self.waysMax else { return }
        ways.append(
            conditions + [
                Condition(field: field, bytes: Array(literal[start...]), place: .atStart)
            ])
        for end in start..<literal.count {
            let whole = Condition(
                field: field, bytes: Array(literal[start..<end]), place: .alone)
            followPiece(field + 1, from: end, conditions + [whole])
        }
    }

    /// The rest of the literal, from `start`, begins with piece `number`.
    private mutating func followPiece(_ number: Int, from start: Int, _ conditions: [Condition]) {
        let piece = pieces[number]
        let rest = literal[start...]
        if piece.starts(with: rest) {
            ways.append(conditions)
        } else if !piece.isEmpty, rest.starts(with: piece) {
            follow(number, from: start + piece.count, conditions)
        }
    }
}

/// The ways of the literal that was asked for last, in each shape of a segment: its blocks are asked for the same one after another,
/// by several threads.
final class KnownLiteralWays: @unchecked Sendable {
    private let lock = Lock()
    // Under the lock, both of them.
    private var literal: [UInt8] = []
    private var ofShape: [Int: LiteralWays?] = [:]

    /// The ways of `literal` in shape `number`, which is `shape`; nil where they are too many to list.
    func ways(_ literal: [UInt8], _ number: Int, _ shape: Shape) -> LiteralWays? {
        lock.locked {
            if literal != self.literal {
                self.literal = literal
                ofShape = [:]
            }
            if let known = ofShape[number] { return known }
            let ways = LiteralWays(literal, in: shape)
            ofShape[number] = .some(ways)
            return ways
        }
    }
}
