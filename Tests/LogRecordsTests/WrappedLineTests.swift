import LogBytes
import LogRecords
import TestSupport
import Testing

@Suite struct WrappedLineTests {
    private static let inner =
        #"{"level":"error","msg":"\#(String(repeating: "é\\n\\\"", count: 30))","n":5,"z":[1,"\u00e9"]}"#

    /// `text` as Docker writes it, cut into parts of at most `size` characters.
    private func docker(_ text: String, size: Int) -> [String] {
        let characters = Array(text.unicodeScalars)
        return stride(from: 0, to: characters.count, by: size).map { start in
            let end = min(start + size, characters.count)
            var part = String(String.UnicodeScalarView(characters[start..<end]))
            if end == characters.count { part += "\n" }
            var quoted = ByteWriter()
            part.withView { text in
                for byte in Array(text) {
                    switch byte {
                    case ASCII.quote, ASCII.backslash:
                        quoted.append(ASCII.backslash)
                        quoted.append(byte)
                    case ASCII.newline: quoted.append(ByteView("\\n"))
                    default: quoted.append(byte)
                    }
                }
            }
            return
                #"{"log":"\#(quoted.view.text)","stream":"stdout","time":"2025-01-18T12:00:0\#(start % 10)Z"}"#
        }
    }

    private func cri(_ text: String, size: Int) -> [String] {
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: size).map { start in
            let end = min(start + size, bytes.count)
            let part = String(decoding: bytes[start..<end], as: UTF8.self)
            return "2025-01-18T12:00:00Z stdout \(end == bytes.count ? "F" : "P") \(part)"
        }
    }

    private final class Records {
        let batch = RecordBatch()
        private let chunk: ByteChunk

        init(_ text: String, spare: Bool = true) {
            chunk = ByteChunk(
                capacity: text.utf8.count, spareBytes: spare ? text.utf8.count : 0)
            text.withView { chunk.append($0) }
            batch.reset(over: chunk, arrivalTime: 0)
            batch.appendLines(chunk.view, readable: chunk.readableEnd)
        }

        var lines: [String] { batch.records.buffer.map { batch.line($0).text } }

        func fields(_ row: Int) -> [String] {
            var scratch = ByteWriter()
            let record = batch.records[row]
            return batch.shape(record).fields.enumerated().map { index, field in
                let text = batch.text(record, FieldSlot(field: index), scratch: &scratch).text
                return "\(field.path)=\(text)"
            }
        }
    }

    @Test(arguments: [1, 7, 16, 50, 100])
    func partsOfDockerAreOneRecordWithTheFieldsOfTheWhole(size: Int) {
        let parts = docker(Self.inner, size: size)
        let whole = Records(docker(Self.inner, size: 10_000)[0]).fields(0)
        let other = docker("{\"a\":1}", size: 100)[0]
        let records = Records(([other] + parts + [other]).joined(separator: "\n") + "\n")
        #expect(records.lines == [other, parts.joined(separator: "\n"), other])
        #expect(records.batch.records[1].isJoined)
        #expect(records.fields(1).dropLast() == whole.dropLast())
        #expect(records.batch.records[1].level == .error)
    }

    @Test func partsOfCRIAreOneRecord() {
        // Cuts between characters only: the parts of this test are made as text.
        let text = #"{"level":"error","msg":"\#(String(repeating: "x", count: 300))","n":5}"#
        let whole = Records(cri(text, size: 10_000)[0]).fields(0)
        for size in [10, 64, 200] {
            let parts = cri(text, size: size)
            let records = Records(parts.joined(separator: "\n"))
            #expect(records.lines == [parts.joined(separator: "\n")])
            #expect(records.fields(0) == whole)
        }
    }

    @Test func partsWithoutTheirEndAreRecordsOfTheirOwn() {
        let parts = docker(Self.inner, size: 50).dropLast()
        #expect(Records(parts.joined(separator: "\n")).lines == Array(parts))
        let mixed = [parts[0], cri("text", size: 10)[0], parts[1]]
        #expect(Records(mixed.joined(separator: "\n")).lines == mixed)
    }

    @Test func withoutRoomForACopyPartsStayAsTheyAre() {
        let parts = docker(Self.inner, size: 50)
        #expect(Records(parts.joined(separator: "\n"), spare: false).lines == parts)
    }

    @Test func whatOnlyBeginsLikeAPartIsNone() {
        for line in [
            #"{"log":"text","level":"info"}"#, #"{"log":"text"}"#, "{\"log\":\"open",
            #"{"log":"done\n","stream":"stdout","time":"T"}"#, "", "plain",
            "2025-01-18T12:00:00Z stdout F done",
        ] {
            #expect(!line.withView { WrappedLine.isPart($0) }, "\(line)")
        }
        #expect(docker("ab", size: 1)[0].withView { WrappedLine.isPart($0) })
        #expect(cri("ab", size: 1)[0].withView { WrappedLine.isPart($0) })
    }
}
