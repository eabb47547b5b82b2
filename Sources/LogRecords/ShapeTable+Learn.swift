internal import CLogKernels
internal import LogBytes
internal import LogJSON

/// The slow path: a piece that no node holds yet is parsed by the letter of its grammar.
extension ShapeTable {
    /// What the grammar found between two values.
    struct Piece {
        var end: UnsafePointer<UInt8>
        var kind: Kind
        var context: Int
        var path: String
    }

    /// Parses the bytes at `p`, behind node `parent`, up to the next value or the end of the line, and makes the node for
    /// them the parent's first child.
    ///
    /// - Returns: the node, or −1 with the reason in `scanner.fault`.
    func learn(_ parent: Int, _ p: UnsafePointer<UInt8>, _ scanner: inout JSONScanner) -> Int {
        guard let piece = parse(parent, p, &scanner) else { return -1 }
        let bytes = ByteView(p, piece.end - p)
        let hash = pieceHash(bytes, piece.kind, parent: parent)
        if let known = child(of: parent, bytes, piece.kind, hash: hash) {
            moveToFront(known, of: parent)
            return known
        }
        guard nodes[parent].fieldCount < Int32(JSONLimits.fieldsMax) || piece.kind == .end else {
            return fault(.tooManyFields, p, &scanner)
        }
        return add(piece, bytes, parent: parent, hash: hash)
    }

