internal import Glibc
internal import LogSystem
internal import Testing

/// A server on the loopback that serves one connection after the other, each on the same thread.
public final class LoopbackServer: @unchecked Sendable {
    /// Where it is reached.
    public let port: Int
    private let listener: Int32
    private let lock = Lock()
    private var isClosed = false
    private var serving: Background<Bool>?
    private let body: @Sendable (Connection) -> Void

    /// Connections that wait for their turn.
    private static let backlog: Int32 = 64

    /// Serves with `body`, which gets each connection; it is closed when it returns.
    ///
    /// - Parameter isUp: whether it serves at once. One that does not yet has its port, and refuses whoever comes.
    public init(isUp: Bool = true, _ body: @escaping @Sendable (Connection) -> Void) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = self.listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        self.body = body
        try #require(isBound)
        if isUp { try start() }
    }

    /// Begins to serve.
    public func start() throws {
        try #require(listen(listener, Self.backlog) == 0)
        serving = Background { [weak self, listener, body] in
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
    public func stop() {
        lock.locked { isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
        _ = try? serving?.result()
        close(listener)
    }

    /// One connection.
    public struct Connection {
        let descriptor: Int32

        /// Sends text.
        public func write(_ text: String) {
            _ = Array(text.utf8).withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
        }

        /// Some bytes; none at the end.
        public func read() -> [UInt8] {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return Array(buffer.prefix(max(count, 0)))
        }

        /// A request of HTTP with its body.
        public func readRequest() -> Request? {
            var bytes: [UInt8] = []
            while true {
                if let request = Request(bytes) { return request }
                let more = read()
                if more.isEmpty { return nil }
                bytes += more
            }
        }

        /// Ends the connection as a crash of the other side does.
        public func reset() {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
    }

    /// A request as it arrived.
    public struct Request: Sendable {
        /// Its first line.
        public let head: String
        /// Its headers, their names in lower case.
        public let headers: [String: String]
        /// What follows them.
        public let body: String

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
