import LogBytes
import Testing

@Suite struct ByteChunkTests {
    @Test func holdsWhatIsAppendedAndForgetsIt() {
        let chunk = ByteChunk(capacity: 10)
        #expect(chunk.view.isEmpty)
        chunk.append(ByteView("hello"))
        chunk.append(ByteView.empty)
        chunk.append(ByteView("world"))
        #expect(chunk.view.text == "helloworld")
        chunk.cutLines = 1
        chunk.cutBytes = 2
        chunk.oneLineRanges = [0..<3]
        chunk.removeAll()
        #expect(chunk.view.isEmpty)
        #expect(chunk.cutLines == 0 && chunk.cutBytes == 0 && chunk.oneLineRanges.isEmpty)
    }

    @Test func isReadableBehindItsCapacity() {
        for capacity in [0, 1, 100] {
            let chunk = ByteChunk(capacity: capacity)
            let padding = ByteView(chunk.base + capacity, ByteChunk.paddingBytes)
            #expect(Array(padding).allSatisfy { $0 == 0 })
            #expect(chunk.readableEnd == padding.end)
        }
    }
}
