internal import CLogKernels
internal import LogBytes
internal import LogJSON

/// The grammar of Docker's json-file: `{"log":"{\"level\":\"info\"}\n","stream":"stdout","time":"…"}`.
///
/// The members of the inner object become fields of the line, under their own names.
extension ShapeTable {
    /// What the line begins with, up to the inner object.
    private static let head: StaticString = "{\"log\":\""

    func parseDocker(
        _ parent: Int, _ start: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> Piece? {
        let node = nodes[parent]
        if node.parent < 0 {
            let head = ByteView(Self.head)
            guard ByteView(start, scanner.end - start).hasPrefix(head) else {
                return fail(.unexpectedByte, start, &scanner)
            }
            let p = EmbeddedJSON.skipSpace(start + head.count, scanner.end)
            guard p < scanner.end, p.pointee == ASCII.openBrace else {
                return fail(.unexpectedByte, p, &scanner)
            }
            let first = EmbeddedJSON.skipSpace(p + 1, scanner.end)
            let inner = embedded(in: Int(node.context))
            if first < scanner.end, first.pointee == ASCII.closeBrace {
                return behindInner(first + 1, inner, &scanner)
            }
            return innerMember(first, inner, &scanner)
        }
        switch node.kind {
        case .embeddedString:
            return behindInnerValue(start + 2, Int(node.context), &scanner)
        case .embeddedToken:
            return behindInnerValue(start, Int(node.context), &scanner)
        case .string:
            return behindValue(start + 1, Int(node.context), &scanner)
        case .token, .bare, .quoted, .flag, .rest, .embeddedBare, .end:
            return behindValue(start, Int(node.context), &scanner)
        }
    }

    /// Parses ` key=` or ` key=\"` of logfmt in Docker's string, and what stands behind it as for JSON.
    func parseDockerLogfmt(
        _ parent: Int, _ start: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> Piece? {
        let node = nodes[parent]
        var p = start
        var inner = Int(node.context)
        if node.parent < 0 {
            p += ByteView(Self.head).count
            inner = embedded(in: inner)
        } else {
            guard contexts[inner].isEmbedded else { return parseDocker(parent, start, &scanner) }
            if node.kind == .embeddedString { p += 2 }
            let space = p
            while p < scanner.end, p.pointee == ASCII.space { p += 1 }
            if p == space || p == scanner.end || p.pointee == ASCII.backslash
                || p.pointee == ASCII.quote
            {
                return behindInner(p, inner, &scanner)
            }
        }
        let rest = ByteView(p, scanner.end - p)
        guard let length = Logfmt.keyLength(rest), length <= JSONLimits.pathBytesMax else {
            return fail(.unexpectedByte, p, &scanner)
        }
        p += length + 1
        let isQuoted = scanner.end - p > 1 && p.pointee == ASCII.backslash && p[1] == ASCII.quote
        return Piece(
            end: isQuoted ? p + 2 : p, kind: isQuoted ? .embeddedString : .embeddedBare,
            context: inner, path: rest.prefix(length).text)
    }

    /// The context of the top of the inner object.
    private func embedded(in outer: Int) -> Int {
        let inner = nested(outer, prefix: "")
        contexts[inner].isEmbedded = true
        return inner
    }

    private func behindInnerValue(
        _ start: UnsafePointer<UInt8>, _ innermost: Int, _ scanner: inout JSONScanner
    ) -> Piece? {
        var p = start
        var context = innermost
        while true {
            p = EmbeddedJSON.skipSpace(p, scanner.end)
            guard p < scanner.end else { return fail(.endOfInput, p, &scanner) }
            switch p.pointee {
            case ASCII.comma:
                return innerMember(
                    EmbeddedJSON.skipSpace(p + 1, scanner.end), context, &scanner)
            case ASCII.closeBrace:
                p += 1
                let outer = contexts[context].parent
                guard contexts[outer].isEmbedded else { return behindInner(p, context, &scanner) }
                context = outer
            default:
                return fail(.unexpectedByte, p, &scanner)
            }
        }
    }

    /// Parses what stands behind the inner object: its line's end, and Docker's own members.
    private func behindInner(
        _ start: UnsafePointer<UInt8>, _ inner: Int, _ scanner: inout JSONScanner
    ) -> Piece? {
        let p = EmbeddedJSON.skipSpace(start, scanner.end)
        guard p < scanner.end, p.pointee == ASCII.quote else {
            return fail(.trailingBytes, p, &scanner)
        }
        return behindValue(p + 1, contexts[inner].parent, &scanner)
    }

    /// Parses `\"key\":` and, where an object with members follows, its first key too.
    private func innerMember(
        _ start: UnsafePointer<UInt8>, _ outer: Int, _ scanner: inout JSONScanner
    ) -> Piece? {
        var p = start
        var context = outer
        while true {
            guard let path = innerKey(&p, context, &scanner) else { return nil }
            guard p < scanner.end else { return fail(.endOfInput, p, &scanner) }
            if p.pointee == ASCII.backslash {
                guard p + 1 < scanner.end, p[1] == ASCII.quote else {
                    return fail(.unexpectedByte, p, &scanner)
                }
                return Piece(end: p + 2, kind: .embeddedString, context: context, path: path)
            }
            guard p.pointee > ASCII.space, p.pointee != ASCII.quote else {
                return fail(.unexpectedByte, p, &scanner)
            }
            guard p.pointee == ASCII.openBrace else {
                return Piece(end: p, kind: .embeddedToken, context: context, path: path)
            }
            let first = EmbeddedJSON.skipSpace(p + 1, scanner.end)
            // An empty object would be a value of its own: rare, and not worth a kind.
            guard contexts[context].depth + 1 < JSONLimits.depthMax, first < scanner.end,
                first.pointee != ASCII.closeBrace
            else { return fail(.tooDeep, p, &scanner) }
            context = nested(context, prefix: path + ".")
            p = first
        }
    }

    /// Parses `\"key\":` at `p`, which moves to the value; the flattened path.
    private func innerKey(
        _ p: inout UnsafePointer<UInt8>, _ context: Int, _ scanner: inout JSONScanner
    ) -> String? {
        guard scanner.end - p > 2, p.pointee == ASCII.backslash, p[1] == ASCII.quote else {
            _ = fail(.unexpectedByte, p, &scanner)
            return nil
        }
        let start = p + 2
        var isEscaped = false
        guard let close = EmbeddedJSON.string(start, &scanner, isEscaped: &isEscaped) else {
            return nil
        }
        var text = ByteWriter(capacity: close - start + 1)
        JSONText.unescape(ByteView(start, close - start), into: &text)
        let path = contexts[context].prefix + keyText(text.view, isEscaped)
        guard path.utf8.count <= JSONLimits.pathBytesMax else {
            _ = fail(.keyTooLong, p, &scanner)
            return nil
        }
        p = EmbeddedJSON.skipSpace(close + 2, scanner.end)
        guard p < scanner.end, p.pointee == ASCII.colon else {
            _ = fail(.unexpectedByte, p, &scanner)
            return nil
        }
        p = EmbeddedJSON.skipSpace(p + 1, scanner.end)
        return path
    }
}
