import LogBytes
import LogMetrics
import LogSystem
import TestSupport
import Testing

@testable import LogSources

@Suite struct LineFramerTests {
    private struct Framed: Equatable {
        var lines: [String] = []
        var cutLines = 0
        var cutBytes = 0
        /// Whether the connection ended inside a line.
        var isUnterminated = false
    }

    /// What comes of reads with these contents.
    private func framed(
        _ reads: [[UInt8]], _ framing: LineFraming = .auto, lineBytesMax: Int = 1 << 12,
        budget: CarryBudget = CarryBudget()
    ) throws -> Framed {
        let outlet = ChunkOutlet(chunkCount: 8, chunkBytes: lineBytesMax + 1)
        let draining = Background {
            var lines = OutletLines()
            while case .delivery(let delivery) = outlet.receive(until: nil) {
                lines.take(delivery.chunk)
                outlet.recycle(delivery.chunk)
            }
            return lines
        }
        let handoff = LineHandoff(SourceContext(outlet: outlet), source: "test")
        var framer = LineFramer(framing, lineBytesMax: lineBytesMax, budget: budget)
        for read in reads {
            var done = 0
            while done < read.count {
                var piece = Array(read[done..<min(done + lineBytesMax + 1, read.count)])
                let isOpen = piece.withUnsafeMutableBufferPointer { buffer in
                    buffer.baseAddress.map { framer.take($0, buffer.count, handoff) } ?? true
                }
                #expect(isOpen)
                done += piece.count
            }
        }
        let isUnterminated = framer.finish(handoff)
        outlet.finish()
        let lines = try draining.result()
        return Framed(
            lines: lines.lines, cutLines: lines.cutLines, cutBytes: lines.cutBytes,
            isUnterminated: isUnterminated ?? false)
    }

    /// Checks that `text` gives these lines, in one read, byte by byte, and cut in two at every place.
    private func check(
        _ text: String, _ want: [String], _ framing: LineFraming = .auto,
        unterminated: Bool = false, location: SourceLocation = #_sourceLocation
    ) throws {
        let bytes = Array(text.utf8)
        var ways = [[bytes], bytes.map { [$0] }]
        for cut in 0...bytes.count { ways.append([Array(bytes[..<cut]), Array(bytes[cut...])]) }
        for way in ways {
            let got = try framed(way, framing)
            let note = Comment(rawValue: "read as \(way.map(\.count))")
            #expect(got.lines == want, note, sourceLocation: location)
            #expect(got.isUnterminated == unterminated, note, sourceLocation: location)
            #expect(got.cutLines == 0, note, sourceLocation: location)
        }
    }

    @Test func newlinesEndLines() throws {
        try check("", [])
        try check("a\n", ["a"])
        try check("a\nbc\n\nd\r\n", ["a", "bc", "", "d\r"])
        try check("a\nb", ["a", "b"], unterminated: true)
        try check("{\"a\":1}\n{\"b\":2}\n", ["{\"a\":1}", "{\"b\":2}"])
        // A zero byte is a byte like any other, unless the first line ends in one behind a brace.
        try check("a\u{0}b\nc\n", ["a\u{0}b", "c"])
        try check("{\"a\":1}\nb}\u{0}\n", ["{\"a\":1}", "b}\u{0}"])
        try check("12 apples\n3 pears\n", ["12 apples", "3 pears"])
        try check("<13>a\n", ["<13>a"], .newline)
        try check("5 <13>a\nb\n", ["5 <13>a", "b"], .newline)
    }

    @Test func zeroBytesEndLinesThatHaveNewlinesInside() throws {
        try check("{\"a\":1}\u{0}{\"b\":2}\u{0}", ["{\"a\":1}", "{\"b\":2}"])
        try check("{\"a\":1}\u{0}{\"b\"\n:2}\u{0}c\u{0}", ["{\"a\":1}", "{\"b\"\n:2}", "c"])
        try check("{\"a\":1}\u{0}{\"b\":2}", ["{\"a\":1}", "{\"b\":2}"], unterminated: true)
        try check("a\nb\n\u{0}c\u{0}", ["a\nb", "c"], .nul)
        try check("\u{0}\n\u{0}", ["", ""], .nul)
    }

    @Test func countedMessagesKeepTheirNewlines() throws {
        try check("5 <1>ab6 <2>c\nd", ["<1>ab", "<2>c\nd"])
        try check("5 <1>ab\n5 <2>cd\n", ["<1>ab", "<2>cd"])
        try check("4 <1>a4 abc\n3 \n\nx", ["<1>a", "abc", "\n\nx"])
        try check("4 abcd10 0123456789", ["abcd", "0123456789"], .octet)
        try check("9 <1>abc", ["<1>abc"], unterminated: true)
        try check("4 <1>a12", ["<1>a", "12"], unterminated: true)
        // Where no length stands in front, a newline ends the line, and the next may be counted again.
        try check("4 <1>aoops\n4 <1>b", ["<1>a", "oops", "<1>b"])
        try check("4 <1>a77x\n4 <1>b", ["<1>a", "77x", "<1>b"])
        try check("4 <1>a0 x\n9999999999 y\n", ["<1>a", "0 x", "9999999999 y"])
        try check("4 <1>a77\n4 <1>b", ["<1>a", "77", "<1>b"])
    }

