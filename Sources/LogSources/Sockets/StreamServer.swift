internal import CSockets
internal import LogBytes
internal import LogMetrics
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The thread behind a `StreamSocketSource`: an epoll set of the listening socket and its connections, and one buffer that all
/// of them are read into. A connection that is idle costs its entry here and nothing else.
final class StreamServer {
    private let socket: BoundSocket
    private let settings: StreamSettings
    private let wake: WakePipe
    private let context: SourceContext
    private let handoff: LineHandoff
    private let report: RepeatedReport
    private let poll: Int32
    private let buffer: UnsafeMutablePointer<UInt8>
    private let readBytes: Int
    /// By descriptor.
    private var connections: [Int32: StreamConnection] = [:]
    /// The monotonic time from which on connections are accepted again; nil while they are.
    private var acceptingAgain: Int64?
    private var idleCheckDue: Int64 = 0
    private var isClosed = false

    /// What a read takes at most (bytes): enough for few calls, and so little that a flood from one sender does not keep the
    /// others waiting.
    private static let readBytesMax = 256 << 10
    /// Events of one wait, and connections accepted in a row, before others have their turn.
    private static let eventsMax = 256
    private static let acceptsMax = 64
    /// How long to accept nothing when the process may open no more files (nanoseconds).
    private static let descriptorPause: Int64 = 1_000_000_000
    private static let secondNanoseconds: Int64 = 1_000_000_000

    init(
        _ socket: BoundSocket, settings: StreamSettings, wake: WakePipe, context: SourceContext
    ) throws(ListenError) {
        self.socket = socket
        self.settings = settings
        self.wake = wake
        self.context = context
        handoff = LineHandoff(context, source: socket.name)
        report = RepeatedReport(clock: context.clock, report: context.report)
        readBytes = min(Self.readBytesMax, handoff.blockBytesMax)
        buffer = .allocate(capacity: readBytes)
        poll = weir_poll_make()
        guard poll >= 0, weir_poll_add(poll, wake.descriptor) == 0,
            weir_poll_add(poll, socket.descriptor) == 0
        else { throw ListenError("wait for connections to", socket.name, code: errno) }
    }

    deinit {
        closeDescriptor(poll)
        buffer.deallocate()
    }

    func run() throws(ListenError) {
        defer { end() }
        var ready = [Int32](repeating: -1, count: Self.eventsMax)
        while !wake.isAwake, !isClosed {
            publish()
            let count = weir_poll_wait(poll, &ready, Int32(ready.count), timeout)
            guard count >= 0 || errno == EINTR else {
                throw ListenError("wait for connections to", socket.name, code: errno)
            }
            let now = context.clock.monotonic()
            for descriptor in ready.prefix(max(Int(count), 0)) {
                if descriptor == socket.descriptor {
                    try accept(now, count: Self.acceptsMax)
                } else if let connection = connections[descriptor] {
                    serve(connection, now)
                }
            }
            resumeAccepting(now)
            closeIdle(now)
        }
    }

    private var timeout: Int32 {
        settings.idleSeconds != nil || acceptingAgain != nil ? 1_000 : -1
    }

    private func publish() {
        handoff.flushCounts()
        settings.ledger.publish(socket.name, to: context.counters)
    }

    // MARK: Accepting

    /// Accepts what waits; true when nothing does any more.
    @discardableResult
    private func accept(_ now: Int64, count: Int) throws(ListenError) -> Bool {
        for _ in 0..<count {
            let descriptor = weir_accept(socket.descriptor)
            if descriptor >= 0 {
                admit(descriptor, now)
                continue
            }
            switch errno {
            case EAGAIN: return true
            // The client has gone, or its network has told so.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH:
                continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                refuse("descriptors", "\(String(cString: strerror(errno))); raise `ulimit -n`")
                _ = weir_poll_remove(poll, socket.descriptor)
                acceptingAgain = now + Self.descriptorPause
                return true
            default: throw ListenError("accept connections to", socket.name, code: errno)
            }
        }
        return false
    }

    private func admit(_ descriptor: Int32, _ now: Int64) {
        guard settings.ledger.admit(socket.name) else {
            closeDescriptor(descriptor)
            refuse("too_many", "there are \(settings.ledger.connectionsMax), --max-connections")
            return
        }
        guard weir_poll_add(poll, descriptor) == 0 else {
            closeDescriptor(descriptor)
            settings.ledger.release(socket.name)
            refuse("descriptors", String(cString: strerror(errno)))
            return
        }
        // A peer that has vanished without a word is found within some hours.
        if socket.kind == .tcp { BoundSocket.set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1) }
        context.counters.add(.connections, label: socket.name)
        connections[descriptor] = StreamConnection(
            descriptor,
            framer: LineFramer(
                settings.framing, lineBytesMax: handoff.blockBytesMax - 1, budget: .shared),
            now: now)
    }

    private func refuse(_ reason: String, _ sentence: String) {
        context.counters.add(.connectionsRefused, label: reason)
        report.note("\(socket.name) refuses connections: \(sentence)")
    }

    private func resumeAccepting(_ now: Int64) {
        guard let acceptingAgain, now >= acceptingAgain,
            weir_poll_add(poll, socket.descriptor) == 0
        else { return }
        self.acceptingAgain = nil
    }

    // MARK: Connections

    /// Reads once from a connection; false when there is nothing more to read.
    @discardableResult
    private func serve(_ connection: StreamConnection, _ now: Int64, limit: Int = .max) -> Bool {
        let count = read(connection.descriptor, buffer, min(readBytes, limit))
        if count > 0 {
            connection.lastRead = now
            connection.readBytes += count
            if !connection.framer.take(buffer, count, handoff) { isClosed = true }
            return !isClosed
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return errno == EINTR }
        // The end, a half-close (nothing will be answered), or a connection that was reset: what came before it counts.
        close(connection)
        return false
    }

    private func close(_ connection: StreamConnection) {
        if connection.framer.finish(handoff) == true { context.counters.add(.unterminated) }
        closeDescriptor(connection.descriptor)
        connections[connection.descriptor] = nil
        settings.ledger.release(socket.name)
    }

    private func closeIdle(_ now: Int64) {
        guard let seconds = settings.idleSeconds, now >= idleCheckDue else { return }
        idleCheckDue = now + Self.secondNanoseconds
        let oldest = now - Int64(seconds) * Self.secondNanoseconds
        for connection in Array(connections.values) where connection.lastRead < oldest {
            // While weir waited for room, nobody was idle.
            guard connection.unreadBytes == 0 else { continue }
            context.counters.add(.connectionsRefused, label: "idle")
            report.note("\(socket.name) closed a connection that was idle for \(seconds) s")
            close(connection)
        }
    }

    // MARK: The end

    /// Takes what has arrived and closes everything. What comes meanwhile is not waited for.
    private func end() {
        let now = context.clock.monotonic()
        // No more than had room in the queue of the kernel.
        if !isClosed { _ = try? accept(now, count: settings.ledger.connectionsMax) }
        for connection in Array(connections.values) {
            var rest = isClosed ? 0 : connection.unreadBytes
            while rest > 0, !isClosed {
                let before = connection.readBytes
                guard serve(connection, now, limit: rest) else { break }
                rest -= connection.readBytes - before
            }
            if connections[connection.descriptor] != nil { close(connection) }
        }
        publish()
        report.finish()
    }
}
