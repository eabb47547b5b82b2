import CLogKernels
import LogBytes
import TestSupport
import Testing

/// The kernels that read packed integers, and place values.
@Suite struct FrameKernelTests {
    private var generator = SeededGenerator(seed: 11)

    /// Frames of `values`, with nothing readable behind them.
    private func packed(_ values: [Int64], _ memory: GuardedMemory) -> ByteView {
        var out = [UInt8](repeating: 0, count: values.count * 8 + (values.count / 128 + 1) * 11 + 8)
        let count = weir_pack_frames(values, values.count, 0, &out)
        return memory.place(Array(out[..<count]))
    }

    private func unpacked(_ frames: ByteView, _ count: Int) -> [Int64]? {
        var out = [Int64](repeating: -7, count: count + 1)
        let taken = weir_unpack_frames(frames.start, frames.count, count, &out)
        #expect(out[count] == -7)
        return taken == frames.count ? Array(out[..<count]) : nil
    }

    private func codes(_ frames: ByteView, _ count: Int, limit: Int) -> [UInt32]? {
        var out = [UInt32](repeating: 7, count: count + 1)
        let taken = weir_unpack_codes(frames.start, frames.count, count, UInt32(limit), &out)
        #expect(out[count] == 7)
        return taken == frames.count ? Array(out[..<count]) : nil
    }

    @Test mutating func framesOfEveryWidthComeBack() throws {
        let memory = try GuardedMemory(capacity: 1 << 14)
        for width in 0...64 {
            for count in [1, 2, 7, 8, 9, 127, 128, 129, 300] {
                let mask: UInt64 = width == 64 ? ~0 : (1 << UInt64(width)) - 1
                let smallest = Int64(generator.below(1_000)) - 500
                let values = (0..<count).map { _ in
                    Int64(bitPattern: generator.next() & mask) &+ smallest
                }
                #expect(unpacked(packed(values, memory), count) == values, "\(width) \(count)")
            }
        }
    }

    @Test mutating func numbersOfValuesComeBackAndNoOthers() throws {
        let memory = try GuardedMemory(capacity: 1 << 14)
        for width in 0...30 {
            for count in [1, 7, 8, 9, 40, 128, 129, 300] {
                let limit = 1 << width
                let values = (0..<count).map { _ in Int64(generator.below(limit)) }
                let frames = packed(values, memory)
                let wanted = values.map { UInt32($0) }
                #expect(codes(frames, count, limit: limit) == wanted, "\(width) \(count)")
                let largest = Int(wanted.max() ?? 0)
                #expect(codes(frames, count, limit: largest + 1) == wanted)
                if largest > 0 { #expect(codes(frames, count, limit: largest) == nil) }
            }
        }
        #expect(codes(packed([0, -1], memory), 2, limit: 10) == nil)
        #expect(codes(packed([1 << 40], memory), 1, limit: 1 << 30) == nil)
    }

    @Test mutating func cutFramesAreRefused() throws {
        let memory = try GuardedMemory(capacity: 1 << 14)
        let values = (0..<300).map { _ in Int64(generator.below(700)) }
        let whole = Array(packed(values, memory))
        for count in 0..<whole.count {
            let cut = memory.place(Array(whole[..<count]))
            var wide = [Int64](repeating: 0, count: 300)
            var narrow = [UInt32](repeating: 0, count: 300)
            #expect(weir_unpack_frames(cut.start, cut.count, 300, &wide) == -1)
            #expect(weir_unpack_codes(cut.start, cut.count, 300, 1_000, &narrow) == -1)
        }
        // A width that no number has, and a smallest number that does not end.
        for bytes: [UInt8] in [[0, 65, 0, 0], [UInt8](repeating: 0xFF, count: 20)] {
            var wide: [Int64] = [0]
            let frames = memory.place(bytes)
            #expect(weir_unpack_frames(frames.start, frames.count, 1, &wide) == -1)
        }
    }

    @Test mutating func repeatedValuesHaveTheNumberOfTheRowThatTheyRepeat() {
        for count in [0, 1, 2, 15, 16, 17, 400] {
            var distances: [UInt32] = []
            var wanted: [UInt32] = []
            var numbers: [UInt32] = []
            for row in 0..<count {
                let distance = generator.below(3) == 0 ? generator.below(min(row, 15) + 1) : 0
                distances.append(UInt32(distance))
                if distance == 0 {
                    numbers.append(UInt32(generator.below(1_000_000)))
                    wanted.append(numbers[numbers.count - 1])
                } else {
                    wanted.append(wanted[row - distance])
                }
            }
            var out = [UInt32](repeating: 0, count: count + 1)
            #expect(weir_recent_codes(distances, count, numbers, numbers.count, &out) == 1)
            #expect(Array(out[..<count]) == wanted)
            #expect(weir_recent_codes(distances, count, numbers, numbers.count + 1, &out) == 0)
            // Without numbers new values have 0, 1, …
            #expect(weir_recent_codes(distances, count, nil, numbers.count, &out) == 1)
            let news = (0..<count).filter { distances[$0] == 0 }
            #expect(news.map { out[$0] } == (0..<UInt32(numbers.count)).map { $0 })
        }
        var out: [UInt32] = [0, 0, 0]
        #expect(weir_recent_codes([0, 2, 0], 3, [1, 2], 2, &out) == 0)
        #expect(weir_recent_codes([1, 0, 0], 3, [1, 2], 2, &out) == 0)
        let far = [UInt32](repeating: 0, count: 20) + [16]
        var longer = [UInt32](repeating: 0, count: 21)
        #expect(weir_recent_codes(far, 21, Array(0..<20), 20, &longer) == 0)
    }

    @Test mutating func placesCountWhatStandsBefore() {
        let codes = (0..<500).map { _ in UInt32(generator.below(5)) }
        let has: [UInt8] = [1, 0, 1, 1, 0]
        var places = [UInt32](repeating: 0, count: codes.count + 1)
        weir_places(codes, codes.count, has, &places)
        for row in 0...codes.count {
            #expect(Int(places[row]) == codes[..<row].count { has[Int($0)] == 1 })
        }
        var next: [UInt32] = [10, 0, 100]
        let counters: [UInt32] = [0, 1, 2, 2, 0]
        let steps: [UInt32] = [1, 1, 2, 3, 1]
        var byCounter = [UInt32](repeating: 0, count: codes.count)
        weir_places_by_counter(codes, codes.count, counters, steps, &next, &byCounter)
        var expected: [UInt32] = [10, 0, 100]
        for (row, code) in codes.enumerated() {
            let counter = Int(counters[Int(code)])
            #expect(byCounter[row] == expected[counter])
            expected[counter] += steps[Int(code)]
        }
    }
}
