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
        if slot.transform == .none, !span.isEscaped, raw.count != 0,
            raw.count != 4 || raw[0] != UInt8(ascii: "n")
        {
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
            let status = statusNumber(record, slot), (100...599).contains(status)
        else { return nil }
        return Int(status)
    }

    private func statusNumber(_ record: Record, _ slot: FieldSlot) -> Int64? {
        if slot.transform == .none { return NumberText.integer(raw(record, slot.field)) }
        var scratch = ByteWriter(capacity: 1)
        return NumberText.integer(text(record, slot, scratch: &scratch))
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
        } else if kind == .flag {
            return ByteView("true")
        }
        return transform == .none
            ? text : transformed(text, transform, isInScratch: isEscaped, scratch: &scratch)
    }

    /// What `transform` makes of `text`: bytes of the text, of the program, or of `scratch`.
    private static func transformed(
        _ text: ByteView, _ transform: ValueTransform, isInScratch: Bool,
        scratch: inout ByteWriter
    ) -> ByteView {
        switch transform {
        case .none, .nonZeroTime, .secondsBeforeNanoseconds:
            return text
        case .postgresDuration:
            return postgresDuration(text)
        case .textTime:
            return TextFront.timeText(text)
        case .requestPath:
            return RequestLine.path(text)
        case .requestStatus:
            return RequestLine.status(text)
        case .openTelemetryPath:
            return OpenTelemetryAttributes.path(text)
        case .openTelemetryStatus:
            return OpenTelemetryAttributes.status(text)
        case .identifier:
            return identifier(text)
        case .pinoLevel, .pythonLevel, .syslogLevel, .syslogPriority, .openTelemetryLevel,
            .logbackLevel, .serilogLevel, .alwaysInformation, .textLevel:
            let level = LogLevel.read(text, transform)
            return level == .unknown && transform.isLevelNumber ? text : ByteView(level.staticName)
        case .seconds, .milliseconds, .microseconds, .nanoseconds, .wholeNanoseconds,
            .durationWithUnit, .secondsList, .byteArray:
            break
        }
        // A text that had escapes stands in the scratch itself.
        var out = ByteWriter(capacity: isInScratch ? 64 : 1)
        if isInScratch {
            append(text, transform, into: &out)
            scratch.removeAll()
            scratch.append(out.view)
        } else {
            scratch.removeAll()
            append(text, transform, into: &scratch)
        }
        return scratch.view
    }

    /// Appends what `transform` makes of `text`; nothing where it makes nothing of it.
    private static func append(
        _ text: ByteView, _ transform: ValueTransform, into out: inout ByteWriter
    ) {
        switch transform {
        case .seconds: _ = LoggedDuration.append(text, unit: .seconds, into: &out)
        case .milliseconds: _ = LoggedDuration.append(text, unit: .milliseconds, into: &out)
        case .microseconds: _ = LoggedDuration.append(text, unit: .microseconds, into: &out)
        case .nanoseconds: _ = LoggedDuration.append(text, unit: .nanoseconds, into: &out)
        case .wholeNanoseconds:
            let isWhole = NumberText.integer(text) != nil
            _ = LoggedDuration.append(text, unit: isWhole ? .nanoseconds : nil, into: &out)
        case .durationWithUnit: _ = LoggedDuration.append(text, unit: nil, into: &out)
        case .secondsList: _ = LoggedDuration.appendSecondsList(text, into: &out)
        default: appendBytes(text, into: &out)
        }
    }

    /// Appends the bytes that a JSON array names: `[72,105]` is `Hi`. Anything else is appended as it stands.
    private static func appendBytes(_ text: ByteView, into out: inout ByteWriter) {
        let start = out.count
        var value = -1
        for index in 0..<text.count {
            let byte = text[index]
            if ASCII.isDigit(byte) {
                value = max(value, 0) * 10 + Int(byte &- ASCII.zero)
                if value <= 255 { continue }
            } else if byte == ASCII.comma || byte == ASCII.closeBracket {
                if value >= 0 { out.append(UInt8(value)) }
                value = -1
                continue
            } else if byte == ASCII.space || (byte == ASCII.openBracket && index == 0) {
                continue
            }
            out.truncate(start)
            out.append(text)
            return
        }
    }

    private static func unescape(
        _ raw: ByteView, _ kind: ValueKind, scratch: inout ByteWriter
    ) -> ByteView {
        scratch.removeAll()
        if kind == .quoted {
            Logfmt.unescape(raw, into: &scratch)
            return scratch.view
        }
        JSONText.unescape(raw, into: &scratch)
        switch kind {
        case .text, .token, .string, .quoted, .embeddedToken, .embeddedText, .flag:
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

    /// The text unless it says that there is no identifier: `-`, or zeros only (`0x` before them is OpenTelemetry's).
    private static func identifier(_ text: ByteView) -> ByteView {
        let digits = text.hasPrefix(ByteView("0x")) ? text.dropFirst(2) : text
        let isNone = digits.firstIndex { $0 != ASCII.zero && $0 != ASCII.minus } == nil
        return isNone ? .empty : text
    }

    private static func postgresDuration(_ message: ByteView) -> ByteView {
        let number = postgresNumber(message)
        return NumberText.double(number) == nil ? .empty : number
    }

    /// What stands in the place of the number in PostgreSQL's `duration: 0.013 ms`, with which a message may begin; empty when it
    /// does not.
    public static func postgresNumber(_ message: ByteView) -> ByteView {
        let label = ByteView("duration: ")
        guard message.hasPrefix(label) else { return .empty }
        let rest = message.dropFirst(label.count)
        guard let space = rest.firstIndex(of: ASCII.space),
            rest.dropFirst(space).hasPrefix(ByteView(" ms"))
        else { return .empty }
        return rest.prefix(space)
    }
}
