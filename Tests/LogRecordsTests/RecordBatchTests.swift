import Foundation
import LogBytes
import LogJSON
import LogRecords
import TestSupport
import Testing

@Suite struct RecordBatchTests {
    private static let noon: Int64 = 1_737_201_600 * Timestamp.second

    private func split(_ text: String) -> [String] {
        let chunk = ByteChunk(holding: text)
        let batch = RecordBatch()
        batch.reset(origin: chunk.base, arrivalTime: Self.noon)
        batch.appendLines(chunk.view, readable: chunk.readableEnd)
        return batch.records.buffer.map { batch.line($0).text }
    }

    @Test func linesAreSplitAtNewlines() {
        #expect(split("") == [])
        #expect(split("\n") == [""])
        #expect(split("a\nb\n") == ["a", "b"])
        #expect(split("a\r\n\n{}\n") == ["a\r", "", "{}"])
    }

    /// `ByteView.dropFirst` trapped on the missing newline.
    @Test func aLastLineWithoutNewlineCounts() {
        #expect(split("a") == ["a"])
        #expect(split("a\nb") == ["a", "b"])
        #expect(split("{}\n{\"a\":1}") == ["{}", "{\"a\":1}"])
    }

    @Test func aTextLineIsItsOwnMessage() throws {
        let lines = try LineBatch()
        let record = lines.take("Nothing to do, no errors", arrivalTime: Self.noon)
        #expect(lines.text(record, "_msg") == "Nothing to do, no errors")
        #expect(lines.text(record, "level") == "")
        #expect(record.time == Self.noon)
        #expect(!record.hasOwnTime)
        #expect(record.level == .unknown)
        #expect(lines.text(lines.take("null"), "_msg") == "null")
    }

    @Test func aRecordTakesItsOwnTimeUnlessItIsFarAhead() throws {
        let lines = try LineBatch()
        func check(_ stamp: String, own: Bool, skewed: Bool, time: Int64) {
            let record = lines.take(#"{"timestamp":\#(stamp)}"#, arrivalTime: Self.noon)
            #expect(record.hasOwnTime == own, "\(stamp)")
            #expect(record.isSkewed == skewed, "\(stamp)")
            #expect(record.time == time, "\(stamp)")
        }
        let hour = 3_600 * Timestamp.second
        check(#""2025-01-18T11:00:00Z""#, own: true, skewed: false, time: Self.noon - hour)
        check(#""2025-01-19T12:00:00Z""#, own: true, skewed: false, time: Self.noon + Timestamp.day)
        check(#""2025-01-19T12:00:01Z""#, own: false, skewed: true, time: Self.noon)
        check("1737201600", own: true, skewed: false, time: Self.noon)
        check("null", own: false, skewed: false, time: Self.noon)
        check(#""yesterday""#, own: false, skewed: false, time: Self.noon)
        check("{}", own: false, skewed: false, time: Self.noon)
    }

    @Test func manyLinesShareOneBuffer() {
        var text = ""
        for number in 0..<2_000 {
            text += #"{"n":\#(number),"m":"line \#(number)"}"# + "\n"
            if number % 10 == 0 { text += "not json \(number)\n" }
        }
        let chunk = ByteChunk(holding: text)
        let batch = RecordBatch()
        for _ in 0..<2 {
            batch.reset(origin: chunk.base, arrivalTime: 0)
            batch.appendLines(chunk.view, readable: chunk.readableEnd)
            #expect(batch.records.count == 2_200)
            #expect(
                batch.unparsed == [.unexpectedByte: 200])
            var scratch = ByteWriter()
            var next = 0
            for record in batch.records.buffer where batch.shape(record).format == .json {
                #expect(batch.text(record, named: "n", scratch: &scratch).text == "\(next)")
                #expect(batch.text(record, named: "m", scratch: &scratch).text == "line \(next)")
                next += 1
            }
            #expect(next == 2_000)
            #expect(batch.table.shapes.count == 2)
        }
    }

    /// The Big List of Naughty Strings and some of our own, as messages.
    @Test func naughtyMessagesReadAsFoundationReadsThem() throws {
        var messages = [
            "", "null", "undefined", "\u{0}", "\u{1}\u{1b}[31mred\u{7f}", "\"\\/", "ÅÍÎÏ˝", "Ω≈ç√∫",
            "田中さんにあげて下さい", "👩🏽‍🚀 👾 🇺🇸", "\u{202e}reversed", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L",
            "\u{FEFF}", "\u{FFFE}", "${jndi:ldap://x}", "<script>alert(0)</script>", "\r\n\t",
            "1; DROP TABLE users", "%s%x%n", "--help", "𠜎𠜱𠝹",
        ]
        if let file = Conformance.file("strings/naughty.json") {
            messages += try JSONDecoder().decode([String].self, from: Data(file))
        }
        let lines = try LineBatch()
        for message in messages {
            for options in [JSONEncoder.OutputFormatting(), .withoutEscapingSlashes] {
                let encoder = JSONEncoder()
                encoder.outputFormatting = options
                let line = [UInt8](try encoder.encode(["message": message]))
                let record = lines.take(line)
                #expect(lines.batch.unparsed.isEmpty, "\(message.debugDescription)")
                #expect(Array(lines.text(record, "_msg").utf8) == Array(message.utf8))
                #expect(lines.rebuilt(record) == line)
                let object = try JSONDecoder().decode([String: String].self, from: Data(line))
                #expect(lines.text(record, "message") == object["message"])
            }
        }
    }
}
