internal import LogBytes

/// `POST …/upload`: entries of systemd's journal, as `systemd-journal-upload` sends them.
///
/// Of an entry comes one line: the JSON object that `journalctl -o json` shows. The body is streamed, so that a whole journal
/// may come in one request; the lines of a body that goes on for hours are found while it does.
enum JournalEndpoint {
    static func insert(
        _ body: BodyReader, _ sink: LineSink, _ parameters: FieldParameters
    ) async throws(HTTPFailure) -> HTTPAnswer {
        let writer = EntryWriter(sink, parameters)
        let entry = JournalEntry(lineBytesMax: sink.lineBytesMax)
        let export = JournalExport()
        while true {
            let isComplete = try await next(body, export, entry, writer)
            guard !entry.isEmpty else { break }
            writer.line.begin()
            // The closing brace needs a byte, too.
            let cutBytes = writer.line.value {
                entry.write(into: &$0, upTo: sink.lineBytesMax - 1)
            }
            writer.line.end()
            try await writer.send(cutBytes: entry.cutBytes + cutBytes)
            entry.removeAll()
            if !isComplete { break }
        }
        try body.checkSame()
        try await writer.finish(sink)
        return HTTPAnswer(200)
    }

    /// Reads up to the end of an entry; false at the end of the body.
    private static func next(
        _ body: BodyReader, _ export: JournalExport, _ entry: JournalEntry,
        _ writer: EntryWriter
    ) async throws(HTTPFailure) -> Bool {
        while true {
            let taken: (count: Int, isComplete: Bool)
            do throws(JournalExport.Fault) {
                taken = try export.take(body.view, into: entry)
            } catch {
                try await writer.flush()
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
