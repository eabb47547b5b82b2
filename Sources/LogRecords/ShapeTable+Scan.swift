internal import CLogKernels
public import LogBytes
public import LogJSON

/// Scanning: the walk in C takes what is simple and known, one field after the other; where it stops, a step in Swift takes
/// one value by the letter of the grammar, learning the piece before it if need be.
extension ShapeTable {
    /// A line that is being scanned.
    private struct Progress {
        var node: Int
        var position: UnsafePointer<UInt8>
        let origin: UnsafePointer<UInt8>
    }

    /// The most values of one line: fields, and those of an envelope.
    static let spansMax = JSONLimits.fieldsMax + 32

    /// The values of a line for which `scanKnown` has room on average.
    private static let valuesUsual = 16

    /// Scans `line` from the node `root` on and appends its values to `values`, positions counted from `origin`.
    ///
    /// - Parameter root: the root of a tree; 0 is that of JSON objects without an envelope.
    /// - Returns: the index of the line's shape, or −1 when it does not keep to the grammar; then `scanner.fault` says why, and
    ///   `values` may hold values of the part before the fault, which the caller drops.
    public func scan(
        _ line: ByteView, root: Int = 0, scanner: inout JSONScanner, origin: UnsafePointer<UInt8>,
        values: inout Vector<ValueSpan>
    ) -> Int {
        var progress = Progress(node: root, position: line.start, origin: origin)
        memory.forgetLines()
        return scan(&progress, &scanner, &values)
    }

    /// Scans the first line of `lines`, a JSON object, finding its end on the way, and sets `length` to its length without
    /// the newline. Nil, with no value appended, when the end must be known before; else as `scan`.
    @inline(__always)
    func scanFirst(
        of lines: ByteView, length: inout Int, scanner: inout JSONScanner,
        origin: UnsafePointer<UInt8>, values: inout Vector<ValueSpan>
    ) -> Int? {
        guard !hasNewlineInPiece, isPlainObject(lines) else { return nil }
        let firstValue = values.count
        var progress = Progress(node: 0, position: lines.start, origin: origin)
        let shape = walk(
            &progress, end: lines.end, readable: scanner.readable, endsAtNewline: true, &values)
        if shape >= 0 {
            length = progress.position - lines.start
            if length > Self.plainObjectBytesMin { return shape }
            values.truncate(firstValue)
            return nil
        }
        // No newline stands before the point that the walk has come to.
        let done = progress.position - lines.start
        length =
            lines.dropFirst(done).firstIndex(of: ASCII.newline).map { $0 + done } ?? lines.count
        guard length > Self.plainObjectBytesMin else {
            values.truncate(firstValue)
            return nil
        }
        scanner = JSONScanner(end: lines.start + length, readable: scanner.readable)
        return scan(&progress, &scanner, &values)
    }

    /// Walks as far as possible; the shape at the end of the line, or −1.
    @inline(__always)
    private func walk(
        _ progress: inout Progress, end: UnsafePointer<UInt8>, readable: UnsafePointer<UInt8>,
        endsAtNewline: Bool, _ values: inout Vector<ValueSpan>
    ) -> Int {
        values.reserve(Self.spansMax)
        let first = UnsafeMutableRawPointer(values.base + values.count)
            .assumingMemoryBound(to: UInt64.self)
        var walk = weir_walk(
            nodes: nodes.base, index: memory.index, pieces: pieces.base,
            position: progress.position, end: end,
            readable: readable, origin: progress.origin, out: first,
            out_end: first + Self.spansMax, node: Int32(truncatingIfNeeded: progress.node),
            tries: Int32(Self.childrenTriedMax), ends_at_newline: endsAtNewline ? 1 : 0)
        let shape = walkers.line.map { $0(&walk) } ?? -1
        values.advance(walk.out - first)
        progress.node = Int(walk.node)
        progress.position = walk.position
        return Int(shape)
    }

    /// A line's structure by its hash and its number of codes, which stand in the memory of the walk.
    struct Structure {
        let hash: UInt64
        let codes: Int
    }

    /// What one call of `scanLines` has found.
    struct ScannedLines {
        /// The lines, valid until the next call.
        let lines: UnsafeBufferPointer<weir_line>
        /// The number of bytes that they take, newlines included.
        let bytes: Int
        /// Whether the line behind them has to be scanned by itself.
        let isNextLeft: Bool
        /// That line's structure, when it is to become known.
        let leftStructure: Structure?
    }

