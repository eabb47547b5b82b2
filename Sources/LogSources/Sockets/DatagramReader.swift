internal import CSockets
internal import LogBytes
internal import LogMetrics
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// One thread that reads one socket for a `DatagramSource`, many datagrams a call, into buffers that it uses again.
final class DatagramReader: @unchecked Sendable {
    private let socket: BoundSocket
    private let wake: WakePipe
    private let context: SourceContext
    private let handoff: LineHandoff
    private let report: RepeatedReport
    private let text: DatagramText
    private let buffer: UnsafeMutablePointer<UInt8>
    private let room: Int
    private let batch: Int
    /// What the kernel has dropped since the socket was made and weir has counted; the kernel's number wraps round.
    private var drops: UInt32 = 0
    private var dropsDue: Int64 = 0
    /// What ended `run` early; for reading after it.
    private(set) var failure: ListenError?
    private let bufferBytes: Int

    /// The largest datagram of UDP, and what Linux lets a Unix socket send unless it is told otherwise
    /// (net.core.wmem_default, bytes).
    private static let internetRoom = 65_536
    private static let unixRoom = 256 << 10
    /// The readers' buffers for one call (bytes): 64 datagrams of UDP, 16 of a Unix socket.
    private static let roomBytes = 4 << 20
    /// How often to ask for what the kernel dropped (nanoseconds), and the same for a wait (milliseconds).
    private static let dropsInterval: Int64 = 1_000_000_000
    private static let dropsWait: Int32 = 1_000

    init(
        _ socket: BoundSocket, settings: DatagramSettings, bufferBytes: Int, wake: WakePipe,
        context: SourceContext
    ) {
        self.socket = socket
        self.wake = wake
        self.bufferBytes = bufferBytes
        self.context = context
        handoff = LineHandoff(context, source: socket.name)
        report = RepeatedReport(clock: context.clock, report: context.report)
        text = DatagramText(handoff, framing: settings.framing, counters: context.counters)
        room = socket.kind == .udp ? Self.internetRoom : Self.unixRoom
        batch = min(Self.roomBytes / room, Int(WEIR_DATAGRAMS_MAX))
        // A newline fits behind each.
        buffer = .allocate(capacity: batch * (room + 1))
    }

    deinit { buffer.deallocate() }

    func run() {
        var lengths = [UInt32](repeating: 0, count: batch)
        while !wake.isAwake, waitForInput() {
            while !wake.isAwake {
                guard receive(&lengths) else { break }
                countDrops(context.clock.monotonic())
            }
        }
        drain(&lengths)
        text.finish()
        handoff.flushCounts()
        dropsDue = 0
        countDrops(context.clock.monotonic())
        report.finish()
    }

    /// Waits until there is something; false when `run` is to end.
    private func waitForInput() -> Bool {
        var descriptors = [
            pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            // After something has come, drops and incomplete messages are looked for once more; then the thread sleeps.
            let isBusy = dropsDue != 0 || text.isWaiting
            let count = poll(&descriptors, 2, isBusy ? Self.dropsWait : -1)
            if descriptors[1].revents != 0 { return false }
            if count > 0 { return true }
            if count < 0, errno != EINTR {
                failure = ListenError("wait for datagrams to", socket.name, code: errno)
                return false
            }
            if count == 0 {
                let now = context.clock.monotonic()
                countDrops(now)
                dropsDue = 0
                text.expire(now)
            }
        }
    }

    /// Takes one batch; false when nothing is there, or nobody takes it.
    private func receive(_ lengths: inout [UInt32]) -> Bool {
        let count = Int(
            weir_receive(
                socket.descriptor, buffer, room + 1, room, Int32(batch), &lengths))
        // An error of the network that a former datagram met is none of ours.
        guard count > 0 else { return false }
        let now = context.clock.monotonic()
        for index in 0..<count {
            let length = Int(lengths[index])
            if length > room { context.counters.add(.datagramsDropped, label: "truncated") }
            let isOpen = text.take(
                buffer + index * (room + 1), min(length, room), cutBytes: max(length - room, 0),
                now: now)
            guard isOpen else { return false }
        }
        let isOpen = text.flush()
        handoff.flushCounts()
        if dropsDue == 0 { dropsDue = now + Self.dropsInterval }
        return isOpen
    }

    /// Takes what is in the kernel's buffer at the end, and no more, however fast further datagrams come.
    private func drain(_ lengths: inout [UInt32]) {
        var rest = bufferBytes
        while rest > 0, receive(&lengths) {
            rest -= Int(lengths.reduce(0) { $0 + UInt64($1) }) + batch
        }
    }

    /// Counts what the kernel has dropped since the last time.
    private func countDrops(_ now: Int64) {
        guard now >= dropsDue else { return }
        dropsDue = now + Self.dropsInterval
        let total = weir_socket_drops(socket.descriptor)
        guard total >= 0 else { return }
        let current = UInt32(truncatingIfNeeded: total)
        let fresh = Int(current &- drops)
        drops = current
        guard fresh > 0 else { return }
        context.counters.add(.datagramsDropped, fresh, label: "kernel")
        report.note(
            "\(socket.name): the kernel had no room for datagrams and dropped some", count: fresh)
    }
}
