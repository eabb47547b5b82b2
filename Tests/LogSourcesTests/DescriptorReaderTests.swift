import Glibc
import LogBytes
import LogSystem
import TestSupport
import Testing

@testable import LogSources

/// A source over a pipe that the test writes into.
private struct PipeSource: LineSource {
    let name = "pipe"
    let pipe: TestPipe
    private let reader: DescriptorReader

    init(_ pipe: TestPipe) throws {
        self.pipe = pipe
        reader = try DescriptorReader(descriptor: pipe.reader, name: "pipe")
    }

    func run(in context: SourceContext) throws { try reader.run(in: context) }
    func stop() { reader.stop() }
}

@Suite struct DescriptorReaderTests {
    /// Starts `source` on a thread; the value says whether it ended without an error.
    private func start(_ source: any LineSource, _ outlet: ChunkOutlet) -> Background<Bool> {
        Background { (try? source.run(in: SourceContext(outlet: outlet))) != nil }
    }

    private func receive(_ outlet: ChunkOutlet) throws -> ByteChunk {
        // Only a test that has failed waits so long.
        let deadline = SystemClock().monotonic() + 60_000_000_000
        guard case .delivery(let delivery) = outlet.receive(until: deadline) else {
            throw NoChunk()
        }
        return delivery.chunk
    }

    private struct NoChunk: Error {}

