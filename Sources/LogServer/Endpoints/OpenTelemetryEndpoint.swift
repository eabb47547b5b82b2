internal import LogBytes

/// `POST …/v1/logs`: OpenTelemetry's log records, as protobuf or JSON.
///
/// Of a record comes one line: its time, the attributes of its resource, severity, the body as `_msg` (or its members, where
/// it is JSON in text), its own attributes under their names, trace and span.
enum OpenTelemetryEndpoint {
    static func insert(
        _ body: BodyReader, _ sink: LineSink, _ parameters: FieldParameters, _ format: BodyFormat
    ) async throws(HTTPFailure) -> HTTPAnswer {
        let writer = EntryWriter(sink, parameters)
        switch format {
        case .json: try await OpenTelemetryJSON.take(body.view, writer)
        case .protobuf:
            do throws(MalformedBytes) {
                try OpenTelemetryProtobuf.check(body.view)
            } catch {
                throw HTTPFailure(
                    400,
                    "the body is no ExportLogsServiceRequest: \(error.what) at byte "
                        + "\(error.offset); nothing of it is stored")
            }
            try await OpenTelemetryProtobuf.take(body.view, writer)
        }
        try await writer.finish(sink)
        return answer(writer, format)
    }

    /// Success; what was cut or left out is said in `partialSuccess`.
    private static func answer(_ writer: EntryWriter, _ format: BodyFormat) -> HTTPAnswer {
        var message = writer.reason
        if writer.cutLines > 0 { message = "\(writer.cutLines) records were too long and were cut" }
        switch format {
        case .json:
            let text =
                message.isEmpty
                ? "{}"
                : "{\"partialSuccess\":{\"rejectedLogRecords\":\"\(writer.rejected)\","
                    + "\"errorMessage\":\(HTTPAnswer.quoted(message))}}"
            return HTTPAnswer(200, text, contentType: HTTPAnswer.json)
        case .protobuf:
            var out = ByteWriter()
            if !message.isEmpty {
                var partial = ByteWriter()
                if writer.rejected > 0 {
                    partial.append(0x08)
                    partial.append(varint: UInt64(writer.rejected))
                }
                partial.append(0x12)
                message.withView { partial.append(lengthPrefixed: $0) }
                out.append(0x0A)
                out.append(lengthPrefixed: partial.view)
            }
            return HTTPAnswer(200, Array(out.view), contentType: "application/x-protobuf")
        }
    }
}
