internal import LogBytes

/// OpenTelemetry's request in protobuf (opentelemetry/proto/collector/logs/v1, version 1).
enum OpenTelemetryProtobuf {
    /// The numbers of the fields.
    private enum Number {
        static let resourceLogs = 1
        static let resource = 1
        static let scopeLogs = 2
        static let scope = 1
        static let logRecords = 2
        static let attributes = 1
    }

    /// A record's fields.
    private struct Record {
        var time: UInt64 = 0
        var observed: UInt64 = 0
        var severity: UInt64 = 0
        var severityText = ByteView.empty
        var body: ByteView?
        var attributes: [ByteView] = []
        var dropped: UInt64 = 0
        var flags: UInt32 = 0
        var trace = ByteView.empty
        var span = ByteView.empty
        var event = ByteView.empty

        /// The time of the record, or that at which it was observed.
        var instant: Int64? {
            let instant = time == 0 ? observed : time
            return instant == 0 ? nil : Int64(exactly: instant)
        }
    }

    /// Reads all of the message once, so that a malformed one is refused before anything of it is stored.
    static func check(_ message: ByteView) throws(MalformedBytes) {
        let scratch = LineWriter()
        for resourceLogs in try ProtobufFields.all(Number.resourceLogs, in: message) {
            for scopeLogs in try ProtobufFields.all(Number.scopeLogs, in: resourceLogs) {
                scratch.begin()
                try writeOrigin(resourceLogs, scopeLogs, scratch)
                for record in try ProtobufFields.all(Number.logRecords, in: scopeLogs) {
                    scratch.begin()
                    try write(try read(record), scratch)
                }
            }
        }
    }

    /// Sends each record of the message, which has been checked.
    static func take(_ message: ByteView, _ writer: EntryWriter) async throws(HTTPFailure) {
        for resourceLogs in list(Number.resourceLogs, message) {
            for scopeLogs in list(Number.scopeLogs, resourceLogs) {
                for record in list(Number.logRecords, scopeLogs) {
                    do throws(MalformedBytes) {
                        let record = try read(record)
                        writer.line.begin()
                        if let instant = record.instant { writer.line.time(instant) }
                        try writeOrigin(resourceLogs, scopeLogs, writer.line)
                        try write(record, writer.line)
                        writer.line.end()
                    } catch {
                        writer.reject("it is malformed")
                        continue
                    }
                    try await writer.send()
                }
            }
        }
    }

    private static func list(_ number: Int, _ message: ByteView) -> [ByteView] {
        (try? ProtobufFields.all(number, in: message)) ?? []
    }

    private static func read(_ message: ByteView) throws(MalformedBytes) -> Record {
        var record = Record()
        var fields = ProtobufFields(message)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (1, .fixed64(let time)): record.time = time
            case (2, .varint(let number)): record.severity = number
            case (3, .bytes(let text)): record.severityText = text
            case (5, .bytes(let body)): record.body = body
            case (6, .bytes(let attribute)): record.attributes.append(attribute)
            case (7, .varint(let count)): record.dropped = count
            case (8, .fixed32(let flags)): record.flags = flags
            case (9, .bytes(let id)): record.trace = id
            case (10, .bytes(let id)): record.span = id
            case (11, .fixed64(let time)): record.observed = time
            case (12, .bytes(let name)): record.event = name
            default: break
            }
        }
        return record
    }

    /// Writes the attributes of the resource, and name and version of the scope.
    private static func writeOrigin(
        _ resourceLogs: ByteView, _ scopeLogs: ByteView, _ line: LineWriter
    ) throws(MalformedBytes) {
        for resource in try ProtobufFields.all(Number.resource, in: resourceLogs) {
            for attribute in try ProtobufFields.all(Number.attributes, in: resource) {
                try write(attribute: attribute, line)
            }
        }
        for scope in try ProtobufFields.all(Number.scope, in: scopeLogs) {
            var fields = ProtobufFields(scope)
            while let field = try fields.next() {
                guard case .bytes(let bytes) = field.value, !bytes.isEmpty else { continue }
                switch field.number {
                case 1: line.member("scope.name", text: bytes)
                case 2: line.member("scope.version", text: bytes)
                case 3: try write(attribute: bytes, line)
                default: break
                }
            }
        }
    }

    private static func write(_ record: Record, _ line: LineWriter) throws(MalformedBytes) {
        if !record.severityText.isEmpty { line.member("severity", text: record.severityText) }
        if record.severity > 0 { line.member("severity_number", number: record.severity) }
        if let body = record.body {
            if let text = try OpenTelemetryValue.text(protobuf: body) {
                line.message(text)
            } else if !body.isEmpty {
                line.key(ByteView("body"))
                try line.value { (out) throws(MalformedBytes) in
                    try OpenTelemetryValue.write(protobuf: body, into: &out)
                }
            }
        }
        for attribute in record.attributes { try write(attribute: attribute, line) }
        if !record.event.isEmpty { line.member("event_name", text: record.event) }
        identifier("trace_id", record.trace, line)
        identifier("span_id", record.span, line)
        if record.flags > 0 { line.member("flags", number: UInt64(record.flags)) }
        if record.dropped > 0 { line.member("dropped_attributes_count", number: record.dropped) }
    }

    private static func write(attribute: ByteView, _ line: LineWriter) throws(MalformedBytes) {
        let (key, value) = try OpenTelemetryValue.pairOf(attribute)
        line.key(key)
        try line.value { (out) throws(MalformedBytes) in
            try OpenTelemetryValue.write(protobuf: value, into: &out)
        }
    }

    private static func identifier(_ name: StaticString, _ bytes: ByteView, _ line: LineWriter) {
        guard !bytes.isEmpty else { return }
        line.key(ByteView(name))
        line.value { out in
            out.append(ASCII.quote)
            for index in 0..<bytes.count {
                out.append(Hex.digit(bytes[index] >> 4))
                out.append(Hex.digit(bytes[index] & 15))
            }
            out.append(ASCII.quote)
        }
    }
}
