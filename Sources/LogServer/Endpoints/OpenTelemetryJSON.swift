internal import LogBytes
internal import LogJSON

/// OpenTelemetry's request in JSON: `{"resourceLogs":[{"resource":{…},"scopeLogs":[{"scope":{…},"logRecords":[{…}]}]}]}`.
enum OpenTelemetryJSON {
    /// Sends each record of the body.
    static func take(_ body: ByteView, _ writer: EntryWriter) async throws(HTTPFailure) {
        do throws(JSONError) {
            try JSONScanner.validate(body)
        } catch {
            throw HTTPFailure(
                400, "the body is no JSON: \(error.code.rawValue) at byte \(error.offset)")
        }
        guard JSONMembers(object: body) != nil else {
            throw HTTPFailure(400, "the body is no object with `resourceLogs`")
        }
        for resourceLogs in list("resourceLogs", in: body) {
            for scopeLogs in list("scopeLogs", in: resourceLogs) {
                for record in list("logRecords", in: scopeLogs) {
                    guard JSONMembers(object: record) != nil else {
                        writer.reject("a record is an object")
                        continue
                    }
                    write(record, resourceLogs, scopeLogs, writer.line)
                    try await writer.send()
                }
            }
        }
    }

    private static func value(_ name: StaticString, in object: ByteView) -> ByteView? {
        guard var members = JSONMembers(object: object) else { return nil }
        while let member = members.member() {
            if member.key == ByteView(name) { return member.value }
        }
        return nil
    }

    private static func list(_ name: StaticString, in object: ByteView) -> [ByteView] {
        guard let array = value(name, in: object), var members = JSONMembers(array) else {
            return []
        }
        var elements: [ByteView] = []
        while let member = members.member() { elements.append(member.value) }
        return elements
    }

    private static func write(
        _ record: ByteView, _ resourceLogs: ByteView, _ scopeLogs: ByteView, _ line: LineWriter
    ) {
        line.begin()
        if let time = time("timeUnixNano", record) ?? time("observedTimeUnixNano", record) {
            line.time(time)
        }
        if let resource = value("resource", in: resourceLogs) { attributes(of: resource, line) }
        if let scope = value("scope", in: scopeLogs) {
            copy("name", of: scope, as: "scope.name", line)
            copy("version", of: scope, as: "scope.version", line)
            attributes(of: scope, line)
        }
        copy("severityText", of: record, as: "severity", line)
        if let number = value("severityNumber", in: record), number != ByteView("0") {
            line.key(ByteView("severity_number"))
            line.raw(number)
        }
        if let body = value("body", in: record) { write(body: body, line) }
        attributes(of: record, line)
        copy("eventName", of: record, as: "event_name", line)
        copy("traceId", of: record, as: "trace_id", line)
        copy("spanId", of: record, as: "span_id", line)
        for (name, written) in [
            ("flags", "flags"), ("droppedAttributesCount", "dropped_attributes_count"),
        ] as [(StaticString, StaticString)] {
            if let number = value(name, in: record), number != ByteView("0") {
                line.key(ByteView(written))
                line.raw(number)
            }
        }
        line.end()
    }

    private static func write(body: ByteView, _ line: LineWriter) {
        if let content = OpenTelemetryValue.text(json: body) {
            var text = ByteWriter(capacity: content.count + 1)
            JSONText.unescape(content, into: &text)
            line.message(text.view)
        } else if var members = JSONMembers(object: body), members.member() != nil {
            line.key(ByteView("body"))
            line.value { OpenTelemetryValue.write(json: body, into: &$0) }
        }
    }

    /// The nanoseconds of a time, a string or a number; nil where it is 0 or missing.
    private static func time(_ name: StaticString, _ record: ByteView) -> Int64? {
        guard let value = value(name, in: record) else { return nil }
        let digits = JSONMembers.content(value) ?? value
        guard let time = Int64(digits.text), time > 0 else { return nil }
        return time
    }

    private static func attributes(of object: ByteView, _ line: LineWriter) {
        for pair in list("attributes", in: object) {
            guard let (key, value) = OpenTelemetryValue.pairOf(json: pair) else { continue }
            line.key(json: key)
            line.value { OpenTelemetryValue.write(json: value, into: &$0) }
        }
    }

    /// Writes a text of `object` under another name, where it is there and not empty.
    private static func copy(
        _ name: StaticString, of object: ByteView, as written: StaticString, _ line: LineWriter
    ) {
        guard let text = value(name, in: object), let content = JSONMembers.content(text),
            !content.isEmpty
        else { return }
        line.key(ByteView(written))
        line.raw(text)
    }
}
