internal import CLogKernels
public import LogBytes
public import LogJSON

/// Which grammar a line is read by. It depends on the line alone (and on a format that somebody named), never on the lines
/// before it: the journal and the segments read lines again, and must find the same fields.
extension ShapeTable {
    /// How a line of Docker's json-file begins when a JSON object is wrapped in it.
    static let dockerStart: StaticString = "{\"log\":\"{"
    /// A line up to this length is never taken for a plain object at first sight.
    static let plainObjectBytesMin = 9

    /// Whether a line that begins like `line`, of whatever format, is a JSON object without an envelope, if it is longer
    /// than `plainObjectBytesMin`.
    @inline(__always)
    func isPlainObject(_ line: ByteView) -> Bool {
        line.count > Self.plainObjectBytesMin && line[0] == ASCII.openBrace
            && weir_load64(line.start) != weir_load64(Self.dockerStart.utf8Start)
    }

    /// Scans `line` in the format that it is written in, or in `format` if that is given, and appends its values.
    ///
    /// - Returns: the index of the line's shape, or −1 when it is text; then `scanner.fault` says what is wrong with it as a
    ///   JSON object, and `values` may hold values that the caller drops.
    public func scan(
        _ line: ByteView, as format: LineFormat?, scanner: inout JSONScanner,
        origin: UnsafePointer<UInt8>, values: inout Vector<ValueSpan>
    ) -> Int {
        if format == nil, isPlainObject(line) {
            return scan(line, scanner: &scanner, origin: origin, values: &values)
        }
        return scanAny(line, as: format, scanner: &scanner, origin: origin, values: &values)
    }

    func scanAny(
        _ line: ByteView, as format: LineFormat?, scanner: inout JSONScanner,
        origin: UnsafePointer<UInt8>, values: inout Vector<ValueSpan>
    ) -> Int {
        let first = values.count
        for candidate in candidates(line, format) {
            values.truncate(first)
            let shape = scan(
                line, in: candidate, forced: format != nil, &scanner, origin, &values)
            if shape >= 0 { return shape }
        }
        values.truncate(first)
        guard format == nil || format == .json else { return -1 }
        return scan(line, scanner: &scanner, origin: origin, values: &values)
    }

    /// The formats to be tried besides plain JSON, which is what remains.
    private func candidates(_ line: ByteView, _ format: LineFormat?) -> [LineFormat] {
        switch format {
        case .json, .text: return []
        case .journald, .gelf: return [.json]
        // A part, and what is no JSON object inside, is a JSON object like others.
        case .docker: return [.docker, .json]
        case .some(let format): return [format]
        case nil: break
        }
        var index = 0
        while index < line.count, line[index] <= ASCII.space { index += 1 }
        guard index < line.count else { return [] }
        switch line[index] {
        case ASCII.openBrace: return index == 0 ? Self.wrapped : []
        case UInt8(ascii: "<"): return Self.headed
        case ASCII.zero...ASCII.nine: return Self.timed
        default: return Self.others
        }
    }

    private static let wrapped: [LineFormat] = [.docker]
    private static let headed: [LineFormat] = [.rfc5424, .prefixed]
    private static let timed: [LineFormat] = [.cri, .rfc3164, .prefixed]
    private static let others: [LineFormat] = [.logfmt, .rfc3164, .prefixed]

    private func scan(
        _ line: ByteView, in format: LineFormat, forced: Bool, _ scanner: inout JSONScanner,
        _ origin: UnsafePointer<UInt8>, _ values: inout Vector<ValueSpan>
    ) -> Int {
        switch format {
        case .text: return -1
        case .json, .journald, .gelf:
            return scan(line, scanner: &scanner, origin: origin, values: &values)
        case .docker:
            let inner = line.dropFirst(Self.dockerStart.utf8CodeUnitCount - 1)
            let isLogfmt = Logfmt.keyLength(inner.prefix(Self.logfmtKeyMax)) != nil
            return scan(
                line, root: root(.none, isLogfmt ? .dockerLogfmt : .docker), scanner: &scanner,
                origin: origin, values: &values)
        case .logfmt:
            guard Logfmt.keyLength(line.prefix(Self.logfmtKeyMax)) != nil || forced else {
                return -1
            }
            return scan(
                line, root: root(.none, forced ? .anyLogfmt : .logfmt), scanner: &scanner,
                origin: origin, values: &values)
        case .cri:
            guard envelopes.cri(line) else { return -1 }
            return scanInner(line, .cri, &scanner, origin, &values)
        case .rfc5424, .rfc3164:
            guard let envelope = envelopes.syslog(line) else { return -1 }
            return scanInner(line, envelope, &scanner, origin, &values)
        case .prefixed:
            guard envelopes.prefix(line) else { return -1 }
            return scanInner(line, forced ? .anyPrefix : .prefix, &scanner, origin, &values)
        }
    }

    /// Keys of logfmt are names; a longer one is not worth looking for.
    private static let logfmtKeyMax = 64

    /// Scans what stands in the envelope that `envelopes` has found: JSON, logfmt or, except behind a mere prefix, text.
    private func scanInner(
        _ line: ByteView, _ envelope: Envelope, _ scanner: inout JSONScanner,
        _ origin: UnsafePointer<UInt8>, _ values: inout Vector<ValueSpan>
    ) -> Int {
        for value in envelopes.values {
            values.append(ValueSpan(value.start - origin, value.count, escaped: false))
        }
        let inner = line.dropFirst(envelopes.end)
        let behindEnvelope = values.count
        for grammar in grammars(inner) {
            values.truncate(behindEnvelope)
            let shape = scan(
                inner, root: root(envelope, grammar), scanner: &scanner, origin: origin,
                values: &values)
            if shape >= 0 { return shape }
        }
        guard envelope.format != .prefixed else { return -1 }
        values.truncate(behindEnvelope)
        return scan(
            inner, root: root(envelope, .rest), scanner: &scanner, origin: origin,
            values: &values)
    }

    private func grammars(_ inner: ByteView) -> [LineGrammar] {
        var index = 0
        while index < inner.count, inner[index] == ASCII.space { index += 1 }
        guard index < inner.count else { return [] }
        if inner[index] == ASCII.openBrace || inner[index] == UInt8(ascii: "@") {
            return Self.jsonOnly
        }
        return Logfmt.keyLength(inner.dropFirst(index).prefix(Self.logfmtKeyMax)) == nil
            ? [] : Self.logfmtOnly
    }

    private static let jsonOnly: [LineGrammar] = [.json]
    private static let logfmtOnly: [LineGrammar] = [.logfmt]
}