    /// Scans plain objects from the beginning of `lines` on, at most `WalkMemory.linesMax`, as far as they have known shapes or
    /// may do without, and appends their values to `values`, positions counted from `origin`.
    @inline(__always)
    func scanLines(
        _ lines: ByteView, readable: UnsafePointer<UInt8>, origin: UnsafePointer<UInt8>,
        values: inout Vector<ValueSpan>, loose: inout LooseLines, learns: Bool
    ) -> ScannedLines {
        guard !hasNewlineInPiece, let walker = walkers.lines else {
            return ScannedLines(
                lines: .init(start: nil, count: 0), bytes: 0, isNextLeft: true, leftStructure: nil)
        }
        let room = WalkMemory.linesMax * Self.valuesUsual
        values.reserve(room + Self.spansMax)
        loose.reserve(WalkMemory.linesMax, valuesUsual: Self.valuesUsual)
        let first = UnsafeMutableRawPointer(values.base + values.count)
            .assumingMemoryBound(to: UInt64.self)
        let looseEnds = (
            loose.lines.base + loose.lines.count, loose.found.base + loose.found.count
        )
        var walk = weir_lines(
            walk: weir_walk(
                nodes: nodes.base, index: memory.index, pieces: pieces.base,
                position: lines.start, end: lines.end, readable: readable, origin: origin,
                out: first, out_end: first + room, node: 0,
                tries: Int32(Self.childrenTriedMax), ends_at_newline: 1),
            programs: memory.programs, out: memory.lines,
            out_end: memory.lines + WalkMemory.linesMax, names: names.view,
            structures: memory.structures, known_codes: UnsafePointer(codes.base),
            codes: memory.codes, sightings: learns ? sightingsToLearn : .max,
            keys: memory.keys,
            loose: looseEnds.0, loose_end: looseEnds.0 + WalkMemory.linesMax,
            found: looseEnds.1, found_end: looseEnds.1 + room,
            loose_base: loose.lines.base, found_base: loose.found.base,
            excluded: weir_load64(Self.dockerStart.utf8Start),
            length_min: Int64(Self.plainObjectBytesMin), is_left: 0, is_to_learn: 0,
            left_structure: 0, left_codes: 0)
        walker(&walk)
        linesScanned += walk.out - memory.lines
        values.advance(walk.walk.out - first)
        loose.lines.advance(walk.loose - looseEnds.0)
        loose.found.advance(walk.found - looseEnds.1)
        return ScannedLines(
            lines: .init(start: memory.lines, count: walk.out - memory.lines),
            bytes: walk.walk.position - lines.start, isNextLeft: walk.is_left != 0,
            leftStructure: walk.is_to_learn != 0
                ? Structure(hash: walk.left_structure, codes: Int(walk.left_codes)) : nil)
    }

    /// Lines of an unknown structure stay loose until it has been seen so often. While there are few shapes, each is worth
    /// being known; then only as many as have been paid for: to learn one takes as long as to walk hundreds of lines.
    private var sightingsToLearn: UInt32 {
        switch shapes.count {
        case ..<Self.shapesFree: 1
        case ..<4_096:
            linesScanned / Self.linesForShape > shapes.count - Self.shapesFree ? 32 : .max
        default: .max
        }
    }

    private static let shapesFree = 64
    private static let linesForShape = 8_000

    /// Makes lines of `structure`, which `scanLines` has left, known by the shape that one of them has.
    func learn(_ structure: Structure, shape: Int) {
        guard leaves[shape] >= 0, !eagerFields[shape].mayBePart,
            nodes[Int(leaves[shape])].root == 0
        else { return }
        let place = Int(structure.hash >> 32) & (Int(WEIR_STRUCTURES) - 1)
        memory.structures[place] = weir_structure(
            hash: structure.hash, leaf: leaves[shape], shape: UInt32(shape), sightings: 0,
            first_code: UInt32(codes.count), codes: UInt32(structure.codes))
        codes.append(memory.codes, structure.codes)
    }

    private func scan(
        _ progress: inout Progress, _ scanner: inout JSONScanner,
        _ values: inout Vector<ValueSpan>
    ) -> Int {
        while true {
            let shape = walk(
                &progress, end: scanner.end, readable: scanner.readable, endsAtNewline: false,
                &values)
            if shape >= 0 { return shape }
            if let shape = step(&progress, &scanner, &values) { return shape }
        }
    }

