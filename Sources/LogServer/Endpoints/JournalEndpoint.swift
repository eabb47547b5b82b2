internal import LogBytes

/// `POST …/upload`: entries of systemd's journal, as `systemd-journal-upload` sends them.
///
/// Of an entry comes one line: the JSON object that `journalctl -o json` shows. The body is streamed, so that a whole journal
/// may come in one request; the lines of a body that goes on for hours are found while it does. Entries that are sent again are
/// known by their cursors, and stored once.
enum JournalEndpoint {
    private static let cursor: StaticString = "__CURSOR"

    /// - Parameter upload: knows which entries are stored; nil where the request's own key says that.
    static func insert(
        _ body: BodyReader, _ sink: LineSink, _ parameters: FieldParameters,
        _ upload: JournalUpload?
    ) async throws(HTTPFailure) -> HTTPAnswer {
        let writer = EntryWriter(sink, parameters)
        if let upload { sink.position = { upload.position } }
        do throws(HTTPFailure) {
            try await take(body, sink, writer, upload)
        } catch {
            // What came before is stored all the same, and need not come again.
            try await writer.flush()
            try await sink.finish()
            upload?.settle()
            throw error
        }
        try body.checkSame()
        try await writer.finish(sink)
        upload?.settle()
        return HTTPAnswer(200)
    }

    private static func take(
        _ body: BodyReader, _ sink: LineSink, _ writer: EntryWriter, _ upload: JournalUpload?
    ) async throws(HTTPFailure) {
        let entry = JournalEntry(lineBytesMax: sink.lineBytesMax)
        let export = JournalExport()
        var isComplete = true
        while isComplete {
            isComplete = try await next(body, export, entry, writer)
            guard !entry.isEmpty else { break }
            let isNew = try upload?.isNew(entry.value(cursor) ?? .empty) ?? true
            if isNew { try await send(entry, sink, writer, upload) }
            upload?.advance()
            entry.removeAll()
        }
        try upload?.end()
    }

    private static func send(
        _ entry: JournalEntry, _ sink: LineSink, _ writer: EntryWriter, _ upload: JournalUpload?
    ) async throws(HTTPFailure) {
        writer.line.begin()
        // The closing brace needs a byte, too.
        let leftOut = writer.line.value {
            entry.write(into: &$0, upTo: sink.lineBytesMax - 1)
        }
        writer.line.end()
        let cutBytes = entry.cutBytes + leftOut
        if cutBytes > 0 {
            // Such a line is handed on alone and at once, and its position with it.
            try await writer.flush()
            upload?.advance()
        }
        try await writer.send(cutBytes: cutBytes)
    }

    /// Reads up to the end of an entry; false at the end of the body.
    private static func next(
        _ body: BodyReader, _ export: JournalExport, _ entry: JournalEntry, _ writer: EntryWriter
    ) async throws(HTTPFailure) -> Bool {
        while true {
            let taken: (count: Int, isComplete: Bool)
            do throws(JournalExport.Fault) {
                taken = try export.take(body.view, into: entry)
            } catch {
                throw HTTPFailure(
                    400,
                    "the body is no journal export: \(error.what), at byte \(error.offset); "
                        + "entries before it are stored")
            }
            body.consume(taken.count)
            if taken.isComplete { return true }
            // What has come is handed on before more is waited for.
            try await writer.flush()
            if try await body.read() { continue }
            guard export.mayEnd else {
                throw HTTPFailure(
                    400, "the body ends inside an entry; the entries before it are stored")
            }
            return false
        }
    }
}