    @Test func everyCutBetweenWritesGivesTheSameLines() throws {
        let input = Array("ab\r\ncdé\n\n\u{0}\nend".utf8)
        for cut in 0...input.count {
            let pipe = try TestPipe()
            let writing = Background {
                pipe.write(Array(input[..<cut]))
                let wasRead = (try? pipe.awaitRead()) != nil
                pipe.write(Array(input[cut...]))
                pipe.end()
                return wasRead
            }
            let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 9)
            let (received, errors) = try outlet.run([PipeSource(pipe)])
            #expect(try writing.result())
            #expect(received.bytes == input, "cut at \(cut)")
            #expect(received.lines == Received.lines(input), "cut at \(cut)")
            #expect(errors == [])
        }
    }

    /// A thousand inputs in writes of random sizes: what comes out is what went in, byte for byte.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func randomInputComesOutByteForByte(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let lineBytesMax = random.below(60)
            var input: [UInt8] = []
            for _ in 0..<random.below(40) {
                input += random.bytes(random.below(lineBytesMax + 1)).map { $0 == 10 ? 13 : $0 }
                input.append(10)
            }
            if random.below(2) == 0, !input.isEmpty { input.removeLast() }
            var pieces: [ArraySlice<UInt8>] = []
            var done = 0
            while done < input.count {
                let count = min(1 + random.below(200), input.count - done)
                pieces.append(input[done..<done + count])
                done += count
            }
            let pipe = try TestPipe()
            let writes = pieces
            let writing = Background {
                for piece in writes { pipe.write(Array(piece)) }
                pipe.end()
                return true
            }
            let outlet = ChunkOutlet(
                chunkCount: 1 + random.below(3), chunkBytes: lineBytesMax + 1 + random.below(40))
            let (received, errors) = try outlet.run([PipeSource(pipe)])
            #expect(try writing.result())
            if received.bytes != input || received.lines != Received.lines(input)
                || received.skippedBytes != 0 || errors != []
            {
                Issue.record("seed \(seed): \(input.count) bytes came as \(received)")
            }
        }
    }

    @Test func anOverlongLineIsCutAndTheNextIsWhole() throws {
        let pipe = try TestPipe()
        pipe.write("first\n" + String(repeating: "x", count: 5_000) + "\nlast")
        pipe.end()
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 101)
        let (received, _) = try outlet.run([PipeSource(pipe)])
        #expect(received.texts == ["first", String(repeating: "x", count: 100), "last"])
        #expect(received.skippedBytes == 4_900)
        #expect(received.truncatedLines == 1)
    }

    /// The writer is silent and stays; whole lines come all the same, the half line when the reader is stopped.
    @Test func aSilentWriterHoldsNothingBackAndStoppingEndsTheWait() throws {
        let pipe = try TestPipe()
        let source = try PipeSource(pipe)
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 64)
        let running = start(source, outlet)
        pipe.write("one\ntwo\nhal")
        var received = Received()
        while received.lines.count < 2 {
            let chunk = try receive(outlet)
            received.take(chunk)
            outlet.recycle(chunk)
        }
        #expect(received.texts == ["one", "two"])
        pipe.write("f")
        try pipe.awaitRead()
        source.stop()
        #expect(try running.result())
        received.take(try receive(outlet))
        #expect(received.texts == ["one", "two", "half"])
    }

    @Test func aStoppedReaderReadsNoMore() throws {
        let pipe = try TestPipe()
        let source = try PipeSource(pipe)
        pipe.write("unread\n")
        source.stop()
        source.stop()
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 64)
        let (received, errors) = try outlet.run([source])
        #expect(received == Received())
        #expect(errors == [])
        #expect(pipe.unread == 7)
    }

    /// Two chunks are out and none comes back: the rest stays in the pipe, and so with the writer.
    @Test func aSlowPipelineMakesTheReaderWait() throws {
        let pipe = try TestPipe()
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 10)
        pipe.write((0..<100).map { "line \($0 % 10)\n" }.joined())
        pipe.end()
        let running = start(try PipeSource(pipe), outlet)
        var received = Received()
        let first = try receive(outlet)
        let second = try receive(outlet)
        received.take(first)
        received.take(second)
        #expect(received.texts == ["line 0", "line 1"])
        // 10 bytes fill the first chunk; its last three go to the second, in front of 7 more.
        #expect(pipe.unread == 700 - 17)
        if case .delivery = outlet.receive(until: 0) { Issue.record("a third chunk came") }
        #expect(Array(first.view) == Array("line 0\n".utf8))
        #expect(Array(second.view) == Array("line 1\n".utf8))

        outlet.recycle(first)
        let third = try receive(outlet)
        #expect(third === first)
        received.take(third)
        outlet.recycle(second)
        outlet.recycle(third)
        let draining = outlet.drained()
        #expect(try running.result())
        outlet.finish()
        received.lines += try draining.result().lines
        #expect(received.texts == (0..<100).map { "line \($0 % 10)" })
    }

    @Test func aClosedOutletEndsTheReader() throws {
        let pipe = try TestPipe()
        let outlet = ChunkOutlet(chunkCount: 1, chunkBytes: 10)
        let running = start(try PipeSource(pipe), outlet)
        pipe.write("line 1\nline 2\nline 3\n")
        _ = try receive(outlet)
        outlet.close()
        #expect(try running.result())
    }

    /// Four files at once hung: each source held a full chunk while it waited for another.
    @Test func manySourcesShareFewChunks() throws {
        let inputs = (0..<6).map { source in (0..<200).map { "source \(source) line \($0)\n" } }
        let pipes = try inputs.map { lines in
            let pipe = try TestPipe()
            pipe.write(lines.joined())
            pipe.end()
            return pipe
        }
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 32)
        let (received, errors) = try outlet.run(pipes.map { try PipeSource($0) })
        #expect(errors == [])
        for (source, lines) in inputs.enumerated() {
            let own = received.texts.filter { $0.hasPrefix("source \(source) ") }
            #expect(own.map { $0 + "\n" } == lines)
        }
    }

    /// A source whose input ended behind its last newline kept a chunk: after some of them, nothing was read any more.
    @Test func inputsThatEndGiveTheirChunksBack() throws {
        let outlet = ChunkOutlet(chunkCount: 1, chunkBytes: 32)
        let sources = try (0..<10).map { _ in
            let pipe = try TestPipe()
            pipe.end()
            return try PipeSource(pipe)
        }
        let last = try TestPipe()
        last.write("behind the empty ones")
        last.end()
        let running = Background {
            for source in sources { try? source.run(in: SourceContext(outlet: outlet)) }
            return (try? PipeSource(last).run(in: SourceContext(outlet: outlet))) != nil
        }
        let received = try receive(outlet)
        #expect(received.view.text == "behind the empty ones")
        #expect(try running.result())
    }

    /// Half a line may wait for its rest for ever; the other sources go on meanwhile.
    @Test func halfLinesHoldNoChunk() throws {
        let outlet = ChunkOutlet(chunkCount: 1, chunkBytes: 32)
        let slow = try (0..<3).map { _ in try PipeSource(TestPipe()) }
        let waiting = slow.map { source in
            source.pipe.write("half ")
            return start(source, outlet)
        }
        let quick = try TestPipe()
        quick.write("whole\n")
        quick.end()
        let running = start(try PipeSource(quick), outlet)
        let chunk = try receive(outlet)
        #expect(chunk.view.text == "whole\n")
        outlet.recycle(chunk)
        #expect(try running.result())
        for source in slow {
            source.pipe.write("a line\n")
            source.pipe.end()
        }
        let draining = outlet.drained()
        for source in waiting { #expect(try source.result()) }
        outlet.finish()
        #expect(try draining.result().texts == Array(repeating: "half a line", count: 3))
    }

    @Test func aDescriptorThatDoesNotWaitIsReadToItsEnd() throws {
        let pipe = try TestPipe()
        _ = fcntl(pipe.reader, F_SETFL, O_NONBLOCK)
        let writing = Background {
            for number in 0..<50 {
                pipe.write("\(number)\n")
                if number % 10 == 0 { try? pipe.awaitRead() }
            }
            pipe.end()
            return true
        }
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 64)
        let (received, errors) = try outlet.run([PipeSource(pipe)])
        #expect(try writing.result())
        #expect(received.texts == (0..<50).map(String.init))
        #expect(errors == [])
    }

    @Test func aReadThatFailsIsTold() throws {
        let directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try #require(directory >= 0)
        defer { close(directory) }
        let reader = try DescriptorReader(descriptor: directory, name: "standard input")
        let outlet = ChunkOutlet(chunkCount: 1, chunkBytes: 8)
        do {
            try reader.run(in: SourceContext(outlet: outlet))
            Issue.record("a directory was read")
        } catch {
            #expect("\(error)" == "cannot read standard input: Is a directory")
        }
        // The chunk that it was to be read into is back.
        #expect(outlet.emptyChunk() != nil)
    }
}
