import LogBytes
import LogQuery
import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

/// The classes of these tests: debug by level, the rest as production.
func testPolicy(
    _ text: String = "debug 7 days level:DEBUG\nproduction 30 days *\n"
) throws -> RetentionPolicy {
    try RetentionPolicy(text: text, file: "retention.conf")
}

/// Lines as a classified batch.
final class LineBatch {
    let batch: RecordBatch

    init(
        _ lines: [String], policy: RetentionPolicy, table: ShapeTable = ShapeTable(),
        arrival: Int64 = 1_737_200_000 * Timestamp.second
    ) {
        let bytes = lines.map { Array($0.utf8) }
        let size = bytes.reduce(0) { $0 + $1.count } + 1
        let chunk = ByteChunk(capacity: size, spareBytes: size)
        batch = RecordBatch(table: table)
        batch.reset(over: chunk, arrivalTime: arrival)
        let filters = policy.classes.map { $0.filter.map { RecordFilter($0) } }
        for line in bytes {
            let start = chunk.count
            line.withView { chunk.append($0) }
            batch.append(
                line: ByteView(chunk.base + start, line.count), readable: chunk.readableEnd)
        }
        for index in 0..<batch.records.count {
            var record = batch.records[index]
            let number = filters.firstIndex { $0?.matches(record, in: batch) ?? false }
            record.classIndex = UInt8(number ?? 0)
            batch.records[index] = record
        }
    }
}

/// All lines of a store with their sequence numbers, in that order, and what could not be read.
func storedLines(
    _ directory: String, fileSystem: any FileSystem = DiskFileSystem()
) throws -> (lines: [String], sequences: [UInt64], faults: [ScanFault]) {
    let store = try SegmentStore(directory: directory, fileSystem: fileSystem)
    var found: [(UInt64, String)] = []
    let faults = try store.scan(ScanRequest(timeRange: .all, filter: .all)) { block in
        let sequences = try block.sequences()
        for row in 0..<block.rowCount {
            var out = ByteWriter()
            try block.appendLine(row: row, into: &out)
            found.append((sequences[row], out.view.text))
        }
        return .proceed
    }
    found.sort { $0.0 < $1.0 }
    return (found.map(\.1), found.map(\.0), faults)
}

/// What the fields `names` of each line of a store read as, by sequence number; nothing may be damaged.
func storedFields(_ names: [String], _ directory: String) throws -> [UInt64: [String]] {
    var rows: [UInt64: [String]] = [:]
    let store = try SegmentStore(directory: directory)
    let faults = try store.scan(ScanRequest(timeRange: .all, filter: .all)) { block in
        let sequences = try block.sequences()
        let columns = try names.map { try block.column($0) }
        for row in 0..<block.rowCount {
            rows[sequences[row]] = columns.map { $0.withText(row: row) { $0.text } }
        }
        return .proceed
    }
    #expect(faults.isEmpty)
    return rows
}

/// Lines of many makes: house format, odd spacing, escapes, numbers in every spelling, nested, no JSON at all.
func randomLines(_ count: Int, seed: UInt64) -> [String] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in randomLine(&random) }
}

private func randomLine(_ random: inout SeededGenerator) -> String {
    let second = Int.random(in: 0..<60, using: &random)
    let day = Int.random(in: 17...19, using: &random)
    let time =
        "2025-01-\(day)T12:00:\(second < 10 ? "0" : "")\(second).\(Int.random(in: 100...999, using: &random))Z"
    let number = [
        "5", "1.0", "1e3", "-0", "0.000120", "12345678901234567890", "null", "true", "[1, 2]", "{}",
    ]
    switch Int.random(in: 0..<10, using: &random) {
    case 8: return otherFormat(time, &random)
    case 9:
        // A line in two parts stays one record of two lines.
        return "\(time) stdout P {\"level\":\"ER\n\(time) stdout F ROR\",\"n\":\(day)}"
    case 0...3:
        let level = ["INFO", "DEBUG", "ERROR"].randomElement(using: &random) ?? "INFO"
        return
            "{\"timestamp\":\"\(time)\",\"level\":\"\(level)\",\"service\":\"api\",\"trace_id\":\"\(String(random.next(), radix: 16))\",\"duration_ms\":\(Int.random(in: 0..<5_000, using: &random)),\"status_code\":\(Int.random(in: 200..<600, using: &random)),\"message\":\"user \(Int.random(in: 0..<50, using: &random)) caf\\u00e9 \\\"x\\\" é\"}"
    case 4:
        return
            "{ \"n\" : \(number.randomElement(using: &random) ?? "1"),\t\"a.b\": {\"c\":\"\", \"n\": \(number.randomElement(using: &random) ?? "1")} , \"n\":\"again\" } "
    case 5:
        return "{\"key\(Int.random(in: 0..<40, using: &random))\":\"v\",\"timestamp\":\"\(time)\"}"
    case 6:
        return "plain text \(Int.random(in: 0..<1_000, using: &random)) \u{0}\u{1b}[31m"
    default:
        return ["", "null", "{}", "{broken", "[1,2]", "\"s\"", "{\"a\":1}x"].randomElement(
            using: &random)
            ?? ""
    }
}

private func otherFormat(_ time: String, _ random: inout SeededGenerator) -> String {
    let number = Int.random(in: 0..<1_000, using: &random)
    let lines = [
        "level=ERROR n=\(number) message=\"a \\\"b\\\"\"",
        "{\"log\":\"{\\\"level\\\":\\\"ERROR\\\",\\\"n\\\":\(number),\\\"message\\\":\\\"say \\\\\\\"x\\\\\\\"\\\"}\\n\",\"stream\":\"stdout\",\"time\":\"\(time)\"}",
        "{\"log\":\"text \(number)\\n\",\"stream\":\"stderr\",\"time\":\"\(time)\"}",
        "<34>1 \(time) host app \(number) - - {\"level\":\"ERROR\",\"n\":\(number)}",
        "<34>Oct 11 22:14:15 host app[\(number)]: some text",
        "web-\(number)  | {\"level\":\"INFO\",\"n\":\(number)}",
    ]
    return lines.randomElement(using: &random) ?? ""
}
