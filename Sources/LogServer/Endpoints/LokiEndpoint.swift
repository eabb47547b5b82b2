internal import LogBytes
internal import LogJSON

/// `POST …/loki/api/v1/push`: Loki's streams, as JSON or as protobuf in Snappy.
///
/// Of an entry comes one line: its time, the stream's labels, its text as `_msg` (or its members, where it is JSON), its
/// structured metadata.
enum LokiEndpoint {
    private typealias Label = (name: [UInt8], value: [UInt8])

    static func insert(
        _ body: BodyReader, _ sink: LineSink, _ parameters: FieldParameters, _ format: BodyFormat
    ) async throws(HTTPFailure) -> HTTPAnswer {
        let writer = EntryWriter(sink, parameters)
        switch format {
        case .json: try await takeJSON(body.view, writer)
        case .protobuf:
            let message = try Snappy.unpack(body.view, bytesMax: HTTPOptions.snappyBytesMax)
            try await takeProtobuf(message, writer)
        }
        try await writer.finish(sink)
        guard writer.rejected == 0 else {
            throw HTTPFailure(
                400,
                "\(writer.rejected) of \(writer.entries) entries are not stored; \(writer.reason)")
        }
        return HTTPAnswer(204)
    }

    private static func write(
        _ time: Int64, _ labels: [Label], _ text: ByteView, _ metadata: [Label],
        _ writer: EntryWriter
    ) async throws(HTTPFailure) {
        let line = writer.line
        line.begin()
        line.time(time)
        for label in labels {
            label.name.withView { name in
                label.value.withView { line.member(name, text: $0) }
            }
        }
        line.message(text)
        for label in metadata {
            label.name.withView { name in
                label.value.withView { line.member(name, text: $0) }
            }
        }
        line.end()
        try await writer.send()
    }

    // MARK: JSON

    private static func takeJSON(
        _ body: ByteView, _ writer: EntryWriter
    ) async throws(HTTPFailure) {
        do throws(JSONError) {
            try JSONScanner.validate(body)
        } catch {
            throw HTTPFailure(
                400, "the body is no JSON: \(error.code.rawValue) at byte \(error.offset)")
        }
        guard let streams = value("streams", in: body), var list = JSONMembers(streams) else {
            throw HTTPFailure(
                400, "the body has no `streams`: {\"streams\":[{\"stream\":{…},\"values\":[[…]]}]}")
        }
        while let stream = list.member() {
            let labels = value("stream", in: stream.value).map(labels) ?? []
            guard let values = value("values", in: stream.value),
                var entries = JSONMembers(values)
            else { continue }
            while let entry = entries.member() {
                try await takeJSON(entry: entry.value, labels, writer)
            }
        }
    }

    private static func takeJSON(
        entry: ByteView, _ labels: [Label], _ writer: EntryWriter
    ) async throws(HTTPFailure) {
        var parts: [ByteView] = []
        if var members = JSONMembers(entry) {
            while parts.count < 3, let member = members.member() { parts.append(member.value) }
        }
        guard parts.count >= 2 else {
            writer.reject("an entry is [\"nanoseconds\",\"line\"]")
            return
        }
        let digits = JSONMembers.content(parts[0]) ?? parts[0]
        guard let time = Int64(digits.text) else {
            writer.reject("the time is nanoseconds in a string, not \(parts[0].prefix(40).text)")
            return
        }
        guard let content = JSONMembers.content(parts[1]) else {
            writer.reject("the line is no string")
            return
        }
        let text = Self.text(content)
        let metadata = parts.count > 2 ? self.labels(parts[2]) : []
        try await withBytes(text) { (view) throws(HTTPFailure) in
            try await write(time, labels, view, metadata, writer)
        }
    }

    private static func value(_ name: StaticString, in object: ByteView) -> ByteView? {
        guard var members = JSONMembers(object: object) else { return nil }
        while let member = members.member() {
            if member.key == ByteView(name) { return member.value }
        }
        return nil
    }

    private static func labels(_ object: ByteView) -> [Label] {
        guard var members = JSONMembers(object: object) else { return [] }
        var labels: [Label] = []
        while let member = members.member() {
            let content = JSONMembers.content(member.value)
            labels.append((text(member.key), content.map(text) ?? Array(member.value)))
        }
        return labels
    }

    private static func text(_ content: ByteView) -> [UInt8] {
        var out = ByteWriter(capacity: content.count + 1)
        JSONText.unescape(content, into: &out)
        return Array(out.view)
    }

    // MARK: Protobuf

    private static func takeProtobuf(
        _ message: [UInt8], _ writer: EntryWriter
    ) async throws(HTTPFailure) {
        try await withBytes(message) { (view) throws(HTTPFailure) in
            for stream in try fields(1, in: view) {
                guard let text = try fields(1, in: stream).first,
                    let labels = LokiLabels.parse(text)
                else {
                    throw HTTPFailure(
                        400,
                        "a stream's labels are no {name=\"value\",…}; streams before it are "
                            + "stored")
                }
                for entry in try fields(2, in: stream) {
                    try await takeProtobuf(entry: entry, labels, writer)
                }
            }
        }
    }

    private static func takeProtobuf(
        entry: ByteView, _ labels: [Label], _ writer: EntryWriter
    ) async throws(HTTPFailure) {
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0
        var text = ByteView.empty
        var metadata: [Label] = []
        do throws(MalformedBytes) {
            var fields = ProtobufFields(entry)
            while let field = try fields.next() {
                guard case .bytes(let bytes) = field.value else { continue }
                switch field.number {
                case 1: (seconds, nanoseconds) = try timestamp(bytes)
                case 2: text = bytes
                case 3:
                    let name = try ProtobufFields.all(1, in: bytes).first ?? .empty
                    let value = try ProtobufFields.all(2, in: bytes).first ?? .empty
                    metadata.append((Array(name), Array(value)))
                default: break
                }
            }
        } catch {
            throw malformed
        }
        let (whole, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (time, isOver2) = whole.addingReportingOverflow(nanoseconds)
        guard !isOver, !isOver2 else {
            writer.reject("its time is out of range")
            return
        }
        try await write(time, labels, text, metadata, writer)
    }

    private static func timestamp(_ message: ByteView) throws(MalformedBytes) -> (Int64, Int64) {
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0
        var fields = ProtobufFields(message)
        while let field = try fields.next() {
            guard case .varint(let value) = field.value else { continue }
            if field.number == 1 { seconds = Int64(bitPattern: value) }
            if field.number == 2 { nanoseconds = Int64(bitPattern: value) }
        }
        return (seconds, nanoseconds)
    }

    private static func fields(
        _ number: Int, in message: ByteView
    ) throws(HTTPFailure) -> [ByteView] {
        do throws(MalformedBytes) {
            return try ProtobufFields.all(number, in: message)
        } catch {
            throw malformed
        }
    }

    private static var malformed: HTTPFailure {
        HTTPFailure(
            400, "the body is no push request of Loki's; entries before the fault are stored")
    }

    /// Calls `body` with a view of `bytes`, which stay where they are during the call.
    private static func withBytes(
        _ bytes: [UInt8], _ body: (ByteView) async throws(HTTPFailure) -> Void
    ) async throws(HTTPFailure) {
        var copy = ByteWriter(capacity: bytes.count + 1)
        bytes.withView { copy.append($0) }
        try await body(copy.view)
        // A use behind the call: without it the bytes could go before.
        copy.removeAll()
    }
}
