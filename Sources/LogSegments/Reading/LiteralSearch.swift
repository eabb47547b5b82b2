internal import LogBytes
internal import LogQuery

extension SegmentBlock {
    /// More shapes are not looked at one by one.
    private static let shapesMax = 256

    /// The rows whose lines hold `literal`, found in the columns; nil where only the lines can tell.
    func rows(containing literal: [UInt8], within candidates: Bitmap) throws -> Bitmap? {
        try reporting {
            let isUsed = try layout().isUsed
            let shapes = isUsed.indices.filter { isUsed[$0] }
            guard !literal.isEmpty, shapes.count <= Self.shapesMax else { return nil }
            var waysOfShapes: [(shape: Int, ways: LiteralWays)] = []
            for shape in shapes {
                let stored = reader.footer.shapes[shape].shape
                guard let ways = reader.literalWays.ways(literal, shape, stored) else {
                    return nil
                }
                waysOfShapes.append((shape, ways))
            }
            var search = ConditionSearch(block: self)
            var found = Bitmap(count: rowCount)
            for (shape, ways) in waysOfShapes {
                let isPossible =
                    try ways.isAlways
                    || ways.ways.contains { way in
                        try search.mayHold(way, shape)
                    }
                if !isPossible { continue }
                let rows = try self.rows(ofShape: shape, within: candidates)
                found.formUnion(
                    ways.isAlways ? rows : try search.rows(ways, shape, within: rows))
            }
            return found
        }
    }

    private func rows(ofShape shape: Int, within candidates: Bitmap) throws -> Bitmap {
        let isUsed = try layout().isUsed
        if isUsed.indices.allSatisfy({ $0 == shape || !isUsed[$0] }) { return candidates }
        let shapes = try rowShapes()
        return candidates.filter { Int(shapes[$0]) == shape }
    }
}

/// Asks conditions of stored columns, each once.
private struct ConditionSearch {
    private struct Key: Hashable {
        let column: Int
        let bytes: [UInt8]
        let place: BytesMatcher.Place
    }

    let block: SegmentBlock
    /// The values that meet a condition, by their place in the column; nil: none does.
    private var known: [Key: Bitmap?] = [:]

    init(block: SegmentBlock) { self.block = block }

    private func key(_ condition: LiteralWays.Condition, _ shape: Int) -> Key {
        Key(
            column: block.storedShape(shape).columns[condition.field], bytes: condition.bytes,
            place: condition.place)
    }

    private mutating func values(_ key: Key) throws -> Bitmap? {
        if let known = known[key] { return known }
        let values = try block.storedValues(
            key.column, matching: BytesMatcher(key.bytes, key.place))
        known[key] = .some(values)
        return values
    }

    mutating func mayHold(_ way: [LiteralWays.Condition], _ shape: Int) throws -> Bool {
        for condition in way where try values(key(condition, shape)) == nil {
            return false
        }
        return true
    }

    /// The rows of `candidates`, all of shape `shape`, for which one of the ways holds.
    mutating func rows(
        _ ways: LiteralWays, _ shape: Int, within candidates: Bitmap
    ) throws -> Bitmap {
        var found = Bitmap(count: candidates.count)
        for way in ways.ways {
            var rows = candidates
            for condition in way {
                let key = key(condition, shape)
                guard let values = try values(key) else {
                    rows = Bitmap(count: candidates.count)
                    break
                }
                let places = try block.places(key.column)
                rows = rows.filter { values[places.place($0)] }
            }
            found.formUnion(rows)
        }
        return found
    }
}
