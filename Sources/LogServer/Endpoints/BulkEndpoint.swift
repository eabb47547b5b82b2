internal import LogBytes
internal import LogJSON

/// `POST …/_bulk`: Elasticsearch's lines in pairs, an action and a document. The document is stored byte for byte.
///
/// Actions are `create` and `index`; nothing that is stored here can be changed or deleted, so `update` and `delete` fail,
/// each in its own item of the answer, as there.
struct BulkEndpoint {
    /// What an item of the answer says: runs of the same are kept as one.
    private struct Items {
        var action: Action
        var count: Int
        /// The status and reason of a failure; nil for a document that is stored.
        var failure: (status: Int, type: String, reason: String)?
    }

    private enum Action: String {
        case create, index, update, delete
    }

    private var items: [Items] = []
    private var failures = 0
    private var pending: Action?

    static func insert(
        _ body: BodyReader, _ sink: LineSink, _ parameters: FieldParameters,
        milliseconds: () -> Int64
    ) async throws(HTTPFailure) -> HTTPAnswer {
        let start = milliseconds()
        var endpoint = BulkEndpoint()
        try await endpoint.take(body, sink, parameters)
        try await sink.finish()
        return endpoint.answer(took: milliseconds() - start)
    }

    private mutating func take(
        _ body: BodyReader, _ sink: LineSink, _ parameters: FieldParameters
    ) async throws(HTTPFailure) {
        var cutter = LineCutter(body, lineBytesMax: sink.lineBytesMax)
        let rewriter = parameters.mayChange ? FieldRewriter(parameters) : nil
        let outbox = LineOutbox(sink)
        var number = 0
        while let lines = try await cutter.next() {
            var start = 0
            while start < lines.view.count {
                let rest = lines.view.dropFirst(start)
                let length = rest.firstIndex(of: ASCII.newline) ?? rest.count
                start += length + 1
                number += 1
                var line = rest.prefix(length)
                if line.hasSuffix(ByteView("\r")) { line = line.prefix(line.count - 1) }
                guard let action = pending else {
                    if line.isEmpty { continue }
                    guard lines.cutBytes == 0, try begin(line) else {
                        try await outbox.flush()
                        try await sink.finish()
                        throw HTTPFailure(
                            400,
                            "line \(number) is no action: {\"create\":{}} or {\"index\":{}} stands "
                                + "before each document; the documents before it are stored")
                    }
                    continue
                }
                pending = nil
                if lines.cutBytes > 0 {
                    sink.refuse("too_long")
                    fail(action, 413, "a document has at most \(sink.lineBytesMax) bytes")
                    continue
                }
                guard action == .create || action == .index else {
                    sink.refuse("bulk_action")
                    fail(action, 400, "what is stored cannot be changed; use create or index")
                    continue
                }
                let offset = body.offset + UInt64(min(start, lines.bodyBytes))
                if line.isEmpty {
                    sink.refuse("empty")
                    fail(action, 400, "the document is empty")
                    continue
                }
                try await outbox.add(rewriter?.rewrite(line) ?? line, offset: offset)
                add(Items(action: action, count: 1))
            }
            // Before the body moves on, so that a slow writer's documents do not wait for its next ones.
            try await outbox.flush(isLast: body.isKnownComplete)
            body.consume(lines.bodyBytes)
        }
        if let action = pending { fail(action, 400, "the body ends before the document") }
        sink.markDone()
    }

    /// Takes an action line; false when it is none.
    private mutating func begin(_ line: ByteView) throws(HTTPFailure) -> Bool {
        guard JSONMembers.isObject(line), var members = JSONMembers(line),
            let member = members.member(), let action = Action(rawValue: member.key.text)
        else { return false }
        if action == .delete {
            fail(action, 400, "what is stored is not deleted by its clients; use `weir erase`")
        } else {
            pending = action
        }
        return true
    }

    private mutating func fail(_ action: Action, _ status: Int, _ reason: String) {
        failures += 1
        add(
            Items(
                action: action, count: 1,
                failure: (status, "illegal_argument_exception", reason)))
    }

    private mutating func add(_ item: Items) {
        if let last = items.last, last.action == item.action,
            last.failure?.status == item.failure?.status,
            last.failure?.reason == item.failure?.reason
        {
            items[items.count - 1].count += 1
            return
        }
        items.append(item)
    }

    private func answer(took: Int64) -> HTTPAnswer {
        var out = ByteWriter()
        out.append("{\"took\":\(took),\"errors\":\(failures > 0),\"items\":[")
        var isFirst = true
        for item in items {
            var text = "{\"\(item.action.rawValue)\":{\"status\":\(item.failure?.status ?? 201)"
            if let failure = item.failure {
                text += ",\"error\":{\"type\":\"\(failure.type)\","
                text += "\"reason\":\(HTTPAnswer.quoted(failure.reason))}"
            }
            text += "}}"
            for _ in 0..<item.count {
                if !isFirst { out.append(ASCII.comma) }
                isFirst = false
                out.append(text)
            }
        }
        out.append("]}")
        return HTTPAnswer(200, Array(out.view), contentType: HTTPAnswer.json)
    }
}
