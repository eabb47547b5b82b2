import Glibc
import LogSystem
import TestSupport
import Testing

/// A server on the loopback that serves one connection after the other, each on the same thread.
final class LoopbackServer: @unchecked Sendable {
    let port: Int
    private let listener: Int32
    private let lock = Lock()
    private var isClosed = false
    private var serving: Background<Bool>?

    /// Serves with `body`, which gets each connection; it is closed when it returns.
    init(_ body: @escaping @Sendable (Connection) -> Void) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = self.listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(isBound)
        serving = Background { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return true }
                if self?.lock.locked({ self?.isClosed ?? true }) ?? true {
                    close(client)
                    return true
                }
                body(Connection(descriptor: client))
                close(client)
            }
        }
    }

    /// Ends the thread.
    func stop() {
        lock.locked { isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
        _ = try? serving?.result()
        close(listener)
    }

    /// One connection.
    struct Connection {
        let descriptor: Int32

        func write(_ text: String) {
            _ = Array(text.utf8).withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
        }

        /// Some bytes; none at the end.
        func read() -> [UInt8] {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return Array(buffer.prefix(max(count, 0)))
        }

        /// A request of HTTP with its body.
        func readRequest() -> Request? {
            var bytes: [UInt8] = []
            while true {
                if let request = Request(bytes) { return request }
                let more = read()
                if more.isEmpty { return nil }
                bytes += more
            }
        }

        /// Ends the connection as a crash of the other side does.
        func reset() {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
    }

    /// A request as it arrived.
    struct Request: Sendable {
        let head: String
        let headers: [String: String]
        let body: String

        init?(_ bytes: [UInt8]) {
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
            let lines = text[..<end.lowerBound].split(separator: "\r\n")
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers[parts[0].lowercased()] = String((parts.last ?? "").drop { $0 == " " })
            }
            let length = headers["content-length"].flatMap { Int($0) } ?? 0
            let body = text[end.upperBound...]
            guard body.utf8.count >= length else { return nil }
            head = lines.first.map(String.init) ?? ""
            self.headers = headers
            self.body = String(body)
        }
    }
}

/// What threads of a server tell a test.
final class Journal<Element: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var elements: [Element] = []

    func add(_ element: Element) {
        lock.locked {
            elements.append(element)
            lock.signal()
        }
    }

    var all: [Element] { lock.locked { elements } }

    /// Waits until there are `count`; a test that fails gives up after a minute.
    func wait(for count: Int) -> [Element] {
        let deadline = SystemClock().monotonic() + 60_000_000_000
        return lock.locked {
            while elements.count < count, lock.wait(until: deadline) {}
            return elements
        }
    }
}

/// A server that answers the n-th request with the n-th answer, the last one from then on, and keeps the requests.
struct Receiving {
    let requests = Journal<LoopbackServer.Request>()
    let server: LoopbackServer
    var url: String { "http://127.0.0.1:\(server.port)" }

    init(_ answers: [String] = [Receiving.ok]) throws {
        let requests = self.requests
        let count = Journal<Int>()
        server = try LoopbackServer { connection in
            guard let request = connection.readRequest() else { return }
            let index = count.all.count
            count.add(0)
            requests.add(request)
            connection.write(answers[min(index, answers.count - 1)])
        }
    }

    static let ok = answer(200, "ok")

    static func answer(_ status: Int, _ body: String = "", _ headers: String = "") -> String {
        "HTTP/1.1 \(status) x\r\ncontent-length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }
}
