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

    /// A source over a bound socket; further readers get sockets of their own, at the same address.
    public init(_ socket: BoundSocket, settings: DatagramSettings) throws(ListenError) {
        name = socket.name
        self.settings = settings
        var sockets = [socket]
        while sockets.count < settings.readers, socket.kind == .udp {
            sockets.append(try socket.another())
        }
        self.sockets = sockets
        wake = try WakePipe(socket.name)
    }

    /// Reads until `stop`; what has arrived by then is taken.
    public func run(in context: SourceContext) throws {
        defer { for socket in sockets { socket.close() } }
        let readers = try sockets.map { socket in
            try DatagramReader(socket, settings: settings, wake: wake, context: context)
        }
        if let granted = readers.map(\.grantedBytes).min(), granted < settings.bufferBytes {
            context.report(
                "\(name): the kernel gives \(granted >> 10) KiB of \(settings.bufferBytes >> 10) KiB "
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