    /// Takes the next value. Returns nil when there was one, the line's shape at its end, −1 for a fault.
    private func step(
        _ progress: inout Progress, _ scanner: inout JSONScanner,
        _ values: inout Vector<ValueSpan>
    ) -> Int? {
        if let child = knownChild(of: progress.node, at: progress.position, &scanner) {
            return take(child, &progress, &scanner, &values)
        }
        var hasLearned = false
        while true {
            var child = Int(nodes[progress.node].firstChild)
            var tries = Self.childrenTriedMax
            while child >= 0, tries > 0 {
                let candidate = nodes[child]
                let start = progress.position + Int(candidate.pieceLength)
                if start <= scanner.end, isPiece(child, at: progress.position),
                    candidate.kind == .end
                        ? start == scanner.end : canStart(candidate.kind, start, scanner.end)
                {
                    return take(child, &progress, &scanner, &values)
                }
                child = Int(candidate.nextSibling)
                tries -= 1
            }
            // A piece that was just learned fits. If it does not, scanning it again would never end.
            if hasLearned {
                assertionFailure("BUG: a piece that was learned does not fit")
                return -1
            }
            if learn(progress.node, progress.position, &scanner) < 0 { return -1 }
            hasLearned = true
            // The piece fits now: the child is in front, or it is an end that fits.
        }
    }

    /// Takes the value behind the piece of `child`, which fits. As `step`.
    private func take(
        _ child: Int, _ progress: inout Progress, _ scanner: inout JSONScanner,
        _ values: inout Vector<ValueSpan>
    ) -> Int? {
        let node = nodes[child]
        guard node.kind != .end else { return Int(node.shape) }
        let start = progress.position + Int(node.pieceLength)
        guard let value = scanValue(node.kind, start, &scanner) else { return -1 }
        values.append(
            ValueSpan(start - progress.origin, value.end - start, escaped: value.isEscaped))
        progress.position = value.end
        progress.node = child
        return nil
    }

    private func isPiece(_ node: Int, at p: UnsafePointer<UInt8>) -> Bool {
        let piece = pieceView(node)
        return ByteView(p, piece.count) == piece
    }

    /// Whether a value of this kind may begin at `p`. Which node a line goes to must not depend on the lines before it.
    private func canStart(
        _ kind: Kind, _ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> Bool {
        let first = p < end ? p.pointee : ASCII.newline
        switch kind {
        case .bare: return first != ASCII.quote
        case .embeddedBare:
            return !(first == ASCII.backslash && p + 1 < end && p[1] == ASCII.quote)
        case .flag: return p == end || first == ASCII.space
        case .rest: return first != ASCII.space
        case .embeddedToken:
            return first > ASCII.space && first != ASCII.backslash && first != ASCII.openBrace
        case .quoted, .embeddedString, .string: return true
        case .token:
            switch first {
            case ASCII.quote, ASCII.space, ASCII.tab, ASCII.newline, ASCII.carriageReturn:
                return false
            case ASCII.openBrace: return emptyObjectEnd(p, end) != nil
            default: return true
            }
        case .end: return false
        }
    }

    /// Scans a value; its end and whether it has escapes, or nil.
    private func scanValue(
        _ kind: Kind, _ start: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> (end: UnsafePointer<UInt8>, isEscaped: Bool)? {
        var isEscaped = false
        switch kind {
        case .string: return scanner.string(start, escaped: &isEscaped).map { ($0, isEscaped) }
        case .token:
            let behind =
                start.pointee == ASCII.openBrace
                ? emptyObjectEnd(start, scanner.end) : scanner.token(start)
            return behind.map { ($0, false) }
        default: return scanOther(kind, start, &scanner)
        }
    }

    /// The address behind `{}` (white space allowed inside) at `p`, or nil.
    func emptyObjectEnd(
        _ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        let scanner = JSONScanner(end: end, readable: end)
        let q = scanner.skipSpace(p + 1)
        return q < end && q.pointee == ASCII.closeBrace ? q + 1 : nil
    }
}

extension weir_node {
    /// A node without relatives.
    static var fresh: weir_node {
        var node = weir_node()
        node.firstChild = -1
        node.nextSibling = -1
        node.parent = -1
        node.shape = -1
        return node
    }

    /// What follows the node's piece.
    var kind: ShapeTable.Kind {
        get { ShapeTable.Kind(rawValue: rawKind) ?? .end }
        set { rawKind = newValue.rawValue }
    }
}
