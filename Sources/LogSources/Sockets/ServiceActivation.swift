internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The sockets that systemd has opened for this process and passed on (`sd_listen_fds(3)`). Each is taken once.
final class ServiceActivation: @unchecked Sendable {
    /// Those of this process.
    static let shared = ServiceActivation(
        descriptors: environment("LISTEN_FDS"), process: environment("LISTEN_PID"),
        names: environment("LISTEN_FDNAMES"), ownProcess: getpid())

    /// The first descriptor that is passed on, by systemd's convention.
    static let firstDescriptor: Int32 = 3
    /// More sockets than anybody has; a larger number is a mistake in the environment.
    private static let descriptorsMax = 1_024

    private let lock = Lock()
    private var free: [(descriptor: Int32, name: String)] = []

    /// The sockets that the values of the environment speak of. They count only where they mean this process.
    init(descriptors: String?, process: String?, names: String?, ownProcess: Int32) {
        guard let count = descriptors.flatMap({ Int($0) }), count > 0,
            process.flatMap({ Int32($0) }) == ownProcess
        else { return }
        let names = (names ?? "").split(separator: ":", omittingEmptySubsequences: false)
        for index in 0..<min(count, Self.descriptorsMax) {
            let descriptor = Self.firstDescriptor + Int32(index)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            free.append((descriptor, index < names.count ? String(names[index]) : "unknown"))
        }
    }

    /// Takes the sockets of a kind, all or those of one name.
    func take(_ kind: SocketKind, name: String?) throws(ListenError) -> [Int32] {
        let option = "--\(kind.rawValue) systemd" + (name.map { ":\($0)" } ?? "")
        let taken: [Int32] = lock.locked {
            let fitting = free.filter {
                (name == nil || $0.name == name)
                    && Self.kind($0.descriptor) == (kind == .http ? .tcp : kind)
            }.map(\.descriptor)
            free.removeAll { fitting.contains($0.descriptor) }
            return fitting
        }
        guard !taken.isEmpty else {
            let known = lock.locked { free.map(\.name).joined(separator: ", ") }
            throw ListenError(
                "\(option): systemd has passed no such socket "
                    + (known.isEmpty ? "(none is left)" : "(left: \(known))")
                    + "; see Listen… and FileDescriptorName= in systemd.socket(5)")
        }
        for descriptor in taken {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        return taken
    }

    /// What kind of socket a descriptor is; nil for any other thing.
    static func kind(_ descriptor: Int32) -> SocketKind? {
        guard let type = option(descriptor, SO_TYPE), let domain = option(descriptor, SO_DOMAIN)
        else { return nil }
        let isDatagram = type == Int32(SOCK_DGRAM.rawValue)
        guard isDatagram || type == Int32(SOCK_STREAM.rawValue) else { return nil }
        guard isDatagram || option(descriptor, SO_ACCEPTCONN) == 1 else { return nil }
        switch domain {
        case AF_INET, AF_INET6: return isDatagram ? .udp : .tcp
        case AF_UNIX: return isDatagram ? .unixDatagram : .unix
        default: return nil
        }
    }

    private static func option(_ descriptor: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