    private func parse(
        _ parent: Int, _ p: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> Piece? {
        switch roots[Int(nodes[parent].root)]?.grammar {
        case .json: parseJSON(parent, p, &scanner)
        case .docker: parseDocker(parent, p, &scanner)
        case .dockerLogfmt: parseDockerLogfmt(parent, p, &scanner)
        case .logfmt, .anyLogfmt: parseLogfmt(parent, p, &scanner)
        case .rest: parseRest(parent, p, &scanner)
        case nil: fail(.unexpectedByte, p, &scanner)
        }
    }

    private func fault(
        _ code: JSONError.Code, _ position: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> Int {
        scanner.fault = code
        scanner.faultPosition = position
        return -1
    }

    private func add(_ piece: Piece, _ bytes: ByteView, parent: Int, hash: UInt32) -> Int {
        var node = Node.fresh
        node.pieceStart = Int32(pieces.count)
        node.pieceLength = Int32(bytes.count)
        node.parent = Int32(parent)
        node.root = nodes[parent].root
        node.nextSibling = nodes[parent].firstChild
        node.context = Int32(piece.context)
        node.fieldCount = nodes[parent].fieldCount + (piece.kind == .end ? 0 : 1)
        node.kind = piece.kind
        node.marks = Self.marks(bytes)
        node.hash = hash
        node.isIndexed = true
        if bytes.firstIndex(of: ASCII.newline) != nil { hasNewlineInPiece = true }
        pieces.append(bytes)
        // The walk may load a block from any byte of a piece.
        pieces.reserve(Int(WEIR_WALK_BLOCK))
        let index = nodes.count
        nodes.append(node)
        paths.append(piece.path)
        nodes[parent].firstChild = Int32(index)
        insertIntoIndex(index)
        if piece.kind == .end {
            let shape = addShape(leaf: index)
            nodes[index].shape = Int32(shape)
            if shape >= 0 { leaves[shape] = Int32(index) }
            nodes[index].mayBePart = shape >= 0 && eagerFields[shape].mayBePart
        }
        return index
    }

    private static func marks(_ bytes: ByteView) -> Int32 {
        var count: Int32 = 0
        for index in 0..<bytes.count { count += weir_is_mark(bytes[index]) }
        return count
    }

    private func moveToFront(_ child: Int, of parent: Int) {
        guard Int(nodes[parent].firstChild) != child else { return }
        var before = Int(nodes[parent].firstChild)
        while Int(nodes[before].nextSibling) != child { before = Int(nodes[before].nextSibling) }
        nodes[before].nextSibling = nodes[child].nextSibling
        nodes[child].nextSibling = nodes[parent].firstChild
        nodes[parent].firstChild = Int32(child)
    }

    func parseJSON(
        _ parent: Int, _ start: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> Piece? {
        var p = start
        let context = Int(nodes[parent].context)
        if nodes[parent].parent < 0 {
            p = skipCookie(scanner.skipSpace(p), &scanner)
            guard p < scanner.end else { return fail(.endOfInput, p, &scanner) }
            guard p.pointee == ASCII.openBrace else {
                // A text that is valid but no object has a reason of its own.
                let isJSON = (try? JSONScanner.validate(ByteView(p, scanner.end - p))) != nil
                return fail(isJSON ? .notAnObject : .unexpectedByte, p, &scanner)
            }
            p = scanner.skipSpace(p + 1)
            if p < scanner.end, p.pointee == ASCII.closeBrace {
                return finish(p + 1, &scanner)
            }
            return member(p, context, &scanner)
        }
        if nodes[parent].kind == .string { p += 1 }
        return behindValue(p, context, &scanner)
    }

    /// Parses what stands behind a value that ends at `start` in the object `innermost`.
    func behindValue(
        _ start: UnsafePointer<UInt8>, _ innermost: Int, _ scanner: inout JSONScanner
    ) -> Piece? {
        var p = start
        var context = innermost
        while true {
            p = scanner.skipSpace(p)
            guard p < scanner.end else { return fail(.endOfInput, p, &scanner) }
            switch p.pointee {
            case ASCII.comma:
                return member(scanner.skipSpace(p + 1), context, &scanner)
            case ASCII.closeBrace:
                p += 1
                context = contexts[context].parent
                if context < 0 { return finish(p, &scanner) }
            default:
                return fail(.unexpectedByte, p, &scanner)
            }
        }
    }

    /// The address behind `@cee:`, by which rsyslog marks JSON in a syslog message.
    private func skipCookie(
        _ p: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> UnsafePointer<UInt8> {
        let cookie = ByteView("@cee:")
        guard p < scanner.end, ByteView(p, scanner.end - p).hasPrefix(cookie) else { return p }
        return scanner.skipSpace(p + cookie.count)
    }

    func fail(
        _ code: JSONError.Code, _ position: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> Piece? {
        _ = fault(code, position, &scanner)
        return nil
    }

    func finish(_ p: UnsafePointer<UInt8>, _ scanner: inout JSONScanner) -> Piece? {
        let behind = scanner.skipSpace(p)
        guard behind == scanner.end else { return fail(.trailingBytes, behind, &scanner) }
        return Piece(end: behind, kind: .end, context: 0, path: "")
    }

    /// Parses `"key":` and, where an object with members follows, its first key too.
    func member(
        _ start: UnsafePointer<UInt8>, _ outer: Int, _ scanner: inout JSONScanner
    ) -> Piece? {
        var p = start
        var context = outer
        while true {
            guard p < scanner.end else { return fail(.endOfInput, p, &scanner) }
            guard p.pointee == ASCII.quote else { return fail(.unexpectedByte, p, &scanner) }
            var escaped = false
            guard let close = scanner.string(p + 1, escaped: &escaped) else { return nil }
            let key = ByteView(p + 1, close - p - 1)
            let path = contexts[context].prefix + keyText(key, escaped)
            guard path.utf8.count <= JSONLimits.pathBytesMax else {
                return fail(.keyTooLong, p, &scanner)
            }
            p = scanner.skipSpace(close + 1)
            guard p < scanner.end else { return fail(.endOfInput, p, &scanner) }
            guard p.pointee == ASCII.colon else { return fail(.unexpectedByte, p, &scanner) }
            p = scanner.skipSpace(p + 1)
            guard p < scanner.end else { return fail(.endOfInput, p, &scanner) }
            addName(key, context)
            if p.pointee == ASCII.quote {
                return Piece(end: p + 1, kind: .string, context: context, path: path)
            }
            guard p.pointee == ASCII.openBrace, emptyObjectEnd(p, scanner.end) == nil else {
                return Piece(end: p, kind: .token, context: context, path: path)
            }
            guard contexts[context].depth + 1 < JSONLimits.depthMax else {
                return fail(.tooDeep, p, &scanner)
            }
            context = nested(context, prefix: path + ".")
            p = scanner.skipSpace(p + 1)
        }
    }

    /// Tells the loose walk of a key in a plain line, and whether an object under it would be of interest: that its value is
    /// something else this time says nothing of the next.
    private func addName(_ key: ByteView, _ context: Int) {
        let own = contexts[context]
        guard own.isPlain, names.isLive(own.prefix) else { return }
        // At the top only what follows a pattern is not yet known.
        guard
            !own.prefix.isEmpty
                || weir_may_be_of_interest(key.start, UInt32(clamping: key.count)) != 0
        else { return }
        let inner = own.prefix + key.text + "."
        names.add(
            key, in: context, prefix: own.prefix,
            child: names.isLive(inner) ? nested(context, prefix: inner) : nil, meanings: meanings)
    }

    func keyText(_ raw: ByteView, _ escaped: Bool) -> String {
        guard escaped else { return raw.text }
        var out = ByteWriter(capacity: raw.count)
        JSONText.unescape(raw, into: &out)
        return out.view.text
    }

    func nested(_ parent: Int, prefix: String) -> Int {
        let key = "\(parent) \(prefix)"
        if let known = contextIndex[key] { return known }
        contexts.append(
            Context(
                parent: parent, depth: contexts[parent].depth + 1, prefix: prefix,
                isEmbedded: contexts[parent].isEmbedded, isPlain: contexts[parent].isPlain))
        contextIndex[key] = contexts.count - 1
        return contexts.count - 1
    }
}
