import LogBytes
import Testing

@Suite struct VectorTests {
    @Test func growsLikeAnArray() {
        var vector = Vector<UInt32>(capacity: 0)
        var array: [UInt32] = []
        #expect(vector.buffer.isEmpty)
        for value in 0..<10_000 as Range<UInt32> {
            vector.append(value &* 2_654_435_761)
            array.append(value &* 2_654_435_761)
        }
        #expect(vector.count == array.count)
        #expect(Array(vector.buffer) == array)
        #expect(vector.capacity < 4 * array.count)
    }

    @Test func appendsRunsOfElements() {
        var vector = Vector<Int>(capacity: 1)
        var array: [Int] = []
        for length in [0, 1, 5, 0, 100, 3] {
            let run = (0..<length).map { $0 * 7 }
            run.withUnsafeBufferPointer { buffer in
                if let base = buffer.baseAddress { vector.append(base, buffer.count) }
            }
            array += run
        }
        #expect(Array(vector.buffer) == array)
    }

    @Test func truncatesAndForgetsButKeepsItsMemory() {
        var vector = Vector<UInt8>(capacity: 4)
        for value in 0..<100 as Range<UInt8> { vector.append(value) }
        let capacity = vector.capacity
        vector.truncate(200)
        #expect(vector.count == 100)
        vector.truncate(3)
        #expect(Array(vector.buffer) == [0, 1, 2])
        vector[1] = 9
        #expect(vector[1] == 9)
        vector.removeAll()
        let isEmpty = vector.isEmpty
        #expect(isEmpty)
        #expect(vector.capacity == capacity)
    }

    @Test func reservesRoomThatACallerFills() {
        var vector = Vector<UInt8>(capacity: 2)
        vector.append(1)
        vector.reserve(50)
        #expect(vector.capacity >= 51)
        for index in 0..<50 { vector.base[vector.count + index] = UInt8(index) }
        vector.advance(50)
        #expect(Array(vector.buffer) == [1] + (0..<50))
    }
}
