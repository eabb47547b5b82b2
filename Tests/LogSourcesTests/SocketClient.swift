import Glibc
import LogSources
import LogSystem

/// A socket of a test's own, which talks to a source.
final class SocketClient: @unchecked Sendable {
    private(set) var descriptor: Int32

    struct Failure: Error { let code: Int32 }

    /// Connects to what a `BoundSocket` is called.
    init(_ name: String) throws {
        let parts = name.split(separator: " ", maxSplits: 1).map(String.init)
        let isStream = parts[0] == "tcp" || parts[0] == "unix"
        let isInternet = parts[0] == "tcp" || parts[0] == "udp"
        let type = Int32(isStream ? SOCK_STREAM.rawValue : SOCK_DGRAM.rawValue)
        descriptor = socket(isInternet ? AF_INET : AF_UNIX, type | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        let result =
            isInternet ? Self.internet(descriptor, parts[1]) : Self.unix(descriptor, parts[1])
        guard result == 0 else {
            let code = errno
            close()
            throw Failure(code: code)
        }
    }

    deinit { close() }

    private static func internet(_ descriptor: Int32, _ address: String) -> Int32 {
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = (address.split(separator: ":").last.flatMap { UInt16($0) } ?? 0).bigEndian
        target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func unix(_ descriptor: Int32, _ path: String) -> Int32 {
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { room in
            for (index, byte) in path.utf8.prefix(room.count - 1).enumerated() {
                room[index] = byte
            }
        }
        return withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Sends all of `bytes`, waiting for room; false when the other side has gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var done = 0
        repeat {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    descriptor, buffer.baseAddress.map { $0 + done }, bytes.count - done,
                    Int32(MSG_NOSIGNAL))
            }
            if count < 0 { return false }
            done += count
        } while done < bytes.count
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Sends what there is room for without waiting; the number of bytes.
    func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { buffer in
            max(
                Glibc.send(
                    descriptor, buffer.baseAddress, buffer.count,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)), 0)
        }
    }

    /// Waits until the other side has closed the connection.
    func waitForEnd() -> Bool {
        eventually {
            var byte: UInt8 = 0
            let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
            return count == 0 || (count < 0 && errno != EAGAIN)
        }
    }

    /// Says that nothing more will be sent.
    func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

/// Sockets for tests.
enum TestSocket {
    static func open(
        _ kind: SocketKind, path: String = "", sharing: Bool = false
    ) throws -> BoundSocket {
        let address = try ListenAddress(kind.isInternet ? "127.0.0.1:0" : path, kind: kind)
        return try BoundSocket.open(address, kind: kind, sharing: sharing)[0]
    }
}
