import CLogKernels
import LogBytes
import LogRecords
import TestSupport
import Testing

/// The fast way down a known shape must find what the careful way finds, wherever the line stands.
@Suite struct WalkTests {
    private struct Found: Equatable {
        let format: LineFormat
        let fields: [ShapeField]
        let values: [[UInt8]]
    }

    private func found(_ batch: RecordBatch, _ index: Int) -> Found {
        let record = batch.records[index]
        let shape = batch.shape(record)
        return Found(
            format: shape.format, fields: shape.fields,
            values: shape.fields.indices.map { Array(batch.raw(record, $0)) })
    }

    /// 8 readable bytes behind the lines leave the last fields to the careful way, 64 leave nothing to it. The shapes of
    /// a batch's first lines become known; later lines go by their joints.
    @Test func linesInAChunkAreWhatTheyAreAlone() throws {
        let memory = try GuardedMemory(capacity: 1 << 16)
        var batch = RecordBatch()
        var generator = LineGenerator(random: SeededGenerator(seed: 60))
        var (count, known, loose) = (0, 0, 0)
        for round in 0..<12_000 {
            if round % 3_000 == 0 { batch = RecordBatch() }
            var line = generator.line()
            if round % 2 == 1 { line = generator.damaged(line) }
            guard !line.contains(ASCII.newline), !line.isEmpty else { continue }
            let alone = memory.place(line, slack: 8)
            batch.reset(origin: alone.start, arrivalTime: 0)
            batch.append(line: alone, readable: alone.end + 8)
            let want = found(batch, 0)
            for slack in [8, 64] {
                let lines = memory.place(
                    Array(repeatElement(line, count: 4).joined(separator: [ASCII.newline])),
                    slack: slack)
                batch.reset(origin: lines.start, arrivalTime: 0)
                batch.appendLines(lines, readable: lines.end + slack)
                #expect(batch.records.count == 4)
                for index in 0..<4 {
                    #expect(found(batch, index) == want)
                    if batch.records[index].shape >= UInt32(WEIR_LOOSE_SHAPE) {
                        loose += 1
                    } else if want.format == .json {
                        known += 1
                    }
                }
                count += 1
            }
        }
        #expect(count > 8_000)
        #expect(known > 2_000)
        #expect(loose > 2_000)
    }

    /// A shape whose white space holds a newline must not join two lines.
    @Test func aNewlineBetweenFieldsIsNotWalkedOver() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        let batch = RecordBatch()
        let spread = Array("{\"first\":1,\n\"second\":2}".utf8)
        let whole = memory.place(spread, slack: 64)
        batch.reset(origin: whole.start, arrivalTime: 0)
        batch.append(line: whole, readable: whole.end + 64)
        #expect(batch.records.count == 1)
        #expect(batch.shape(batch.records[0]).fields.count == 2)
        batch.reset(origin: whole.start, arrivalTime: 0)
        batch.appendLines(whole, readable: whole.end + 64)
        #expect(batch.records.count == 2)
        #expect(batch.shape(batch.records[0]).format == .text)
    }

    @Test func theCommonestTimesReadAsTheParserReadsThem() {
        func check(_ text: String, isKnown: Bool) {
            var minute = weir_minute()
            var time: Int64 = 0
            // Twice: the day is new at first, then known.
            for _ in 0..<2 {
                let isRead =
                    text.withView { weir_read_time($0.start, $0.count, &minute, &time) } != 0
                #expect(isRead == isKnown, "\(text)")
                if isRead { #expect(text.withView { Timestamp.parse($0) } == time, "\(text)") }
            }
        }
        check("2025-01-18T12:00:00Z", isKnown: true)
        check("2025-01-18t12:00:00z", isKnown: true)
        check("2025-01-18 12:34:56", isKnown: true)
        check("2025-01-18 12:34:56.789 UTC", isKnown: true)
        check("2024-02-29T23:59:59.999999999Z", isKnown: true)
        check("1970-01-01T00:00:00,5Z", isKnown: true)
        check("2261-12-31T23:59:59.123456Z", isKnown: true)
        check("2000-02-29T00:00:00Z", isKnown: true)
        check("2025-01-18T12:00:07.123Z", isKnown: true)
        check("2025-01-18 12:00:59.999z", isKnown: true)
        check("2025-01-18T12:00:60.999Z", isKnown: false)
        check("2025-01-18T12:00:07.12aZ", isKnown: false)
        check("2025-01-18T12:00:07.123X", isKnown: false)
        check("1795231820.2547853", isKnown: true)
        check("1795231820.2", isKnown: true)
        check("1795231820.12345678", isKnown: true)
        check("1795231820.123456789", isKnown: true)
        check("9223372035.999999999", isKnown: true)
        check("9223372037.9", isKnown: false)
        check("1795231820.1234567890", isKnown: false)
        check("179523182x.25", isKnown: false)
        check("1795231820.25x", isKnown: false)
        check("0795231820.25", isKnown: false)
        check("1795231820.", isKnown: false)
        check("2025-02-29T00:00:00Z", isKnown: false)
        check("2100-02-29T00:00:00Z", isKnown: false)
        check("2025-13-01T00:00:00Z", isKnown: false)
        check("2025-00-10T00:00:00Z", isKnown: false)
        check("2025-01-00T00:00:00Z", isKnown: false)
        check("1969-12-31T00:00:00Z", isKnown: false)
        check("2262-01-01T00:00:00Z", isKnown: false)
        check("2025-01-18T24:00:00Z", isKnown: false)
        check("2025-01-18T12:60:00Z", isKnown: false)
        check("2025-01-18T12:00:60Z", isKnown: false)
        check("2025-01-18T12:00:00.Z", isKnown: false)
        check("2025-01-18T12:00:00.1234567890Z", isKnown: false)
        check("2025-01-18T12:00:00+01:00", isKnown: false)
        check("2025-01-18", isKnown: false)
        check("2025/01/18 12:00:00", isKnown: false)
    }
}
