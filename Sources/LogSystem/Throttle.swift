#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Keeps the thread that calls it at a share of one processor. Used by one thread, except for `stop`.
public final class Throttle: @unchecked Sendable {
    private let share: Double
    private let clock: any WallClock
    private let lock = Lock()
    private var isStopped = false
    private var lastBusy: Int64?

    /// The longest single wait, nanoseconds: after a long piece of work on a busy machine.
    private static let waitMax: Int64 = 60_000_000_000

    /// Work was asked to end.
    public struct Stopped: Error {
        /// It was.
        public init() {}
    }

    /// A throttle to `share` of one processor, above 0 and at most 1.
    public init(share: Double, clock: any WallClock = SystemClock()) {
        self.share = min(max(share, 0.001), 1)
        self.clock = clock
    }

    /// Ends waits now and later.
    public func stop() {
        lock.locked {
            isStopped = true
            lock.signal()
        }
    }

    /// Waits for so long that the work since the last call was no more than the share. Throws `Stopped` after `stop`.
    public func pause() throws(Stopped) {
        let busy = Self.threadTime()
        let worked = busy - (lastBusy ?? busy)
        lastBusy = busy
        let wait = min(Int64(Double(worked) * (1 / share - 1)), Self.waitMax)
        let deadline = clock.monotonic() + wait
        let isStopped = lock.locked {
            while !self.isStopped, clock.monotonic() < deadline { _ = lock.wait(until: deadline) }
            return self.isStopped
        }
        if isStopped { throw Stopped() }
    }

    /// Processor time of the calling thread, nanoseconds.
    private static func threadTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
