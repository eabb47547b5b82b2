import LogBytes
import TestSupport
import Testing

@testable import LogSources

@Suite struct LineChunkerTests {
    /// What comes of `input` in chunks of `chunkBytes`, read in pieces of these sizes and then of any; after each piece,
    /// `isDue` says whether its lines are due.
    private func chunked(
        _ input: [UInt8], chunkBytes: Int, sizes: [Int] = [], isDue: (Int) -> Bool = { _ in false }
    ) throws -> Received {
        let outlet = ChunkOutlet(chunkCount: 1, chunkBytes: chunkBytes)
        let draining = outlet.drained()
        var chunker = LineChunker(outlet: outlet, source: "test")
        var done = 0
        var reads = 0
        while done < input.count {
            guard let room = chunker.room() else { break }
            #expect(room.count > 0)
            let wanted = reads < sizes.count ? sizes[reads] : room.count
            let count = min(wanted, room.count, input.count - done)
            room.copyBytes(from: input[done..<done + count])
            chunker.advance(count)
            done += count
            reads += 1
            if chunker.isFull || isDue(reads) {
                let isOpen = chunker.sendLines()
                #expect(isOpen)
            }
        }
        let isOpen = chunker.finish()
        #expect(isOpen)
        outlet.finish()
        return try draining.result()
    }

    private func chunked(_ text: String, chunkBytes: Int) throws -> Received {
        try chunked(Array(text.utf8), chunkBytes: chunkBytes)
    }

    @Test func linesArePassedOnWhole() throws {
        func check(_ input: String, _ want: [String]) throws {
            let received = try chunked(input, chunkBytes: 8)
            #expect(received.texts == want)
            #expect(received.bytes == Array(input.utf8))
            #expect(received.skippedBytes == 0)
        }
        try check("", [])
        try check("\n", [""])
        try check("a", ["a"])
        try check("a\n", ["a"])
        try check("a\nb", ["a", "b"])
        try check("1234567\n", ["1234567"])
        try check("1234567", ["1234567"])
        try check("one\ntwo\nthree\nfour\nfive", ["one", "two", "three", "four", "five"])
        try check("a\r\n\r\nb\r", ["a\r", "\r", "b\r"])
        try check("\n\n\n\n\n\n\n\n\n\n", Array(repeating: "", count: 10))
        try check("a\u{0}b\n\u{0}\n", ["a\u{0}b", "\u{0}"])
    }

    @Test func invalidUTF8IsKept() throws {
        let input: [UInt8] = [0xFF, 0x0A, 0xC3, 0x28, 0x0A, 0xED, 0xA0, 0x80, 0x0A, 0xF0]
        let received = try chunked(input, chunkBytes: 6)
        #expect(received.bytes == input)
        #expect(received.lines == [[0xFF], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF0]])
    }

    /// Wherever two reads cut the input, and whether or not a pause lies there, the lines are the same.
    @Test func everyCutGivesTheSameLines() throws {
        let input = Array("ab\r\ncdé\n\n{\"a\":1}\nend".utf8)
        for first in 0...input.count {
            for second in first...input.count {
                for isDue in [false, true] {
                    let sizes = [max(first, 1), max(second - first, 1)]
                    let received = try chunked(input, chunkBytes: 9, sizes: sizes) { _ in isDue }
                    if received.lines != Received.lines(input) || received.skippedBytes > 0 {
                        Issue.record("cut at \(first) and \(second): \(received.texts)")
                    }
                }
            }
        }
    }

    /// A chunk has room for the newline of the longest line.
    @Test func anOverlongLineIsCutAndTheNextIsWhole() throws {
        func check(_ input: String, _ want: [String], skipped: Int, truncated: Int) throws {
            let received = try chunked(input, chunkBytes: 8)
            #expect(received.texts == want, "\(input)")
            #expect(received.skippedBytes == skipped, "\(input)")
            #expect(received.truncatedLines == truncated, "\(input)")
        }
        try check("1234567\nnext\n", ["1234567", "next"], skipped: 0, truncated: 0)
        try check("12345678\nnext\n", ["1234567", "next"], skipped: 1, truncated: 1)
        try check("123456789\nnext", ["1234567", "next"], skipped: 2, truncated: 1)
        try check("12345678", ["1234567"], skipped: 1, truncated: 1)
        let long = String(repeating: "x", count: 1_000)
        try check(long, ["xxxxxxx"], skipped: 993, truncated: 1)
        try check(long + "\n", ["xxxxxxx"], skipped: 993, truncated: 1)
        try check("a\n\(long)\nb\n", ["a", "xxxxxxx", "b"], skipped: 993, truncated: 1)
        try check(
            "\(long)\n\(long)\n\nb", ["xxxxxxx", "xxxxxxx", "", "b"], skipped: 1_986, truncated: 2)
        // No byte of a character is made up: the cut is one of bytes.
        try check("123456é\n", ["123456\u{FFFD}"], skipped: 1, truncated: 1)
    }

    /// Against a plain account of the limit: random bytes, random reads, random pauses.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func randomInputIsCutAsTheLimitDemands(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<25 {
            let chunkBytes = 2 + random.below(40)
            var input = random.bytes(random.below(400))
            for index in input.indices where random.below(12) == 0 { input[index] = 10 }
            let sizes = (0..<400).map { _ in 1 + random.below(30) }
            let pauses = (0..<500).map { _ in random.below(3) == 0 }
            let received = try chunked(input, chunkBytes: chunkBytes, sizes: sizes) { pauses[$0] }
            let lines = Received.lines(input)
            #expect(received.lines == lines.map { Array($0.prefix(chunkBytes - 1)) })
            #expect(
                received.skippedBytes
                    == lines.reduce(0) { $0 + max($1.count - (chunkBytes - 1), 0) })
            #expect(received.truncatedLines == lines.count { $0.count >= chunkBytes })
        }
    }

    @Test func aClosedOutletEndsIt() {
        let outlet = ChunkOutlet(chunkCount: 1, chunkBytes: 8)
        var chunker = LineChunker(outlet: outlet, source: "test")
        chunker.room()?.copyBytes(from: Array("a\nb".utf8))
        chunker.advance(3)
        outlet.close()
        let wasSent = chunker.sendLines()
        #expect(!wasSent)
        let hasRoom = chunker.room() != nil
        #expect(!hasRoom)
        let isFinished = chunker.finish()
        #expect(!isFinished)
    }
}
