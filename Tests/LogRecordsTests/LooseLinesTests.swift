import CLogKernels
import LogBytes
import TestSupport
import Testing

@testable import LogRecords

/// Lines whose shapes never come again are not made known one by one; what they say must be what the careful way says.
@Suite struct LooseLinesTests {
    /// What somebody may ask of a record.
    private struct Answer: Equatable {
        let format: LineFormat
        let time: Int64
        let level: LogLevel
        let fields: [ShapeField]
        let values: [[UInt8]]
        let texts: [[UInt8]?]
    }

    private static let names = [
        "endpoint", "duration_ms", "status_code", "service", "fields.own.name", "zzz", "level",
    ]

    private func answer(
        _ batch: RecordBatch, _ number: Int, slot: (Record, Int) -> Int32
    ) -> Answer {
        let record = batch.records[number]
        let fields = batch.shape(record).fields
        var scratch = ByteWriter(capacity: 64)
        return Answer(
            format: batch.format(record), time: record.time, level: record.level, fields: fields,
            values: fields.indices.map { Array(batch.raw(record, $0)) },
            texts: Self.names.indices.map { name in
                let packed = slot(record, name)
                guard packed >= 0 else { return nil }
                return Array(batch.text(record, FieldSlot(packed: packed), scratch: &scratch))
            })
    }

    private func careful(_ line: [UInt8], _ batch: RecordBatch, _ memory: GuardedMemory) -> Answer {
        let view = memory.place(line, slack: 8)
        batch.reset(origin: view.start, arrivalTime: 7)
        batch.append(line: view, readable: view.end + 8)
        return answer(batch, 0) { record, name in
            batch.shape(record).slot(named: Self.names[name])?.packed ?? -1
        }
    }

    /// Lines of ever new keys, with some that mean something among them.
    private struct Lines {
        var random: SeededGenerator

        mutating func word() -> String {
            String(
                (0..<(3 + random.below(5))).map { _ in
                    "abcdefghij_".randomElement(using: &random) ?? "a"
                })
        }

        mutating func value(_ depth: Int, _ gap: String) -> String {
            switch random.below(9) {
            case 0: return "\(random.below(100_000))"
            case 1:
                return ["true", "null", "-0.5", "1e3", "{}", "[]"].randomElement(using: &random)
                    ?? "0"
            case 2: return "[\"one\",\(gap)\"two\"]"
            case 3: return "[\"\(word())\"]"
            case 4: return "\"a \\\"quoted\\\" word, \\\\ and gr\u{fc}\u{df}e\""
            case 5 where depth < 3: return object(depth + 1, gap, known: [])
            default: return "\"\(word())\""
            }
        }

        mutating func object(_ depth: Int, _ gap: String, known: [String]) -> String {
            var members = known.map { name in
                switch name {
                case "timestamp": "\"timestamp\":\(gap)\"2025-01-18T12:00:0\(random.below(10)).5Z\""
                case "level": "\"level\":\(gap)\"\(["info", "ERROR", "warn"][random.below(3)])\""
                case "fields":
                    "\"fields\":\(gap){\"own\":\(gap){\"name\":\(gap)\"x\(random.below(9))\"}}"
                case "request": "\"request\":\(gap){\"uri\":\(gap)\"/a/\(random.below(9))\"}"
                case "duration": "\"duration\":\(gap)\(random.below(9)).25"
                case "time", "msg": "\"\(name)\":\(gap)\"text\""
                default: "\"\(name)\":\(gap)\(random.below(1_000))"
                }
            }
            for _ in 0..<(1 + random.below(5)) {
                members.insert(
                    "\"\(word())\":\(gap)\(value(depth, gap))", at: random.below(members.count + 1))
            }
            return "{" + members.joined(separator: "," + gap) + "}"
        }

        mutating func line() -> [UInt8] {
            let names = [
                "timestamp", "level", "duration_ms", "status_code", "fields", "request", "duration",
                "time", "msg", "took", "elapsed_us", "log", "timestampSeconds",
            ]
            let gap = random.below(3) == 0 ? " " : ""
            return Array(object(0, gap, known: names.filter { _ in random.below(4) == 0 }).utf8)
        }
    }

    /// The walks of every kind of processor that this one can stand for.
    static let kinds = (0 as Int32..<8).prefix { weir_walkers_at($0).lines != nil }

