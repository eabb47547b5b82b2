internal import LogBytes
internal import LogJSON

/// `POST …/_bulk`: Elasticsearch's lines in pairs, an action and a document. The document is stored byte for byte.
///
/// Actions are `create` and `index`; nothing that is stored here can be changed or deleted, so `update` and `delete` fail,
/// each in its own item of the answer, as there.
struct BulkEndpoint {
    private var results = BulkResults()
    private var pending: BulkResults.Action?
    private var number = 0

    static func insert(
        _ body: BodyReader, _ sink: LineSink, _ parameters: FieldParameters,
        milliseconds: () -> Int64
    ) async throws(HTTPFailure) -> HTTPAnswer {
        let start = milliseconds()
        var endpoint = BulkEndpoint()
        try await endpoint.take(body, sink, parameters)
        try await sink.finish()
        return endpoint.results.answer(
            took: milliseconds() - start, lineBytesMax: sink.lineBytesMax)
    }

    private mutating func take(
        _ body: BodyReader, _ sink: LineSink, _ parameters: FieldParameters
    ) async throws(HTTPFailure) {
        var cutter = LineCutter(body, lineBytesMax: sink.lineBytesMax)
        let rewriter = parameters.mayChange ? FieldRewriter(parameters) : nil
        let outbox = LineOutbox(sink)
        while let lines = try await cutter.next() {
            var start = 0
            while start < lines.view.count {
                let rest = lines.view.dropFirst(start)
                let length = rest.firstIndex(of: ASCII.newline) ?? rest.count
                start += length + 1
                number += 1
                var line = rest.prefix(length)
                if line.hasSuffix(ByteView("\r")) { line = line.prefix(line.count - 1) }
                let document: ByteView?
                do throws(HTTPFailure) {
                    document = try take(line, cutBytes: lines.cutBytes, sink)
                } catch {
                    // The documents before the fault are stored, and the answer says so.
                    try await outbox.flush()
                    try await sink.finish()
                    throw error
                }
                guard let document else { continue }
                let offset = body.offset + UInt64(min(start, lines.bodyBytes))
                try await outbox.add(rewriter?.rewrite(document) ?? document, offset: offset)
            }
            // Before the body moves on, so that a slow writer's documents do not wait for its next ones.
            try await outbox.flush(isLast: body.isKnownComplete)
            body.consume(lines.bodyBytes)
        }
        try body.checkSame()
        if let action = pending { try add(action, .missing) }
        sink.markDone()
    }

    /// Takes a line: an action, or a document, which it gives back where it is to be stored.
    private mutating func take(
        _ line: ByteView, cutBytes: Int, _ sink: LineSink
    ) throws(HTTPFailure) -> ByteView? {
        guard let action = pending else {
            if line.isEmpty { return nil }
            guard cutBytes == 0, try begin(line) else {
                throw HTTPFailure(
                    400,
                    "line \(number) is no action: {\"create\":{}} or {\"index\":{}} stands "
                        + "before each document; the documents before it are stored")
            }
            return nil
        }
        pending = nil
        if cutBytes > 0 {
            sink.refuse("too_long")
            try add(action, .tooLong)
        } else if action != .create, action != .index {
            sink.refuse("bulk_action")
            try add(action, .unchangeable)
        } else if line.isEmpty {
            sink.refuse("empty")
            try add(action, .empty)
        } else {
            try add(action, .stored)
            return line
        }
        return nil
    }

    /// Takes an action line; false when it is none.
    private mutating func begin(_ line: ByteView) throws(HTTPFailure) -> Bool {
        guard JSONMembers.isObject(line), var members = JSONMembers(line),
            let member = members.member(),
            let action = BulkResults.Action(rawValue: member.key.text)
        else { return false }
        if action == .delete {
            try add(action, .undeletable)
        } else {
            pending = action
        }
        return true
    }

    private mutating func add(
        _ action: BulkResults.Action, _ outcome: BulkResults.Outcome
    ) throws(HTTPFailure) {
        guard results.add(action, outcome) else {
            throw HTTPFailure(
                413,
                "up to line \(number), success and failure alternate more than "
                    + "\(BulkResults.runsMax) times; the documents before it are stored, send the "
                    + "rest in further requests")
        }
    }
}
