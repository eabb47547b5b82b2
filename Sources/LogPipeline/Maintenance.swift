internal import LogRecords
internal import LogSegments
internal import LogSystem

/// The thread behind the ingester that keeps its data directory in order: merges segments.
///
/// It works at the least priority and at most at a share of one processor, and ends in the middle of what it does when it is
/// told to: everything it does can be left at any time and is done again later.
final class Maintenance: @unchecked Sendable {
    private let compactor: Compactor
    private let throttle: Throttle
    private let clock: any WallClock
    private let report: @Sendable (String) -> Void
    private let note: @Sendable (Compactor.Merge) -> Void
    private let lock = Lock()
    private var isDue = false
    private var isStopping = false
    private var isRunning = false

    /// How often it looks although nothing was sealed: partitions become quiet without anybody's doing (nanoseconds).
    private static let interval = 600 * Timestamp.second

    init(
        options: IngestOptions, fileSystem: any FileSystem, clock: any WallClock,
        report: @escaping @Sendable (String) -> Void,
        note: @escaping @Sendable (Compactor.Merge) -> Void
    ) {
        let throttle = Throttle(share: options.compactionShare, clock: clock)
        self.throttle = throttle
        self.clock = clock
        self.report = report
        self.note = note
        compactor = Compactor(
            directory: options.directory, fileSystem: fileSystem, clock: clock,
            pause: { try throttle.pause() })
    }

    /// Starts the thread.
    func start() {
        lock.locked { isRunning = true }
        WorkerThread.start { [self] in
            WorkerThread.yieldToAllOthers()
            while waitForWork() { work() }
            lock.locked {
                isRunning = false
                lock.signal()
            }
        }
    }

    /// Says that segments were sealed.
    func wake() {
        lock.locked {
            isDue = true
            lock.signal()
        }
    }

    /// Ends the thread and waits until it has left the data directory alone.
    func stop() {
        throttle.stop()
        lock.locked {
            isStopping = true
            lock.signal()
            while isRunning { _ = lock.wait() }
        }
    }

    /// Waits; false when it is to end.
    private func waitForWork() -> Bool {
        let deadline = clock.monotonic() + Self.interval
        return lock.locked {
            while !isStopping, !isDue, clock.monotonic() < deadline {
                _ = lock.wait(until: deadline)
            }
            isDue = false
            return !isStopping
        }
    }

    private func work() {
        do throws(StoreError) {
            for failure in try compactor.run(progress: note) {
                report(
                    "segments of \(failure.key.className) \(failure.key.dayName) could not be merged "
                        + "and stay as they are: \(failure.message)")
            }
        } catch {
            report("segments could not be merged and stay as they are: \(error)")
        }
    }
}