    @Test(arguments: kinds) func looseLinesSayWhatCarefullyReadOnesSay(kind: Int32) throws {
        let memory = try GuardedMemory(capacity: 1 << 20)
        let alone = try GuardedMemory(capacity: 1 << 16)
        let carefulBatch = RecordBatch()
        let batch = RecordBatch()
        let numbers = Self.names.map { batch.register($0) }
        var lines = Lines(random: SeededGenerator(seed: 71 + UInt64(kind)))
        var loose = 0
        batch.reset(origin: memory.place([], slack: 0).start, arrivalTime: 0)
        batch.table.walkers = weir_walkers_at(kind)
        for round in 0..<6 {
            let texts = (0..<300).map { _ in lines.line() }
            let view = memory.place(Array(texts.joined(separator: [ASCII.newline])), slack: 64)
            batch.reset(origin: view.start, arrivalTime: 7)
            batch.appendLines(view, readable: view.end + 64)
            try #require(batch.records.count == texts.count)
            for number in texts.indices {
                let record = batch.records[number]
                let isLoose = RecordBatch.isLoose(record)
                loose += isLoose ? 1 : 0
                let got = answer(batch, number) { record, name in
                    isLoose
                        ? batch.slot(record, registered: numbers[name])
                        : batch.shape(record).slot(named: Self.names[name])?.packed ?? -1
                }
                let want = careful(texts[number], carefulBatch, alone)
                #expect(
                    got == want, "round \(round): \(String(decoding: texts[number], as: UTF8.self))"
                )
            }
        }
        // While shapes are few, each is learned.
        #expect(loose > 700)
    }

    /// The same bytes may stand between two values of different objects: what the key means depends on which objects are open,
    /// however often it was the other one.
    @Test(arguments: kinds) func aKeyMeansWhatItsObjectMakesOfIt(kind: Int32) throws {
        let memory = try GuardedMemory(capacity: 1 << 16)
        let batch = RecordBatch()
        let number = batch.register("status_code")
        batch.reset(origin: memory.place([], slack: 0).start, arrivalTime: 0)
        batch.table.walkers = weir_walkers_at(kind)
        func line(_ index: Int, isAtTop: Bool) -> String {
            // A key of its own keeps the shape from being known.
            let own = "\"own\(index)\":\"x\",\"text\":\"some words\",\"more\":\"of them\""
            let status = "\"status_code\":\(100 + index % 400),\"last\":true"
            return isAtTop
                ? "{\(own),\"a\":{\"b\":1,\"c\":2},\(status)}"
                : "{\(own),\"a\":{\"b\":{\"c\":2},\(status)}}"
        }
        var loose = 0
        for round in 0..<12 {
            let runs = 0..<100
            // Long runs of one kind, so that it is expected, then both in turn.
            let isAtTop = runs.map { round < 4 ? true : round < 8 ? false : $0 % 3 == 0 }
            let lines = runs.map { line(round * 100 + $0, isAtTop: isAtTop[$0]) }
            let view = memory.place(Array(lines.joined(separator: "\n").utf8), slack: 64)
            batch.reset(origin: view.start, arrivalTime: 7)
            batch.appendLines(view, readable: view.end + 64)
            try #require(batch.records.count == lines.count)
            for index in runs {
                let record = batch.records[index]
                guard RecordBatch.isLoose(record) else { continue }
                loose += 1
                let packed = batch.slot(record, registered: number)
                #expect((packed >= 0) == isAtTop[index], "\(lines[index])")
            }
        }
        #expect(loose > 800)
    }

    /// What closes an inner object closes more than there is where none is open, though all bytes are known.
    @Test(arguments: kinds) func moreBracesThanAreOpenAreRefused(kind: Int32) throws {
        let memory = try GuardedMemory(capacity: 1 << 16)
        let batch = RecordBatch()
        batch.reset(origin: memory.place([], slack: 0).start, arrivalTime: 0)
        batch.table.walkers = weir_walkers_at(kind)
        for round in 0..<3 {
            let inner = "\"a\":{\"b\":{\"c\":{\"d\":1}},\"k\":{\"x\":1}}"
            // Not the last line, which has no newline and is not for the loose walk.
            let lines = (0..<100).map { index in
                index == 50
                    ? "{\"more\":\"words\",\"a\":{\"d\":1}},\"k\":{\"x\":1}"
                    : "{\"own\(round)\(index)\":\"x\",\(inner),\"more\":\"words\"}"
            }
            let view = memory.place(Array(lines.joined(separator: "\n").utf8), slack: 64)
            batch.reset(origin: view.start, arrivalTime: 7)
            batch.appendLines(view, readable: view.end + 64)
            try #require(batch.records.count == lines.count)
            for (index, line) in lines.enumerated() {
                #expect(
                    batch.format(batch.records[index]) == (index == 50 ? .text : .json), "\(line)")
            }
        }
    }

    /// A name that is registered when lines have been scanned already is found in them, too.
    @Test func aNameThatIsRegisteredLateIsFound() throws {
        let memory = try GuardedMemory(capacity: 1 << 20)
        let batch = RecordBatch()
        let texts = (0..<600).map { "{\"k\($0)\":1,\"own\":\"v\($0)\",\"n\($0)\":{\"x\":[1]}}" }
        let view = memory.place(Array(texts.joined(separator: "\n").utf8), slack: 64)
        batch.reset(origin: view.start, arrivalTime: 0)
        batch.appendLines(view, readable: view.end + 64)
        let number = batch.register("own")
        var loose = 0
        var scratch = ByteWriter(capacity: 64)
        for (index, record) in batch.records.buffer.enumerated() where RecordBatch.isLoose(record) {
            loose += 1
            let slot = batch.slot(record, registered: number)
            try #require(slot >= 0)
            #expect(
                batch.text(record, FieldSlot(packed: slot), scratch: &scratch).text == "v\(index)")
        }
        #expect(loose > 100)
    }

    /// Lines of a structure that comes again and again get a shape of their own, however many others there are.
    @Test func aStructureThatComesAgainIsLearned() throws {
        let memory = try GuardedMemory(capacity: 1 << 20)
        let batch = RecordBatch()
        let others = (0..<700).map { "{\"k\($0)\":1,\"n\($0)\":{\"x\":[1]},\"l\($0)\":\"y\"}" }
        let again = (0..<200).map {
            "{\"again\":\($0),\"and\":{\"again\":\"\($0)\"},\"a\":[\"b\"]}"
        }
        let view = memory.place(Array((others + again).joined(separator: "\n").utf8), slack: 64)
        batch.reset(origin: view.start, arrivalTime: 0)
        batch.appendLines(view, readable: view.end + 64)
        let last = batch.records[batch.records.count - 1]
        #expect(!RecordBatch.isLoose(last))
        #expect(batch.shape(last).fields.map(\.path) == ["again", "and.again", "a"])
        #expect(RecordBatch.isLoose(batch.records[699]))
    }

    /// A key that had a plain value at first may have an object later, with what is of interest in it.
    @Test func anObjectWhereAValueWasIsLookedInto() throws {
        let memory = try GuardedMemory(capacity: 1 << 20)
        let batch = RecordBatch()
        let number = batch.register("endpoint")
        let lines =
            ["{\"http\":{\"request\":\"GET\"},\"first\":1}"]
            + (0..<400).map { "{\"k\($0)\":1,\"n\($0)\":{\"x\":[1]},\"l\($0)\":\"y\"}" }
            + ["{\"http\":{\"request\":{\"path\":\"/found\"}},\"last\":1}"]
            // The first of such lines tells of the new key.
            + ["{\"http\":{\"request\":{\"path\":\"/found\"}},\"another\":{\"x\":1}}"]
        let view = memory.place(
            Array((lines + lines.suffix(1) + lines.prefix(1)).joined(separator: "\n").utf8),
            slack: 64)
        batch.reset(origin: view.start, arrivalTime: 0)
        batch.appendLines(view, readable: view.end + 64)
        let record = batch.records[lines.count - 1]
        try #require(RecordBatch.isLoose(record))
        let slot = batch.slot(record, registered: number)
        try #require(slot >= 0)
        var scratch = ByteWriter(capacity: 64)
        #expect(batch.text(record, FieldSlot(packed: slot), scratch: &scratch).text == "/found")
    }

    /// Paths that are too long are refused, however the line is read.
    @Test func pathsThatAreTooLongAreRefused() throws {
        let memory = try GuardedMemory(capacity: 1 << 20)
        let batch = RecordBatch()
        let others = (0..<400).map { "{\"k\($0)\":1,\"n\($0)\":{\"x\":[1]},\"l\($0)\":\"y\"}" }
        let key = String(repeating: "k", count: 128)
        let long =
            String(repeating: "{\"\(key)\":", count: 8) + "1" + String(repeating: "}", count: 8)
        let view = memory.place(
            Array((others + [long] + others.suffix(20)).joined(separator: "\n").utf8), slack: 64)
        batch.reset(origin: view.start, arrivalTime: 0)
        batch.appendLines(view, readable: view.end + 64)
        #expect(batch.format(batch.records[others.count]) == .text)
    }
}
