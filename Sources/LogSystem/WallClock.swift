#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where the time comes from. Nothing else in weir reads a clock, so a simulation can replace it.
public protocol WallClock: Sendable {
    /// Nanoseconds since 1970-01-01T00:00:00Z; may step in both directions.
    func now() -> Int64
    /// Nanoseconds since some fixed point; never steps back. For deadlines.
    func monotonic() -> Int64
    /// As `monotonic`, from another point, and goes on while the machine sleeps. For the time that has passed.
    func sinceBoot() -> Int64
}

extension WallClock {
    /// The monotonic time: a machine that never sleeps has no other.
    public func sinceBoot() -> Int64 { monotonic() }
}

/// The machine's clocks.
public struct SystemClock: WallClock {
    /// The machine's clocks.
    public init() {}

    /// The time of day.
    public func now() -> Int64 { Self.read(CLOCK_REALTIME) }

    /// The time since the machine started.
    public func monotonic() -> Int64 { Self.read(CLOCK_MONOTONIC) }

    /// The time since the machine started, sleep included.
    public func sinceBoot() -> Int64 { Self.read(CLOCK_BOOTTIME) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// A clock that stands still until it is told to move.
public final class ManualClock: WallClock, @unchecked Sendable {
    private let lock = Lock()
    private var time: Int64
    private var leap: Int64 = 0

    /// A clock that shows `time`, nanoseconds since the epoch.
    public init(_ time: Int64) { self.time = time }

    /// The time that it was last moved to.
    public func now() -> Int64 { lock.locked { time + leap } }

    /// The same time without the leaps.
    public func monotonic() -> Int64 { lock.locked { time } }

    /// Moves the clock by `nanoseconds`.
    public func advance(_ nanoseconds: Int64) { lock.locked { time += nanoseconds } }

    /// Sets the time of day forward, or back, without any time passing.
    public func leap(_ nanoseconds: Int64) { lock.locked { leap += nanoseconds } }
}
