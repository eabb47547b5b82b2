import LogBytes
import TestSupport
import Testing

@Suite struct ByteReaderTests {
    /// One of each kind of value that a layout can hold.
    private enum Item: Equatable {
        case byte(UInt8)
        case short(UInt16)
        case word(UInt32)
        case long(Int64)
        case varint(UInt64)
        case zigzag(Int64)
        case bytes([UInt8])
    }

    private func randomItem(_ generator: inout SeededGenerator) -> Item {
        // Every bit length is equally likely, so that every length of varint occurs.
        let value = generator.next() >> UInt64(generator.below(64))
        switch generator.below(7) {
        case 0: return .byte(UInt8(truncatingIfNeeded: value))
        case 1: return .short(UInt16(truncatingIfNeeded: value))
        case 2: return .word(UInt32(truncatingIfNeeded: value))
        case 3: return .long(Int64(bitPattern: value))
        case 4: return .varint(value)
        case 5: return .zigzag(Int64(bitPattern: value) * (value % 2 == 0 ? 1 : -1))
        default: return .bytes(generator.bytes(generator.below(200)))
        }
    }

    private func write(_ item: Item, into out: inout ByteWriter) {
        switch item {
        case .byte(let value): out.append(fixed: value)
        case .short(let value): out.append(fixed: value)
        case .word(let value): out.append(fixed: value)
        case .long(let value): out.append(fixed: value)
        case .varint(let value): out.append(varint: value)
        case .zigzag(let value): out.append(zigzag: value)
        case .bytes(let value): value.withView { out.append(lengthPrefixed: $0) }
        }
    }

    private func read(
        like item: Item, _ reader: inout ByteReader
    ) throws(MalformedBytes) -> Item {
        switch item {
        case .byte: .byte(try reader.fixed(UInt8.self, "byte"))
        case .short: .short(try reader.fixed(UInt16.self, "short"))
        case .word: .word(try reader.fixed(UInt32.self, "word"))
        case .long: .long(try reader.fixed(Int64.self, "long"))
        case .varint: .varint(try reader.varint("varint"))
        case .zigzag: .zigzag(try reader.zigzag("zigzag"))
        case .bytes: .bytes(Array(try reader.lengthPrefixed("bytes")))
        }
    }

    @Test func whatIsWrittenIsRead() throws {
        var generator = SeededGenerator(seed: 10)
        for _ in 0..<500 {
            let items = (0..<generator.below(20)).map { _ in randomItem(&generator) }
            var out = ByteWriter(capacity: 1)
            for item in items { write(item, into: &out) }
            var reader = ByteReader(out.view)
            for item in items { #expect(try read(like: item, &reader) == item) }
            #expect(reader.remaining == 0)
        }
    }

    /// Cut anywhere, the reader says so; it neither traps nor looks behind the cut.
    @Test func cutInputIsMalformedAtEveryLength() throws {
        let memory = try GuardedMemory(capacity: 65_536)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<40 {
            let items = (0..<12).map { _ in randomItem(&generator) }
            var out = ByteWriter()
            for item in items { write(item, into: &out) }
            let all = Array(out.view)
            for length in 0..<all.count {
                var reader = ByteReader(memory.place(Array(all.prefix(length))))
                var fault: MalformedBytes?
                do {
                    for item in items {
                        let found = try read(like: item, &reader)
                        #expect(found == item)
                    }
                } catch {
                    fault = error
                }
                let offset = try #require(fault, "cut at \(length) of \(all.count)").offset
                #expect(offset <= length)
            }
        }
    }

    @Test func randomBytesNeverTrap() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<5_000 {
            var reader = ByteReader(memory.place(generator.bytes(generator.below(40))))
            while reader.remaining > 0 {
                guard (try? read(like: randomItem(&generator), &reader)) != nil else { break }
            }
            #expect(reader.remaining >= 0)
        }
    }

    @Test func varints() throws {
        func check(_ value: UInt64, _ want: [UInt8]) throws {
            var out = ByteWriter()
            out.append(varint: value)
            #expect(Array(out.view) == want)
            var reader = ByteReader(out.view)
            #expect(try reader.varint("number") == value)
        }
        try check(0, [0])
        try check(127, [0x7F])
        try check(128, [0x80, 0x01])
        try check(300, [0xAC, 0x02])
        try check(.max, Array(repeating: 0xFF, count: 9) + [0x01])
        #expect(Varint.bytesMax == 10)

        func refuse(_ bytes: [UInt8]) {
            bytes.withView { view in
                var reader = ByteReader(view)
                #expect(throws: MalformedBytes.self) { try reader.varint("number") }
            }
        }
        refuse([])
        refuse([0x80])
        refuse(Array(repeating: 0xFF, count: 9))
        refuse(Array(repeating: 0xFF, count: 9) + [0x02])
        refuse(Array(repeating: 0xFF, count: 10) + [0x01])
        refuse(Array(repeating: 0x80, count: 40))
    }

    @Test func zigzagKeepsSmallMagnitudesShort() {
        func check(_ value: Int64, _ folded: UInt64) {
            #expect(Varint.zigzag(value) == folded)
            #expect(Varint.unzigzag(folded) == value)
        }
        check(0, 0)
        check(-1, 1)
        check(1, 2)
        check(-64, 127)
        check(.max, .max - 1)
        check(.min, .max)
    }

    @Test func lengthsBeyondTheLimitAreMalformed() throws {
        func read(_ value: UInt64, limit: Int) throws -> Int {
            var out = ByteWriter()
            out.append(varint: value)
            var reader = ByteReader(out.view)
            return try reader.length(atMost: limit, "rows")
        }
        #expect(try read(10, limit: 10) == 10)
        #expect(throws: MalformedBytes(offset: 1, what: "rows")) { try read(11, limit: 10) }
        #expect(throws: MalformedBytes.self) { try read(.max, limit: .max) }

        let bytes: [UInt8] = [1, 2, 3]
        bytes.withView { view in
            var reader = ByteReader(view)
            #expect(throws: MalformedBytes(offset: 0, what: "block")) {
                try reader.bytes(4, "block")
            }
            #expect(throws: MalformedBytes.self) { try reader.bytes(-1, "block") }
            #expect(throws: MalformedBytes.self) { try reader.bytes(.max, "block") }
            #expect(reader.remaining == 3)
        }
    }

    @Test func integersAreLittleEndian() {
        var out = ByteWriter()
        out.append(fixed: UInt32(0x0102_0304))
        out.append(fixed: Int16(-2))
        #expect(Array(out.view) == [4, 3, 2, 1, 0xFE, 0xFF])
    }
}
