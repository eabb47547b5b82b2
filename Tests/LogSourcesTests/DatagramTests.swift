import Foundation
import LogBytes
import LogMetrics
import LogSources
import LogSystem
import TestSupport
import Testing

@Suite struct DatagramTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func start(
        _ kind: SocketKind = .udp, _ settings: DatagramSettings = DatagramSettings(),
        chunkCount: Int = 4, chunkBytes: Int = 1 << 17, isDrained: Bool = true
    ) throws -> (source: DatagramSource, running: RunningSource) {
        let socket = try TestSocket.open(
            kind, path: directory.file("socket"), sharing: settings.readers > 1)
        let source = try DatagramSource(socket, settings: settings)
        let running = RunningSource(
            source, chunkCount: chunkCount, chunkBytes: chunkBytes, isDrained: isDrained)
        #expect(running.waitForListening())
        return (source, running)
    }

    /// The lines that come of these datagrams.
    private func lines(
        _ datagrams: [[UInt8]], _ framing: LineFraming = .auto, kind: SocketKind = .udp,
        chunkBytes: Int = 1 << 17, counters check: (MetricsRegistry) -> Void = { _ in }
    ) throws -> OutletLines {
        let (source, running) = try start(
            kind, DatagramSettings(framing: framing), chunkBytes: chunkBytes)
        let client = try SocketClient(source.name)
        for datagram in datagrams { client.send(datagram) }
        client.send("the end")
        #expect(running.wait { running.lines.last == "the end" })
        var received = try running.end()
        if received.lines.last == "the end" { received.lines.removeLast() }
        check(running.counters)
        return received
    }

    private func lines(_ texts: String..., framing: LineFraming = .auto) throws -> [String] {
        try lines(texts.map { Array($0.utf8) }, framing).lines
    }

    @Test func aDatagramIsOneLineOrSeveral() throws {
        #expect(
            try lines("one", "two\n", "three\u{0}", "four\n\u{0}") == [
                "one", "two", "three", "four",
            ])
        #expect(try lines("a\nb\n", "c\n\nd") == ["a", "b", "c", "", "d"])
        #expect(try lines("{\"a\":1}\n{\"b\":2}") == ["{\"a\":1}", "{\"b\":2}"])
        #expect(try lines("<1>a\n<2>b\n") == ["<1>a", "<2>b"])
        // Of messages that look like one, newlines are a part.
        #expect(try lines("<1>trace\n  at x\n") == ["<1>trace\n  at x"])
        #expect(try lines("{\"a\":\n1}") == ["{\"a\":\n1}"])
        #expect(try lines("<1>trace\n  at x", framing: .newline) == ["<1>trace", "  at x"])
        #expect(try lines("a\nb", framing: .octet) == ["a\nb"])
        #expect(try lines("\n", "x^2\n") == ["", "x^2"])
    }

    @Test(arguments: [SocketKind.udp, .unixDatagram])
    func largeDatagramsAreWhole(_ kind: SocketKind) throws {
        let large = [UInt8](repeating: UInt8(ascii: "x"), count: 65_000)
        let got = try lines([large, Array("y\n".utf8)], kind: kind)
        #expect(got.lines.map(\.utf8.count) == [65_000, 1] && got.cutLines == 0)
    }

    @Test func linesLongerThanTheLimitAreCut() throws {
        let got = try lines(
            [
                Array("0123456789abcdef".utf8), Array("ab\n0123456789\ncd".utf8),
                Array("<\nx345678".utf8),
            ],
            chunkBytes: 8)
        #expect(got.lines == ["0123456", "ab", "0123456", "cd", "<\nx3456"])
        #expect(got.cutLines == 3 && got.cutBytes == 9 + 3 + 2)
    }

    @Test func emptyDatagramsAreCounted() throws {
        let got = try lines([[], Array("a".utf8)]) { counters in
            #expect(counters.values(.datagramsDropped) == ["empty": 1])
        }
        #expect(got.lines == ["a"])
    }

    // MARK: GELF

    private func chunk(_ id: UInt8, _ index: UInt8, _ count: UInt8, _ part: String) -> [UInt8] {
        [0x1E, 0x0F, id, 0, 0, 0, 0, 0, 0, 0, index, count] + Array(part.utf8)
    }

    @Test func chunksOfGELFBecomeTheirMessage() throws {
        let got = try lines([
            chunk(1, 1, 3, "\"b\""), chunk(2, 0, 1, "{\"whole\":1}"), chunk(1, 2, 3, ":1}"),
            chunk(3, 0, 2, "<lost"), chunk(1, 0, 3, "{"),
        ]) { counters in
            #expect(counters.values(.datagramsDropped) == ["gelf_incomplete": 1])
        }
        #expect(got.lines == ["{\"whole\":1}", "{\"b\":1}"])
    }

    @Test func malformedChunksAreCounted() throws {
        let got = try lines([
            [0x1E, 0x0F, 1, 2], chunk(1, 0, 0, "a"), chunk(1, 2, 2, "a"), chunk(1, 0, 129, "a"),
            chunk(2, 0, 2, "a"), chunk(2, 0, 2, "a"), chunk(2, 1, 3, "a"), chunk(2, 1, 2, "b"),
        ]) { counters in
            #expect(counters.values(.datagramsDropped) == ["gelf_malformed": 6])
        }
        #expect(got.lines == ["ab"])
    }

    @Test func incompleteMessagesAreBounded() throws {
        let datagrams = (0..<2_000).map { index in
            [0x1E, 0x0F, UInt8(index & 0xFF), UInt8(index >> 8), 0, 0, 0, 0, 0, 0, 0, 2] + [65]
        }
        let got = try lines(datagrams) { counters in
            #expect(counters.values(.datagramsDropped) == ["gelf_incomplete": 2_000])
        }
        #expect(got.lines == [])
    }

    @Test func compressedMessagesAreUnpacked() throws {
        // What Python's zlib and gzip make of {"z":1} and {"z":2}, and of 3,000 times the letter a.
        let zlib: [UInt8] = [
            0x78, 0x9C, 0xAB, 0x56, 0xAA, 0x52, 0xB2, 0x32, 0xAC, 0x05, 0x00, 0x08, 0xA7, 0x02,
            0x22,
        ]
        let gzip: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xAB, 0x56, 0xAA, 0x52,
            0xB2, 0x32, 0xAA, 0x05, 0x00, 0xFF, 0x59, 0x06, 0x6A, 0x07, 0x00, 0x00, 0x00,
        ]
        let bomb: [UInt8] = [
            0x78, 0x9C, 0xED, 0xC1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xC2, 0xA0, 0xAC, 0xEB, 0x5F,
            0xC2, 0x1A, 0x1E, 0x40, 0x01, 0x00, 0x00, 0xEF, 0x06, 0x40, 0xAC, 0x70, 0xF5,
        ]
        var damaged = zlib
        damaged[6] ^= 0x55
        let parts = [Array(zlib[..<8]), Array(zlib[8...])].enumerated().map { index, part in
            [0x1E, 0x0F, 9, 0, 0, 0, 0, 0, 0, 0, UInt8(index), 2] + part
        }
        let got = try lines(
            [zlib, gzip, damaged, Array(gzip.dropLast(3)), bomb] + parts, chunkBytes: 1 << 10
        ) { counters in
            #expect(counters.values(.datagramsDropped) == ["damaged": 3])
        }
        #expect(got.lines == ["{\"z\":1}", "{\"z\":2}", "{\"z\":1}"])
        #expect(try lines([bomb]).lines == [String(repeating: "a", count: 3_000)])
    }

    // MARK: Accounting

    @Test(arguments: [1, 3])
    func receivedAndDroppedAreAllThatWereSent(_ readers: Int) throws {
        var settings = DatagramSettings(readers: readers)
        // So small that the kernel has to drop while nobody takes anything.
        settings.bufferBytes = 4_096
        let (source, running) = try start(
            .udp, settings, chunkCount: 2, chunkBytes: 1 << 10, isDrained: false)
        let sent = 5_000
        let clients = try (0..<8).map { _ in try SocketClient(source.name) }
        for index in 0..<sent { clients[index % 8].send("line \(index)") }
        let outlet = running.outlet
        let draining = Background {
            var lines = 0
            while case .delivery(let delivery) = outlet.receive(until: nil) {
                lines += delivery.chunk.view.text.count { $0 == "\n" }
                outlet.recycle(delivery.chunk)
            }
            return lines
        }
        let rest = try running.end()
        let received = try draining.result() + rest.lines.count
        let dropped = Int(running.counters.values(.datagramsDropped)["kernel"] ?? 0)
        #expect(received + dropped == sent)
        #expect(dropped > 0 && received > 0)
        #expect(running.texts.contains { $0.contains("the kernel had no room for datagrams") })
    }

    @Test func stoppingTakesWhatHasArrived() throws {
        let (source, running) = try start(.udp, isDrained: false)
        let client = try SocketClient(source.name)
        for index in 0..<1_000 { client.send("line \(index)") }
        let received = try running.end()
        #expect(received.lines == (0..<1_000).map { "line \($0)" })
    }
}
