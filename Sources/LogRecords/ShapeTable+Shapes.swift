internal import LogBytes

/// The trees of a table, and the shapes at their leaves.
extension ShapeTable {
    /// The root node of the tree for `grammar` behind `envelope`.
    func root(_ envelope: Envelope, _ grammar: LineGrammar) -> Int {
        let key = Root(envelope: envelope, grammar: grammar)
        if let known = rootNodes[key] { return known }
        contexts.append(Context(parent: -1, depth: 0, prefix: ""))
        var node = Node()
        node.root = Int32(nodes.count)
        node.context = Int32(contexts.count - 1)
        node.fieldCount = Int32(envelope.fields.count)
        nodes.append(node)
        paths.append("")
        let number = nodes.count - 1
        roots[number] = Root(envelope: envelope, grammar: grammar, context: contexts.count - 1)
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
        var seen: [ShapeField: Int] = [:]
        for field in fields { seen[field] = 1 }
        for node in chain.dropLast() {
            let first = ShapeField(path: paths[node], kind: nodes[node].kind.valueKind)
            let occurrence = seen[first, default: 0]
            seen[first] = occurrence + 1
            fields.append(
                ShapeField(path: first.path, kind: first.kind, occurrence: occurrence))
        }
        let inner = envelope.fields.count..<fields.count
        switch (root.grammar, envelope) {
        case (.logfmt, _), (.dockerLogfmt, _):
            let own = fields[inner].prefix { $0.kind != .string }
            guard Logfmt.isConvincing(own) else { return -1 }
        case (.json, .prefix):
            guard Logfmt.isRecord(fields[inner]) else { return -1 }
        default: break
        }
        var pieces = envelope.pieces
        let innerPieces = chain.map { Array(pieceView($0)) }
        if let last = pieces.popLast() {
            pieces.append(last + innerPieces[0])
            pieces += innerPieces.dropFirst()
        } else {
            pieces = innerPieces
        }
        return add(fields: fields, inner: inner, pieces: pieces, of: root)
    }

    private func add(
        fields: [ShapeField], inner: Range<Int>, pieces: [[UInt8]], of root: Root
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
            index: shapes.count, format: format, fields: fields, inner: inner, pieces: pieces)
        shapes.append(shape)
        formats.append(format)
        eagerFields.append(EagerFields(shape))
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
        let paths = Set(fields.map(\.path))
        if paths.contains("__REALTIME_TIMESTAMP") { return .journald }
        if paths.isSuperset(of: ["version", "host", "short_message"]) { return .gelf }
        let isDocker =
            paths.isSuperset(of: ["log", "stream", "time"])
            && paths.allSatisfy {
                $0 == "log" || $0 == "stream" || $0 == "time" || $0.hasPrefix("attrs.")
            }
        return isDocker ? .docker : .json
    }
}
