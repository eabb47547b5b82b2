internal import LogBytes
internal import LogJSON
internal import LogRecords

/// What a line says, as one JSON object: `weir parse` prints these.
struct ParsedLineText: ~Copyable {
    private var out = ByteWriter(capacity: 1 << 16)
    private var scratch = ByteWriter(capacity: 256)
    /// Lines that are in no format, or not in the one that they should be in.
    private(set) var refused = 0

    var view: ByteView { out.view }

    mutating func removeAll() { out.removeAll() }

    /// Appends an object for each line of `chunk`, which `batch` has been reset to.
    mutating func append(linesOf chunk: ByteChunk, into batch: RecordBatch) {
        var rest = chunk.view
        while !rest.isEmpty {
            rest = rest.dropFirst(batch.appendFirst(of: rest, readable: chunk.readableEnd))
            append(batch.records[batch.records.count - 1], of: batch)
        }
    }

    private mutating func append(_ record: Record, of batch: RecordBatch) {
        let shape = batch.shape(record)
        if shape.format == .text, isRefused(batch.line(record), batch) {
            refused += 1
            let fault = batch.latestFault
            raw("{\"ok\":false,\"error\":\"\(fault.code.rawValue)\",\"offset\":\(fault.offset)}\n")
            return
        }
        raw("{\"ok\":true,\"format\":\"\(shape.format.name)\"")
        if record.hasOwnTime {
            raw(",\"_time\":\"")
            Timestamp.append(record.time, digits: 9, into: &out)
            raw("\"")
        }
        if record.level != .unknown { raw(",\"level\":\"\(record.level.name)\"") }
        string(.service, record, batch)
        string(.endpoint, record, batch)
        if let slot = shape.canonical[.duration] {
            number(.duration, batch.text(record, slot, scratch: &scratch))
        }
        if let status = batch.statusCode(record) {
            raw(",\"\(CanonicalField.status.name)\":\(status)")
        }
        string(.trace, record, batch)
        string(.message, record, batch)
        raw(",\"fields\":{")
        for index in shape.fields.indices {
            if index > 0 { raw(",") }
            shape.fields[index].path.withView { JSONText.quote($0, into: &out) }
            raw(":")
            JSONText.quote(
                batch.text(record, FieldSlot(field: index), scratch: &scratch), into: &out)
        }
        raw("}}\n")
    }

    /// Text is what plain text is; a broken object, or a line that was said to be in another format, is not.
    private func isRefused(_ line: ByteView, _ batch: RecordBatch) -> Bool {
        if let format = batch.format { return format != .text }
        var index = 0
        while index < line.count, line[index] <= ASCII.space { index += 1 }
        return index < line.count
            && (line[index] == ASCII.openBrace || line[index] == ASCII.openBracket)
    }

    private mutating func string(
        _ field: CanonicalField, _ record: Record, _ batch: RecordBatch
    ) {
        guard let slot = batch.shape(record).canonical[field] else { return }
        let text = batch.text(record, slot, scratch: &scratch)
        guard !text.isEmpty || field == .message else { return }
        raw(",\"\(field.name)\":")
        JSONText.quote(text, into: &out)
    }

    private mutating func number(_ field: CanonicalField, _ text: ByteView) {
        guard let value = NumberText.double(text), value.isFinite else { return }
        raw(",\"\(field.name)\":")
        do throws(JSONError) {
            try JSONScanner.validate(text)
            out.append(text)
        } catch {
            raw("\(value)")
        }
    }

    private mutating func raw(_ text: String) { text.withView { out.append($0) } }
}
