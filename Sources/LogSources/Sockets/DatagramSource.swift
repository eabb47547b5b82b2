internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Lines that come in datagrams, over UDP or a Unix socket.
///
/// Nobody can make their senders wait: while the outlet has no room, datagrams pile up in the kernel's buffer, and what finds
/// no place there is lost. How many that were is counted, so that received and dropped ones are all that were sent.
/// A Unix socket's senders do wait.
public final class DatagramSource: LineSource {
    /// The kind and the address.
    public let name: String
    private let sockets: [BoundSocket]
    private let settings: DatagramSettings
    private let wake: WakePipe
    /// What the kernel keeps for each socket (bytes).
    private let grantedBytes: Int

    /// A source over a bound socket; further readers get sockets of their own, at the same address.
    public init(_ socket: BoundSocket, settings: DatagramSettings) throws(ListenError) {
        name = socket.name
        self.settings = settings
        var sockets = [socket]
        while sockets.count < settings.readers, socket.kind == .udp {
            sockets.append(try socket.another())
        }
        self.sockets = sockets
        // Now, not when somebody reads: what comes before that has to wait, too.
        grantedBytes =
            sockets.map { Self.widen($0.descriptor, settings.bufferBytes) }.min() ?? 0
        wake = try WakePipe(socket.name)
    }

    /// Reads until `stop`; what has arrived by then is taken.
    public func run(in context: SourceContext) throws {
        defer { for socket in sockets { socket.close() } }
        let readers = sockets.map { socket in
            DatagramReader(
                socket, settings: settings, bufferBytes: grantedBytes, wake: wake, context: context)
        }
        if grantedBytes < settings.bufferBytes {
            context.report(
                "\(name): the kernel gives \(grantedBytes >> 10) KiB of \(settings.bufferBytes >> 10) KiB "
                    + "for datagrams that wait; raise net.core.rmem_max to lose fewer")
        }
        context.report("listening on \(name)")
        let others = FinishLine(readers.count - 1)
        for reader in readers.dropFirst() {
            WorkerThread.start {
                reader.run()
                others.pass()
            }
        }
        readers.first?.run()
        others.wait()
        if let failure = readers.compactMap(\.failure).first { throw failure }
    }

    /// Asks for a receive buffer of so many bytes, beyond the limit of the system where weir may; what there is then.
    private static func widen(_ descriptor: Int32, _ bytes: Int) -> Int {
        var value = Int32(clamping: bytes)
        let size = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &value, size) != 0 {
            _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &value, size)
        }
        var granted: Int32 = 0
        var grantedSize = size
        _ = getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &granted, &grantedSize)
        // The kernel doubles what it is asked for, to account for its own records.
        return Int(granted) / 2
    }

    /// Ends `run` soon.
    public func stop() { wake.wake() }
}

/// Waits until some threads are done.
private final class FinishLine: @unchecked Sendable {
    private let lock = Lock()
    private var missing: Int

    init(_ count: Int) { missing = count }

    func pass() {
        lock.locked {
            missing -= 1
            lock.signal()
        }
    }

    func wait() {
        lock.locked {
            while missing > 0 { _ = lock.wait() }
        }
    }
}
