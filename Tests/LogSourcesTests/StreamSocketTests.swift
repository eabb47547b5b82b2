import Foundation
import LogBytes
import LogMetrics
import LogSources
import TestSupport
import Testing

@Suite struct StreamSocketTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func start(
        _ kind: SocketKind = .tcp, _ settings: StreamSettings = StreamSettings(),
        chunkCount: Int = 4, chunkBytes: Int = 1 << 16, isDrained: Bool = true
    ) throws -> (source: StreamSocketSource, running: RunningSource) {
        let socket = try TestSocket.open(kind, path: directory.file("socket"))
        let source = try StreamSocketSource(socket, settings: settings)
        let running = RunningSource(
            source, chunkCount: chunkCount, chunkBytes: chunkBytes, isDrained: isDrained)
        #expect(running.waitForListening())
        return (source, running)
    }

    @Test(arguments: [SocketKind.tcp, .unix])
    func linesOfManyClientsArriveWholeAndInTheirOrder(_ kind: SocketKind) throws {
        let (source, running) = try start(kind)
        let name = source.name
        let clients = try (0..<20).map { _ in try SocketClient(name) }
        for round in 0..<50 {
            for (index, client) in clients.enumerated() {
                client.send("{\"client\":\(index),\"n\":")
                client.send("\(round)}\n")
            }
        }
        for client in clients { client.close() }
        #expect(running.wait { running.lines.count == 1_000 })
        let received = try running.end()
        for index in clients.indices {
            let own = received.lines.filter { $0.hasPrefix("{\"client\":\(index),") }
            #expect(own == (0..<50).map { "{\"client\":\(index),\"n\":\($0)}" })
        }
        #expect(running.counters.values(.sourceLines) == [name: 1_000])
        #expect(running.counters.values(.connections) == [name: 20])
        #expect(running.counters.values(.openConnections) == [name: 0])
        #expect(running.texts.first == "listening on \(name)")
    }

    @Test func aLastLineWithoutNewlineIsTakenAtAHalfCloseAndCounted() throws {
        let (source, running) = try start()
        let client = try SocketClient(source.name)
        client.send("whole\nhalf")
        client.halfClose()
        #expect(running.wait { running.lines == ["whole", "half"] })
        #expect(running.wait { running.counters.value(.unterminated) == 1 })
        #expect(client.waitForEnd())
        #expect(try running.end().lines == ["whole", "half"])
    }

    @Test func whatHasArrivedAtTheEndIsTaken() throws {
        // Nobody takes anything until the source has been stopped; many connections have not even been accepted.
        let (source, running) = try start(chunkCount: 2, chunkBytes: 1 << 10, isDrained: false)
        let clients = try (0..<100).map { _ in try SocketClient(source.name) }
        for (index, client) in clients.enumerated() {
            client.send(String(repeating: "\(index)\n", count: 100))
        }
        source.stop()
        let outlet = running.outlet
        let draining = Background {
            var lines = 0
            while case .delivery(let delivery) = outlet.receive(until: nil) {
                lines += delivery.chunk.view.text.count { $0 == "\n" }
                outlet.recycle(delivery.chunk)
            }
            return lines
        }
        #expect(running.wait { running.counters.value(.sourceLines) == 10_000 })
        let rest = try running.end()
        #expect(try draining.result() + rest.lines.count == 10_000)
    }

    @Test func aFullPipelineMakesTheSenderWait() throws {
        let (source, running) = try start(chunkCount: 2, chunkBytes: 1 << 12, isDrained: false)
        let client = try SocketClient(source.name)
        let lines = Array(
            String(repeating: String(repeating: "x", count: 99) + "\n", count: 600).utf8)
        var sent = 0
        // The buffers of the kernel and the two chunks take some; then the sender would have to wait.
        let isFull = eventually {
            let count = client.sendWithoutWaiting(lines)
            sent += count
            return count == 0 && running.counters.value(.sourceBytes) > 0
        }
        #expect(isFull)
        let taken = running.counters.value(.sourceBytes)
        #expect(taken <= 2 << 12, "more than the chunks hold")
        // When somebody takes the lines, all arrive.
        let outlet = running.outlet
        let draining = Background {
            var bytes = 0
            while case .delivery(let delivery) = outlet.receive(until: nil) {
                bytes += delivery.chunk.count
                outlet.recycle(delivery.chunk)
            }
            return bytes
        }
        client.close()
        #expect(running.wait { running.counters.values(.openConnections) == [source.name: 0] })
        let rest = try running.end()
        let restBytes = rest.lines.reduce(0) { $0 + $1.utf8.count + 1 }
        let received = try draining.result() + restBytes
        // The last line may lack its end; it gets one.
        #expect([sent, sent + 1].contains(received), "\(received) of \(sent) bytes")
    }

    @Test func connectionsBeyondTheLimitAreRefusedAndCounted() throws {
        let settings = StreamSettings(ledger: ConnectionLedger(connectionsMax: 2))
        let (source, running) = try start(.tcp, settings)
        let first = try SocketClient(source.name)
        let second = try SocketClient(source.name)
        #expect(running.wait { running.counters.value(.connections) == 2 })
        #expect(running.wait { running.counters.values(.openConnections) == [source.name: 2] })
        let third = try SocketClient(source.name)
        #expect(third.waitForEnd())
        #expect(try SocketClient(source.name).waitForEnd())
        #expect(running.counters.values(.connectionsRefused) == ["too_many": 2])
        // Whoever is in stays in, and a place that gets free is given away.
        first.send("first\n")
        #expect(running.wait { running.lines == ["first"] })
        second.close()
        #expect(running.wait { running.counters.values(.openConnections) == [source.name: 1] })
        try SocketClient(source.name).send("fourth\n")
        #expect(running.wait { running.lines.contains("fourth") })
        _ = try running.end()
        // One sentence at once, and the rest at the end.
        #expect(running.texts.count { $0.contains("--max-connections") } == 2)
    }

    @Test func idleConnectionsAreClosedWhenThatIsAsked() throws {
        let (source, running) = try start(.tcp, StreamSettings(idleSeconds: 1))
        let client = try SocketClient(source.name)
        client.send("half a line")
        #expect(client.waitForEnd())
        #expect(running.counters.values(.connectionsRefused) == ["idle": 1])
        #expect(try running.end().lines == ["half a line"])
        #expect(running.counters.value(.unterminated) == 1)
    }

    @Test func aGiantLineIsCutAndTheConnectionGoesOn() throws {
        let (source, running) = try start(.unix, chunkBytes: 1 << 12)
        let client = try SocketClient(source.name)
        let part = [UInt8](repeating: UInt8(ascii: "g"), count: 1 << 16)
        for _ in 0..<64 { client.send(part) }
        client.send("\nnext\n")
        #expect(running.wait { running.lines.count == 2 })
        let received = try running.end()
        #expect(received.lines.map(\.utf8.count) == [(1 << 12) - 1, 4])
        #expect(received.cutLines == 1 && received.cutBytes == (64 << 16) - (1 << 12) + 1)
    }

    @Test func aUnixSocketTakesTheNameOfADeadOneOnly() throws {
        let path = directory.file("socket")
        let address = try ListenAddress(path, kind: .unix)
        func error(_ kind: SocketKind = .unix) -> String? {
            do {
                _ = try BoundSocket.open(address, kind: kind)
                return nil
            } catch {
                return error.description
            }
        }
        let name: String
        do {
            let (source, running) = try start(.unix)
            name = source.name
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
            #expect(error()?.contains("another process listens there") == true)
            #expect(error(.unixDatagram)?.contains("another process listens there") == true)
            _ = try running.end()
        }
        #expect(name == "unix \(path)")
        #expect(!FileManager.default.fileExists(atPath: path), "the socket file is left")
        // What a process that was killed leaves.
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { room in
            for (index, byte) in path.utf8.enumerated() { room[index] = byte }
        }
        let isBound = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(isBound == 0)
        close(dead)
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(error() == nil)
        // A file that is no socket stays.
        try Data("mine".utf8).write(to: URL(filePath: path))
        #expect(error()?.contains("no socket; move it away") == true)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    @Test func addressesThatCannotBeHadAreTold() throws {
        let taken = try TestSocket.open(.tcp)
        func error(_ text: String) -> String {
            do {
                return "\(try BoundSocket.open(try ListenAddress(text, kind: .tcp), kind: .tcp))"
            } catch {
                return error.description
            }
        }
        let address = taken.name.dropFirst("tcp ".count)
        #expect(error(String(address)).contains("another process listens there"))
        #expect(error("192.0.2.1:1").contains("this machine has no such address"))
        #expect(error("no.such.host.invalid:1").contains("cannot find the address of"))
        #expect(error("systemd").contains("systemd has passed no such socket"))
        #expect(taken.isLocal)
    }

    @Test func allAddressesAreNotLocal() throws {
        let socket = try BoundSocket.open(try ListenAddress(":0", kind: .tcp), kind: .tcp)[0]
        #expect(!socket.isLocal)
        // IPv4 clients reach it, whether or not the machine has IPv6.
        let source = try StreamSocketSource(socket, settings: StreamSettings())
        let running = RunningSource(source)
        try SocketClient(source.name).send("over IPv4\n")
        #expect(running.wait { running.lines == ["over IPv4"] })
        _ = try running.end()
    }
}
