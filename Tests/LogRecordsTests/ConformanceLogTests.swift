import LogBytes
import LogRecords
import TestSupport
import Testing

/// Lines of real loggers that other people collected; skipped, said on the console, where they are absent.
@Suite struct ConformanceLogTests {
    /// Of each file: how many records have a time of their own, a level, a message, of all.
    @Test func whatManyLoggersWriteIsUnderstood() throws {
        guard let files = try Conformance.files(in: "logs") else { return }
        let want: [String: (times: Int, levels: Int, messages: Int)] = [
            "logfile_bunyan.0": (10, 10, 10), "logfile_ecs_log.json": (5, 5, 5),
            "logfile_json_subsec.json": (2, 0, 2), "logfile_journald.json": (2, 2, 2),
        ]
        for (name, bytes) in files {
            guard let want = want[name] else { continue }
            let chunk = ByteChunk(holding: bytes)
            let batch = RecordBatch()
            batch.reset(over: chunk, arrivalTime: 1_795_305_600 * Timestamp.second)
            batch.appendLines(chunk.view, readable: chunk.readableEnd)
            var got = (times: 0, levels: 0, messages: 0)
            for record in batch.records.buffer {
                var scratch = ByteWriter()
                if record.hasOwnTime { got.times += 1 }
                if record.level != .unknown { got.levels += 1 }
                if !batch.text(record, named: "_msg", scratch: &scratch).isEmpty {
                    got.messages += 1
                }
            }
            #expect(got == want, "\(name)")
        }
    }

    /// Caddy's lines behind the prefix of docker compose.
    @Test func caddyBehindAPrefix() throws {
        guard let bytes = Conformance.file("logs/logfile_caddy_log.0") else { return }
        let chunk = ByteChunk(holding: bytes)
        let batch = RecordBatch()
        batch.reset(over: chunk, arrivalTime: 1_795_305_600 * Timestamp.second)
        batch.appendLines(chunk.view, readable: chunk.readableEnd)
        var scratch = ByteWriter()
        for record in batch.records.buffer where batch.shape(record).format == .prefixed {
            #expect(record.hasOwnTime && record.level != .unknown)
            let isRequest = batch.shape(record).slot(named: "request.uri") != nil
            let duration = batch.durationMilliseconds(record, scratch: &scratch)
            #expect((duration != nil) == (isRequest && batch.statusCode(record) != nil))
        }
    }
}