    @Test func randomMessagesComeBackHoweverTheyAreCut() throws {
        var random = SeededGenerator(seed: 7)
        for round in 0..<200 {
            let messages = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                "<"
                    + String(
                        (0..<Int.random(in: 0...300, using: &random)).map { _ in
                            "ab\n<1 {}9".randomElement(using: &random) ?? "x"
                        }) + "x"
            }
            let plain = messages.map { $0.filter { $0 != "\n" } }
            for (framing, want, text) in [
                (LineFraming.octet, messages, messages.map { "\($0.utf8.count) \($0)" }.joined()),
                (.auto, messages, messages.map { "\($0.utf8.count) \($0)" }.joined()),
                (.nul, messages, messages.map { "\($0)\u{0}" }.joined()),
                (.newline, plain, plain.map { "\($0)\n" }.joined()),
                (.auto, plain, plain.map { "\($0)\n" }.joined()),
            ] {
                let bytes = Array(text.utf8)
                var reads: [[UInt8]] = []
                var start = 0
                while start < bytes.count {
                    let end = min(start + Int.random(in: 1...400, using: &random), bytes.count)
                    reads.append(Array(bytes[start..<end]))
                    start = end
                }
                let got = try framed(reads, framing)
                #expect(got.lines == want, "round \(round), \(framing)")
                #expect(!got.isUnterminated)
            }
        }
    }

    @Test func aLongLineIsCutAndTheNextOneIsWhole() throws {
        let long = String(repeating: "x", count: 100)
        func check(_ text: String, _ framing: LineFraming) throws {
            for size in [1, 7, 64, 1_000] {
                let bytes = Array(text.utf8)
                let reads = stride(from: 0, to: bytes.count, by: size).map {
                    Array(bytes[$0..<min($0 + size, bytes.count)])
                }
                let got = try framed(reads, framing, lineBytesMax: 10)
                #expect(got.lines == ["ab", "xxxxxxxxxx", "cd"], "\(framing), reads of \(size)")
                #expect(got.cutLines == 1)
                #expect(got.cutBytes == 90)
            }
        }
        try check("ab\n\(long)\ncd\n", .newline)
        try check("ab\n\(long)\ncd\n", .auto)
        try check("ab\u{0}\(long)\u{0}cd\u{0}", .nul)
        try check("2 ab100 \(long)2 cd", .octet)
        // The very longest line is whole.
        #expect(try framed([Array("0123456789\na\n".utf8)], lineBytesMax: 10).cutLines == 0)
        #expect(try framed([Array("01234567890\na\n".utf8)], lineBytesMax: 10).cutLines == 1)
    }

    @Test func longLinesShareABudgetAndShortOnesDoNotNeedIt() throws {
        let budget = CarryBudget(bytesMax: 10_000)
        let held = CarriedLineBox(limit: 1 << 20, budget: budget)
        held.append(9_000)
        #expect(budget.usedBytes > 0)
        // The beginning of a line and its end, in two reads: short ones have memory of their own.
        let short = String(repeating: "s", count: 1_000)
        let got = try framed(
            [Array(short.utf8), Array("end\n".utf8)], lineBytesMax: 1 << 20, budget: budget)
        #expect(got.lines == [short + "end"])
        // Long ones are cut where the budget ends; what is whole in one read needs none.
        let long = String(repeating: "l", count: 50_000)
        let cut = try framed(
            [Array(long.utf8), Array("end\nwhole\n".utf8)], lineBytesMax: 1 << 20, budget: budget)
        #expect(cut.lines.count == 2 && cut.lines.last == "whole")
        #expect(cut.cutLines == 1)
        #expect(cut.cutBytes + (cut.lines.first?.utf8.count ?? 0) == 50_003)
        #expect((cut.lines.first?.utf8.count ?? 0) < 10_000)
        held.clear()
        #expect(budget.usedBytes == 0)
        let later = try framed(
            [Array(long.prefix(5_000).utf8), Array("\n".utf8)], lineBytesMax: 1 << 20,
            budget: budget)
        #expect(later.cutLines == 0 && later.lines.first?.utf8.count == 5_000)
        #expect(budget.usedBytes == 0)
    }
}

/// A line that holds a part of the budget.
private final class CarriedLineBox {
    private var line: CarriedLine

    init(limit: Int, budget: CarryBudget) { line = CarriedLine(limit: limit, budget: budget) }

    func append(_ count: Int) {
        [UInt8](repeating: 1, count: count).withView { line.append($0) }
    }

    func clear() { line.removeAll() }
}
