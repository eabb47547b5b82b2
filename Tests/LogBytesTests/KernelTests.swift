import CLogKernels
import LogBytes
import TestSupport
import Testing

@Suite struct KernelTests {
    /// What `weir_string_stop` promises, one byte at a time.
    private func plainStop(_ view: ByteView) -> (offset: Int, high: Bool) {
        var high = false
        for index in 0..<view.count {
            let byte = view[index]
            if byte == ASCII.quote || byte == ASCII.backslash || byte < 0x20 {
                return (index, high)
            }
            if byte >= 0x80 { high = true }
        }
        return (view.count, high)
    }

    private func expectSameStop(
        _ view: ByteView, slack: Int, location: SourceLocation = #_sourceLocation
    ) {
        var high: UInt32 = 0
        let stop = weir_string_stop(view.start, view.end, view.end + slack, &high)
        let want = plainStop(view)
        #expect(stop - view.start == want.offset, sourceLocation: location)
        // Behind the last byte nothing is promised about `high`: the caller refuses the text.
        if want.offset < view.count {
            #expect((high != 0) == want.high, sourceLocation: location)
        } else if want.high {
            #expect(high != 0, sourceLocation: location)
        }
    }

    @Test func stringStopFindsEveryStopperAtEveryPlace() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        for slack in [0, 1, 15, 16, 17, 40] {
            for length in 0..<70 {
                let plain = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                expectSameStop(memory.place(plain, slack: slack), slack: slack)
                for index in 0..<length {
                    for stopper: UInt8 in [0x00, 0x1F, 0x22, 0x5C] {
                        var bytes = plain
                        bytes[index] = stopper
                        expectSameStop(memory.place(bytes, slack: slack), slack: slack)
                    }
                }
            }
        }
    }

    @Test func stringStopAgreesWithALoopOnEveryByteValue() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        for value in UInt8.min...UInt8.max {
            for index in [0, 1, 15, 16, 31, 32, 39] {
                var bytes = [UInt8](repeating: UInt8(ascii: " "), count: 40)
                bytes[index] = value
                expectSameStop(memory.place(bytes), slack: 0)
                expectSameStop(memory.place(bytes, slack: 24), slack: 24)
            }
        }
    }

    @Test func stringStopAgreesWithALoopOnRandomBytes() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<5_000 {
            // Stoppers are rare in real text: most bytes here are letters or UTF-8.
            let bytes = generator.bytes(generator.below(100)).map { byte -> UInt8 in
                byte < 0x60 && byte % 8 != 0 ? byte | 0x60 : byte
            }
            let slack = generator.below(40)
            expectSameStop(memory.place(bytes, slack: slack), slack: slack)
        }
    }

    @Test func hashLooksAtEveryByteAndNoFurther() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        var generator = SeededGenerator(seed: 6)
        for length in 0..<80 {
            let bytes = generator.bytes(length)
            let hash = memory.place(bytes).memoryHash
            #expect(memory.place(bytes, slack: 3).memoryHash == hash)
            for index in 0..<length {
                var other = bytes
                other[index] ^= 0x10
                #expect(memory.place(other).memoryHash != hash)
            }
        }
        let zeros = (0..<80).map { memory.place(Array(repeating: 0, count: $0)).memoryHash }
        #expect(Set(zeros).count == zeros.count)
    }
}
