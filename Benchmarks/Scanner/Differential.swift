import Foundation
import Glibc
import LogBytes
import LogJSON
import LogRecords
import LogSources
import PlainJSON

/// Random and mutated documents, each given to three readers: `JSONScanner`, `JSONSerialization` and `PlainValidator`; and,
/// when it is an object, to `RecordBatch`, alone and as two lines among others, in memory that ends at a page which cannot be
/// read. Each document also comes to `LineChunker` in two reads, cut at every byte.
///
/// What Foundation takes differently, by design, is told apart by its kind; every other difference ends the run.
struct Differential {
    private let seed: UInt64
    private let count: Int

    init(seed: UInt64, count: Int) {
        self.seed = seed
        self.count = count
    }

    struct Difference: Error {
        let document: [UInt8]
        let what: String
    }

    func run() throws {
        var generator = DocumentGenerator(random: RandomNumbers(seed: seed))
        let memory = try GuardedPage(capacity: 1 << 16)
        let batch = RecordBatch()
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 1 << 14)
        var tally: [String: Int] = [:]
        var document: [UInt8] = []
        for number in 0..<count {
            // A quarter is fresh, the rest is damaged, each upon the one before at times.
            if number % 4 == 0 || document.isEmpty || document.count > 2_000 {
                document = generator.document()
            } else {
                document = generator.damaged(document)
            }
            // Random shapes fill a table fast.
            try check(document, memory, batch, &tally)
            try checkCuts(document, outlet, &tally)
        }
        for (kind, number) in tally.sorted(by: { $0.key < $1.key }) { print("\(kind)\t\(number)") }
    }

    private func check(
        _ document: [UInt8], _ memory: GuardedPage, _ batch: RecordBatch,
        _ tally: inout [String: Int]
    ) throws {
        let view = memory.place(document, slack: 0)
        let ours = (try? JSONScanner.validate(view)) != nil
        let plain = PlainValidator.accepts(document)
        guard ours == plain else {
            throw Difference(document: document, what: "plain scanner says \(plain)")
        }
        tally[ours ? "valid" : "invalid", default: 0] += 1
        let foundation =
            (try? JSONSerialization.jsonObject(with: Data(document), options: .fragmentsAllowed))
            != nil
        if foundation != ours {
            guard let kind = FoundationDeviation.kind(document, foundationAccepts: foundation)
            else {
                throw Difference(document: document, what: "Foundation says \(foundation)")
            }
            tally["Foundation: \(kind)", default: 0] += 1
        }
        if try checkRecord(document, ours, memory, batch) {
            tally["as a record, too", default: 0] += 1
        }
    }

    /// The line as a record, if it may be one, with each slack that decides between the fast and the careful way.
    private func checkRecord(
        _ document: [UInt8], _ isValid: Bool, _ memory: GuardedPage, _ batch: RecordBatch
    ) throws -> Bool {
        guard document.first == ASCII.openBrace, document.count > 9,
            !document.starts(with: Array(#"{"log":"{"#.utf8))
        else { return false }
        for slack in [8, 64] {
            let view = memory.place(document, slack: slack)
            batch.reset(origin: view.start, arrivalTime: 0)
            batch.append(line: view, readable: view.end + slack, as: .json)
            let isJSON = batch.shape(batch.records[0]).format != .text
            guard isJSON == isValid || batch.latestFault.code == .keyTooLong else {
                throw Difference(
                    document: document, what: "RecordBatch (slack \(slack)) says \(isJSON)")
            }
            try checkRebuilt(document, batch)
        }
        try checkLines(document, memory, batch)
        return true
    }

    /// What a record says of its line.
    private struct Found: Equatable {
        let format: LineFormat
        let fields: [ShapeField]
        let values: [[UInt8]]
        let time: Int64
        let level: LogLevel

        init(_ batch: RecordBatch, _ number: Int) {
            let record = batch.records[number]
            let shape = batch.shape(record)
            format = batch.format(record)
            fields = shape.fields
            values = fields.indices.map { Array(batch.raw(record, $0)) }
            time = record.time
            level = record.level
        }
    }

    /// Lines before and behind the document in `checkLines`: so that all walks find the room that they need.
    private static let others = Array(
        #"{"timestamp":"2025-01-18T12:00:00Z","level":"info","message":"a line that is not in question"}"#
            .utf8)

    /// The line twice in one chunk, its end not known before, gives twice the record that it gives alone.
    private func checkLines(
        _ document: [UInt8], _ memory: GuardedPage, _ batch: RecordBatch
    ) throws {
        guard !document.contains(ASCII.newline) else { return }
        for slack in [8, 64] {
            let alone = memory.place(document, slack: slack)
            batch.reset(origin: alone.start, arrivalTime: 0)
            batch.append(line: alone, readable: alone.end + slack)
            let want = Found(batch, 0)
            for (before, behind) in [(0, 0), (1, 1)] {
                let lines =
                    Array(repeating: Self.others, count: before) + [document, document]
                    + Array(repeating: Self.others, count: behind)
                let view = memory.place(
                    Array(lines.joined(separator: [ASCII.newline])), slack: slack)
                batch.reset(origin: view.start, arrivalTime: 0)
                batch.appendLines(view, readable: view.end + slack)
                guard batch.records.count == lines.count, Found(batch, before) == want,
                    Found(batch, before + 1) == want,
                    Int(batch.records[before + 1].lineLength) == document.count
                else { throw Difference(document: document, what: "two lines are not twice one") }
                try checkRebuilt(document, batch, record: before)
                try checkRebuilt(document, batch, record: before + 1)
            }
        }
    }

    /// Two lines in two reads, cut at every byte, come out as they went in, in chunks that end in newlines.
    private func checkCuts(
        _ document: [UInt8], _ outlet: ChunkOutlet, _ tally: inout [String: Int]
    ) throws {
        let input = document + [ASCII.newline] + document + [ASCII.newline]
        for cut in 1...document.count + 1 {
            var chunker = LineChunker(outlet: outlet, source: "test")
            for part in [input[..<cut], input[cut...]] {
                guard let room = chunker.room() else { break }
                room.copyBytes(from: part)
                chunker.advance(part.count)
                _ = chunker.sendLines()
            }
            _ = chunker.finish()
            var done = 0
            while done < input.count, case .delivery(let sent) = outlet.receive(until: 0) {
                let bytes = sent.chunk.view
                let isSame = input.withUnsafeBufferPointer { all in
                    done + bytes.count <= all.count
                        && ByteView(
                            UnsafeRawBufferPointer(
                                UnsafeBufferPointer(rebasing: all[done..<(done + bytes.count)])))
                            == bytes
                }
                guard isSame, bytes.dropFirst(bytes.count - 1).firstIndex(of: ASCII.newline) != nil
                else { throw Difference(document: document, what: "cut at \(cut)") }
                done += bytes.count
                outlet.recycle(sent.chunk)
            }
            guard done == input.count else {
                throw Difference(document: document, what: "cut at \(cut): lost bytes")
            }
        }
        tally["cuts", default: 0] += document.count + 1
    }

    /// Pieces and values put together again are the line.
    private func checkRebuilt(
        _ document: [UInt8], _ batch: RecordBatch, record number: Int = 0
    ) throws {
        let record = batch.records[number]
        let shape = batch.shape(record)
        var out = Array(shape.piece(0))
        for field in shape.fields.indices {
            out += Array(batch.raw(record, field))
            out += Array(shape.piece(field + 1))
        }
        guard out == document else { throw Difference(document: document, what: "rebuilt wrong") }
    }
}

/// What Foundation's reader is known to take differently from RFC 8259 as weir reads it.
enum FoundationDeviation {
    /// The kind, or nil when the difference is none of the known ones.
    static func kind(_ document: [UInt8], foundationAccepts: Bool) -> String? {
        if foundationAccepts { return acceptedKind(document) }
        return refusedKind(document)
    }

    private static func acceptedKind(_ document: [UInt8]) -> String? {
        // Foundation guesses UTF-16 and UTF-32 from zero bytes and byte order marks, and skips a UTF-8 mark.
        if document.starts(with: [0xEF, 0xBB, 0xBF]) || document.starts(with: [0xFF, 0xFE])
            || document.starts(with: [0xFE, 0xFF]) || document.prefix(4).contains(0)
        {
            return "takes a byte order mark or other encodings than UTF-8"
        }
        // Depth up to 512 is allowed there, 128 here.
        if PlainValidator.accepts(document, depthMax: 512) { return "nests deeper than 128" }
        if PlainValidator.accepts(withoutTrailingCommas(document)) {
            return "takes a trailing comma"
        }
        return nil
    }

    /// The document without the commas that stand before a closing bracket.
    private static func withoutTrailingCommas(_ document: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var comma: Int?
        var isInString = false
        var isEscaped = false
        for byte in document {
            if isInString {
                if byte == ASCII.quote, !isEscaped { isInString = false }
                isEscaped = byte == ASCII.backslash && !isEscaped
            } else if byte == ASCII.comma {
                comma = out.count
            } else if byte == ASCII.closeBracket || byte == ASCII.closeBrace, let at = comma {
                out.remove(at: at)
                comma = nil
            } else if byte > ASCII.space {
                comma = nil
                isInString = byte == ASCII.quote
            }
            out.append(byte)
        }
        return out
    }

    private static func refusedKind(_ document: [UInt8]) -> String? {
        if hasLoneSurrogate(document) { return "refuses lone surrogate escapes" }
        let text = String(decoding: document, as: UTF8.self)
        if text.range(of: #"[0-9][eE][+-]?[0-9]{3,}"#, options: .regularExpression) != nil {
            return "refuses numbers beyond Double"
        }
        return nil
    }

    /// Whether a valid document has an escape of half a surrogate pair.
    private static func hasLoneSurrogate(_ document: [UInt8]) -> Bool {
        var index = 0
        while index + 1 < document.count {
            guard document[index] == ASCII.backslash else {
                index += 1
                continue
            }
            guard let first = unit(document, index) else {
                index += 2
                continue
            }
            index += 6
            if first & 0xFC00 == 0xDC00 { return true }
            guard first & 0xFC00 == 0xD800 else { continue }
            guard let second = unit(document, index), second & 0xFC00 == 0xDC00 else { return true }
            index += 6
        }
        return false
    }

    private static func unit(_ document: [UInt8], _ index: Int) -> Int? {
        guard index + 6 <= document.count, document[index] == ASCII.backslash,
            document[index + 1] == UInt8(ascii: "u")
        else { return nil }
        return Int(String(decoding: document[(index + 2)..<(index + 6)], as: UTF8.self), radix: 16)
    }
}
