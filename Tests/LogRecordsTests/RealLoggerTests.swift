import Foundation
import LogBytes
import LogJSON
import LogRecords
import TestSupport
import Testing

/// What real loggers wrote, frozen in `Loggers/`, and what each line means.
@Suite struct RealLoggerTests {
    private static let folder = "Tests/LogRecordsTests/Loggers"

    static var names: [String] {
        let files = try? FileManager.default.contentsOfDirectory(
            atPath: Checkout.root.appending(path: folder).path)
        return (files ?? []).filter { $0.hasSuffix(".log") }.map { String($0.dropLast(4)) }.sorted()
    }

    @Test func thereAreCases() { #expect(Self.names.count >= 40) }

    @Test(arguments: names)
    func means(name: String) throws {
        let bytes = try Checkout.bytes("\(Self.folder)/\(name).log")
        let chunk = ByteChunk(capacity: bytes.count, spareBytes: bytes.count)
        bytes.withView { chunk.append($0) }
        let batch = RecordBatch()
        // The lines were written in November 2026.
        batch.reset(over: chunk, arrivalTime: 1_795_305_600 * Timestamp.second)
        batch.appendLines(chunk.view, readable: chunk.readableEnd)
        let expected = try Checkout.text("\(Self.folder)/\(name).expected")
            .split(separator: "\n").map(Self.object)
        // A request of many records is taken apart where it arrives.
        guard name != "opentelemetry-otlp-file" else { return }
        try #require(batch.records.count == expected.count, "\(name)")
        for (number, want) in expected.enumerated() {
            var got = meaning(batch.records[number], batch)
            if let time = want["_time"], time.hasPrefix("????"), let own = got["_time"] {
                got["_time"] = "????" + own.dropFirst(4)
            }
            let keys = Set(got.keys).union(want.keys).sorted().filter { got[$0] != want[$0] }
            for key in keys {
                Issue.record(
                    "\(name):\(number + 1) \(key): \(got[key] ?? "–"), not \(want[key] ?? "–")")
            }
        }
    }

    /// The members of an expected line as text; numbers by their value.
    private static func object(_ line: Substring) throws -> [String: String] {
        let json = try JSONSerialization.jsonObject(with: Data(line.utf8))
        var object = try #require(json as? [String: Any])
        object["fields"] = nil
        object["ok"] = nil
        return object.mapValues { value in
            (value as? NSNumber).map { "\($0.doubleValue)" } ?? "\(value)"
        }
    }

    private func meaning(_ record: Record, _ batch: RecordBatch) -> [String: String] {
        let shape = batch.shape(record)
        var scratch = ByteWriter()
        var object = ["format": shape.format.name]
        if record.hasOwnTime { object["_time"] = Timestamp.text(record.time, digits: 9) }
        if record.level != .unknown { object["level"] = record.level.name }
        if let status = batch.statusCode(record) { object["status_code"] = "\(Double(status))" }
        if let duration = batch.durationMilliseconds(record, scratch: &scratch) {
            object["duration_ms"] = "\(duration)"
        }
        for field in [CanonicalField.service, .endpoint, .trace, .message] {
            guard let slot = shape.canonical[field] else { continue }
            let text = batch.text(record, slot, scratch: &scratch).text
            if !text.isEmpty || field == .message { object[field.name] = text }
        }
        return object
    }
}
