internal import CLogKernels
internal import LogBytes
internal import LogJSON

/// The grammars without brackets: logfmt, and the rest of a line as it stands.
extension ShapeTable {
    /// Parses ` key=` or ` key="`, a key alone, or the end of the line.
    func parseLogfmt(
        _ parent: Int, _ start: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> Piece? {
        var p = start
        let isFirst = nodes[parent].parent < 0
        if nodes[parent].kind == .quoted { p += 1 }
        let space = p
        while p < scanner.end, p.pointee == ASCII.space { p += 1 }
        if p == scanner.end {
            guard !isFirst else { return fail(.endOfInput, p, &scanner) }
            return Piece(end: p, kind: .end, context: 0, path: "")
        }
        guard isFirst || p > space else { return fail(.unexpectedByte, p, &scanner) }
        let rest = ByteView(p, scanner.end - p)
        guard let length = Logfmt.keyLength(rest) else {
            let flag = isFirst ? 0 : Logfmt.flagLength(rest)
            guard flag > 0 else { return fail(.unexpectedByte, p, &scanner) }
            return Piece(end: p + flag, kind: .flag, context: 0, path: rest.prefix(flag).text)
        }
        guard length <= JSONLimits.pathBytesMax else { return fail(.keyTooLong, p, &scanner) }
        let path = rest.prefix(length).text
        p += length + 1
        let isQuoted = p < scanner.end && p.pointee == ASCII.quote
        return Piece(
            end: isQuoted ? p + 1 : p, kind: isQuoted ? .quoted : .bare, context: 0, path: path)
    }

    /// Parses the spaces before a text, and then its end.
    func parseRest(
        _ parent: Int, _ start: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> Piece? {
        guard nodes[parent].parent < 0 else {
            return Piece(end: start, kind: .end, context: 0, path: "")
        }
        var p = start
        while p < scanner.end, p.pointee == ASCII.space { p += 1 }
        return Piece(end: p, kind: .rest, context: 0, path: CanonicalField.message.name)
    }

    /// Scans a value that no JSON object has; its end and whether it has escapes, or nil.
    func scanOther(
        _ kind: Kind, _ start: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> (end: UnsafePointer<UInt8>, isEscaped: Bool)? {
        var isEscaped = false
        switch kind {
        case .rest: return (scanner.end, false)
        case .flag: return (start, false)
        case .embeddedBare:
            return EmbeddedJSON.word(start, &scanner, isEscaped: &isEscaped).map { ($0, isEscaped) }
        case .bare:
            let rest = ByteView(start, scanner.end - start)
            return (start + (rest.firstIndex(of: ASCII.space) ?? rest.count), false)
        case .quoted:
            return Logfmt.closingQuote(start, scanner.end, isEscaped: &isEscaped)
                .map { ($0, isEscaped) }
        case .embeddedString:
            return EmbeddedJSON.string(start, &scanner, isEscaped: &isEscaped)
                .map { ($0, isEscaped) }
        case .embeddedToken:
            return EmbeddedJSON.token(start, &scanner, &scratch, isEscaped: &isEscaped)
                .map { ($0, isEscaped) }
        case .string, .token, .end: return nil
        }
    }
}
