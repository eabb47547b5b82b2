internal import CLogKernels
internal import LogBytes

/// The trees of a table, and the shapes at their leaves.
extension ShapeTable {
    /// The root node of the tree for `grammar` behind `envelope`; `context` is that of the top of a line, nil for a new one.
    func root(_ envelope: Envelope, _ grammar: LineGrammar, context known: Int? = nil) -> Int {
        let key = Root(envelope: envelope, grammar: grammar)
        if let known = rootNodes[key] { return known }
        let context = known ?? contexts.count
        if known == nil { contexts.append(Context(parent: -1, depth: 0, prefix: "")) }
        var node = Node.fresh
        node.root = Int32(nodes.count)
        node.context = Int32(context)
        node.fieldCount = Int32(envelope.fields.count)
        nodes.append(node)
        paths.append("")
        let number = nodes.count - 1
        roots[number] = Root(envelope: envelope, grammar: grammar, context: context)
        rootNodes[key] = number
        return number
    }

    /// Adds the shape that ends in the node `leaf`, reading fields and pieces from its ancestors; −1 when lines of that
    /// shape are better taken as text.
    func addShape(leaf: Int) -> Int {
        var chain: [Int] = []
        var node = leaf
        while nodes[node].parent >= 0 {
            chain.append(node)
            node = Int(nodes[node].parent)
        }
        chain.reverse()
        guard let root = roots[node] else { return -1 }
        let envelope = root.envelope
        var fields = envelope.fields
        fields.reserveCapacity(fields.count + chain.count)
        for node in chain.dropLast() {
            fields.append(ShapeField(path: paths[node], kind: nodes[node].kind.valueKind))
        }
        Self.countOccurrences(&fields)
        let inner = envelope.fields.count..<fields.count
        switch (root.grammar, envelope) {
        case (.logfmt, _), (.dockerLogfmt, _):
            let own = fields[inner].prefix { $0.kind != .string }
            guard Logfmt.isConvincing(own) else { return -1 }
        case (.json, .prefix):
            guard Logfmt.isRecord(fields[inner]) else { return -1 }
        default: break
        }
        var pieces: [UInt8] = []
        var ends: [Int] = []
        ends.reserveCapacity(fields.count + 1)
        // The last piece of the envelope and the first of the line inside are one.
        for piece in envelope.pieces {
            pieces += piece
            ends.append(pieces.count)
        }
        if !ends.isEmpty { ends.removeLast() }
        for node in chain {
            let piece = pieceView(node)
            pieces += UnsafeBufferPointer(start: piece.start, count: piece.count)
            ends.append(pieces.count)
        }
        return add(fields: fields, inner: inner, pieces: pieces, ends: ends, of: root)
    }

    /// Numbers the fields that have the same path and kind as one before.
    static func countOccurrences(_ fields: inout [ShapeField]) {
        // Most lines have no double key, which hashes of the paths show for less than a dictionary of the fields.
        let hashes = fields.map { field in
            field.path.withView { weir_hash($0.start, $0.count, UInt64(field.kind.rawValue)) }
        }
        guard Set(hashes).count < fields.count else { return }
        var seen: [ShapeField: Int] = [:]
        for (index, field) in fields.enumerated() {
            let occurrence = seen[field, default: 0]
            seen[field] = occurrence + 1
            fields[index] = ShapeField(path: field.path, kind: field.kind, occurrence: occurrence)
        }
    }

    private func add(
        fields: [ShapeField], inner: Range<Int>, pieces: [UInt8], ends: [Int], of root: Root
    ) -> Int {
        let format = format(root, fields)
        var fields = fields
        var inner = inner
        if format == .docker {
            if root.grammar != .json {
                // Docker's own members stand behind those of the line that it wraps.
                inner = 0..<(fields.firstIndex { $0.kind == .string } ?? fields.count)
            } else {
                fields = fields.map {
                    $0.path == "log" && $0.kind == .string
                        ? ShapeField(path: $0.path, kind: .wrappedLine) : $0
                }
            }
        }
        let shape = Shape(
            index: shapes.count, format: format, fields: fields, inner: inner,
            pieceBytes: pieces, pieceEnds: ends, meanings: meanings)
        shapes.append(shape)
        formats.append(format)
        eagerFields.append(EagerFields(shape))
        leaves.append(-1)
        return shape.index
    }

    /// The format of lines with these fields.
    private func format(_ root: Root, _ fields: [ShapeField]) -> LineFormat {
        if let format = root.envelope.format { return format }
        switch root.grammar {
        case .rest: return .text
        case .docker, .dockerLogfmt: return .docker
        case .logfmt, .anyLogfmt: return .logfmt
        case .json: break
        }
        // A set of all paths would cost more than asking for a few of them.
        func has(_ path: String) -> Bool { fields.contains { $0.path == path } }
        if has("__REALTIME_TIMESTAMP") { return .journald }
        if has("short_message"), has("version"), has("host") { return .gelf }
        let isDocker =
            has("log") && has("stream") && has("time")
            && fields.allSatisfy {
                $0.path == "log" || $0.path == "stream" || $0.path == "time"
                    || $0.path.hasPrefix("attrs.")
            }
        return isDocker ? .docker : .json
    }
}
