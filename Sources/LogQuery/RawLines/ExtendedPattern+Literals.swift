extension ExtendedPattern {
    /// More ways of matching than these are not told apart.
    private static let waysMax = 16

    /// What a line must contain: for some element, all of its literals. An element without literals, or an empty list, says
    /// nothing of the line.
    ///
    /// Worked example: `foo(bar|baz+)qux` gives [[foobarqux], [fooba, z, qux]] without the pieces that stand for sure
    /// in a longer one: [[foobarqux], [foobaz, qux]].
    var requiredLiterals: [[[UInt8]]] {
        let ways = ways
        let found = ways.map { way in
            way.pieces.compactMap { piece -> [UInt8]? in
                if case .text(let bytes) = piece, !bytes.isEmpty { return bytes }
                return nil
            }
        }
        return found.contains(where: \.isEmpty) ? [] : found
    }

    /// One way through the pattern: text, and gaps of which nothing is known.
    private struct Way {
        enum Piece {
            case text([UInt8])
            case gap
        }

        var pieces: [Piece] = []

        mutating func append(_ piece: Piece) {
            switch (pieces.last, piece) {
            case (.text(let left), .text(let right)):
                pieces[pieces.count - 1] = .text(left + right)
            case (.gap, .gap): break
            default: pieces.append(piece)
            }
        }
    }

    private var ways: [Way] {
        switch self {
        case .empty, .assertion: return [Way()]
        case .set(let set):
            guard let only = set.onlyCharacter else { return [Way(pieces: [.gap])] }
            return [Way(pieces: [.text(Array(String(Character(only)).utf8))])]
        case .alternatives(let parts):
            var all: [Way] = []
            for part in parts {
                all += part.ways
                // A line must hold something of every way: with too many of them nothing is said.
                if all.count > Self.waysMax { return [Way(pieces: [.gap])] }
            }
            return all
        case .sequence(let parts):
            var all = [Way()]
            for part in parts {
                var endings = part.ways
                if all.count * endings.count > Self.waysMax { endings = [Way(pieces: [.gap])] }
                all = all.flatMap { way in
                    endings.map { ending in
                        var longer = way
                        for piece in ending.pieces { longer.append(piece) }
                        return longer
                    }
                }
            }
            return all
        case .repetition(let part, let least, let most):
            if least == 0 { return [Way(pieces: [.gap])] }
            if least == 1, most == 1 { return part.ways }
            return part.ways.map { way in
                var open = way
                open.append(.gap)
                return open
            }
        }
    }
}
