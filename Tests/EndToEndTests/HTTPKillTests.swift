import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Writers over HTTP whose weir is killed under them: what was answered is there, and what is sent again with its key is there
/// once.
@Suite struct HTTPKillTests {
    private static let cycles =
        ProcessInfo.processInfo.environment["WEIR_KILL_CYCLES"].flatMap { Int($0) } ?? 1_000

    /// A request that curl sends, and repeats until it is answered well.
    private struct Request {
        let number: Int
        let lines: [String]
        var isAnswered = false

        init(_ number: Int, lines count: Int) {
            self.number = number
            lines = (0..<count).map { "{\"r\":\(number),\"n\":\($0)}" }
        }

        var body: String { lines.joined(separator: "\n") + "\n" }
    }

    /// Sends one request; the status, 0 where none came.
    private func send(_ request: Request, to address: String, stop: Int? = nil) -> Int {
        let parts = address.split(separator: ":")
        guard let port = parts.last.flatMap({ UInt16($0) }) else { return 0 }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isConnected = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { return 0 }
        let head =
            "POST /insert/jsonline HTTP/1.1\r\nHost: weir\r\nIdempotency-Key: r\(request.number)\r\n"
            + "Content-Length: \(request.body.utf8.count)\r\n\r\n"
        var bytes = Array((head + request.body).utf8)[...]
        if let stop { bytes = bytes.prefix(stop) }
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return 0 }
            bytes = bytes.dropFirst(count)
        }
        if stop != nil { return 0 }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 12 else { return 0 }
        return Int(String(decoding: buffer[9..<12], as: UTF8.self)) ?? 0
    }

    @Test func keyedRequestsAreStoredOnceThroughKills() throws {
        let scratch = try Scratch()
        var random = SeededGenerator(seed: 6)
        var requests: [Request] = []
        var open: [Int] = []
        let rounds = max(10, Self.cycles / 20)
        var wanted = 0
        for _ in 0..<rounds {
            let server = try HTTPListener(scratch, ["--commit-interval", "5"])
            // However slow the machine is, so many are answered in this life; then it dies at some moment of the next ones.
            var untilKill = Int(random.below(4))
            wanted += untilKill
            let delay = useconds_t(random.below(12_000))
            var killer: Background<Void>?
            // Those that were not answered come first, some broken off in the middle again.
            var isGone = false
            while !isGone {
                if untilKill == 0, killer == nil {
                    killer = Background { [pid = server.running.process.processIdentifier] in
                        usleep(delay)
                        kill(pid, SIGKILL)
                    }
                }
                if open.isEmpty {
                    requests.append(Request(requests.count, lines: 1 + Int(random.below(400))))
                    open.append(requests.count - 1)
                }
                let number = open[0]
                if random.below(4) == 0 {
                    let stop = Int(random.below(requests[number].body.utf8.count + 100))
                    _ = send(requests[number], to: server.address, stop: stop)
                }
                switch send(requests[number], to: server.address) {
                case 200:
                    requests[number].isAnswered = true
                    open.removeFirst()
                    untilKill = max(untilKill - 1, 0)
                case 409: break
                case 0: isGone = true
                case let status:
                    Issue.record("status \(status)")
                    untilKill = 0
                }
            }
            if killer == nil {
                Issue.record("nobody answered, and nobody had killed it: \(server.errors)")
                kill(server.running.process.processIdentifier, SIGKILL)
            }
            try killer?.result()
            _ = try server.running.wait()
        }
        let server = try HTTPListener(scratch)
        for number in open {
            var status = 409
            while status == 409 { status = send(requests[number], to: server.address) }
            #expect(status == 200)
        }
        server.running.process.terminate()
        #expect(try server.running.wait().status == 0)
        let stored = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
        let want = sortedLines(Data(requests.flatMap(\.lines).joined(separator: "\n").utf8))
        #expect(sortedLines(stored.output) == want)
        #expect(requests.count { $0.isAnswered } >= wanted)
    }
}
