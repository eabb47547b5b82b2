public import LogBytes
internal import LogJSON

extension RecordBatch {
    /// The text of a value: escapes resolved, `null` as nothing, transformed where the slot says so.
    ///
    /// The result looks into the line or into `scratch`, whose content it replaces; it is valid until `scratch` or the batch
    /// changes.
    @inlinable
    public func text(
        _ record: Record, _ slot: FieldSlot, scratch: inout ByteWriter
    ) -> ByteView {
        let span = values[Int(record.firstValue) + slot.field]
        let raw = ByteView(origin + Int(span.start), span.length)
        if slot.transform == .none, !span.isEscaped, raw.count != 4 || raw[0] != UInt8(ascii: "n") {
            return raw
        }
        return ValueText.resolve(
            raw, shape(record).fields[slot.field].kind, isEscaped: span.isEscaped, slot.transform,
            scratch: &scratch)
    }

    /// The text of the field that a query calls `name`; empty where the line has none.
    public func text(
        _ record: Record, named name: String, scratch: inout ByteWriter
    ) -> ByteView {
        guard let slot = shape(record).slot(named: name) else { return .empty }
        return text(record, slot, scratch: &scratch)
    }

    /// The duration of the call that a line reports, in milliseconds.
    public func durationMilliseconds(_ record: Record, scratch: inout ByteWriter) -> Double? {
        guard let slot = shape(record).canonical[.duration] else { return nil }
        return NumberText.double(text(record, slot, scratch: &scratch))
    }

    /// The HTTP status of a line, 100 to 599.
    public func statusCode(_ record: Record) -> Int? {
        guard let slot = shape(record).canonical[.status],
            let status = NumberText.integer(raw(record, slot.field)), (100...599).contains(status)
        else { return nil }
        return Int(status)
    }
}

/// The one place that turns stored value bytes into the text that queries, metrics and rules see.
public enum ValueText {
    /// The text of the value `raw`, in the line's bytes or in `scratch`, whose content is replaced.
    ///
    /// - Parameters:
    ///   - kind: how `raw` is to be read.
    ///   - isEscaped: whether it holds a backslash that begins an escape.
    public static func resolve(
        _ raw: ByteView, _ kind: ValueKind, isEscaped: Bool, _ transform: ValueTransform,
        scratch: inout ByteWriter
    ) -> ByteView {
        var text = raw
        if isEscaped {
            text = unescape(raw, kind, scratch: &scratch)
        } else if kind == .token || kind == .embeddedToken, raw == ByteView("null") {
            return .empty
        }
        switch transform {
        case .none:
            return text
        case .seconds:
            return milliseconds(fromSeconds: text, scratch: &scratch)
        case .postgresDuration:
            return postgresDuration(text)
        }
    }

    private static func unescape(
        _ raw: ByteView, _ kind: ValueKind, scratch: inout ByteWriter
    ) -> ByteView {
        scratch.removeAll()
        JSONText.unescape(raw, into: &scratch)
        switch kind {
        case .text, .token, .string, .quoted, .embeddedToken:
            return scratch.view
        case .wrappedLine:
            let text = scratch.view
            let isWhole = text.count > 0 && text[text.count - 1] == ASCII.newline
            return isWhole ? text.prefix(text.count - 1) : text
        case .embeddedString:
            var inner = ByteWriter(capacity: scratch.count)
            JSONText.unescape(scratch.view, into: &inner)
            scratch.removeAll()
            scratch.append(inner.view)
            return scratch.view
        }
    }

    private static func milliseconds(
        fromSeconds text: ByteView, scratch: inout ByteWriter
    ) -> ByteView {
        var out = ByteWriter(capacity: 32)
        if !NumberText.appendShifted(text, places: 3, into: &out) {
            guard let seconds = NumberText.double(text) else { return .empty }
            out.append("\(seconds * 1_000)")
        }
        scratch.removeAll()
        scratch.append(out.view)
        return scratch.view
    }

    private static func postgresDuration(_ message: ByteView) -> ByteView {
        let label = ByteView("duration: ")
        guard message.hasPrefix(label) else { return .empty }
        let rest = message.dropFirst(label.count)
        guard let space = rest.firstIndex(of: ASCII.space),
            rest.dropFirst(space).hasPrefix(ByteView(" ms"))
        else { return .empty }
        return rest.prefix(space)
    }
}
