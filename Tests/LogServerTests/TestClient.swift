import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A client of HTTP/1.1 that sends exactly the bytes that it is told to, piece by piece.
final class TestClient {
    /// A response.
    struct Answer {
        var status = 0
        var reason = ""
        var headers: [String: String] = [:]
        var body: [UInt8] = []

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Failure: Error {
        let what: String
    }

    private let descriptor: Int32
    private var received: [UInt8] = []

    /// A connection to `127.0.0.1:PORT`. A server that never answers fails the test instead of hanging it.
    init(_ address: String) throws {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw Failure(what: "no port in \(address)")
        }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(what: "cannot connect: \(errno)") }
    }

    deinit { close(descriptor) }

    /// The head of a request.
    static func head(
        _ method: String, _ path: String, _ headers: [String] = [], length: Int?
    ) -> [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: weir\r\n"
        for header in headers { text += header + "\r\n" }
        if let length { text += "Content-Length: \(length)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(what: "cannot send: \(errno)") }
            sent += count
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Says that nothing more is sent.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// True when the server closes the connection without another byte.
    func isClosed() throws -> Bool { try receive() == 0 }

    /// The next response; that to HEAD has no body, whatever length it names.
    func answer(toHead isHead: Bool = false) throws -> Answer {
        while true {
            if let answer = try parse(isHead) { return answer }
            guard try receive() > 0 else {
                throw Failure(
                    what: "closed after \(String(decoding: received, as: UTF8.self))")
            }
        }
    }

    private func receive() throws -> Int {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0, errno == ECONNRESET { return 0 }
        guard count >= 0 else { throw Failure(what: "nothing came: \(errno)") }
        received += buffer.prefix(count)
        return count
    }

    private func parse(_ isHead: Bool) throws -> Answer? {
        guard let end = Data(received).range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: received[..<end.lowerBound], as: UTF8.self)
        var lines = head.components(separatedBy: "\r\n")
        var answer = Answer()
        let first = lines.removeFirst().split(separator: " ", maxSplits: 2)
        answer.status = Int(first[1]) ?? 0
        answer.reason = first.count > 2 ? String(first[2]) : ""
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            answer.headers[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        let length = isHead ? 0 : Int(answer.headers["content-length"] ?? "") ?? 0
        guard received.count >= end.upperBound + length else { return nil }
        answer.body = Array(received[end.upperBound..<end.upperBound + length])
        received.removeFirst(end.upperBound + length)
        return answer
    }
}
