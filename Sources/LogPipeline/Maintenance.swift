internal import LogRecords
internal import LogSegments
internal import LogSystem

/// The thread behind the ingester that keeps its data directory in order: deletes what has expired or does not fit, merges
/// segments.
///
/// It works at the least priority, merges at most at a share of one processor, and ends in the middle of what it does when it
/// is told to: everything it does can be left at any time and is done again later.
final class Maintenance: @unchecked Sendable {
    private let compactor: Compactor?
    private let retention: StoreRetention
    private let noteTime: () throws(StoreError) -> Void
    private let throttle: Throttle
    private let clock: any WallClock
    private let report: @Sendable (String) -> Void
    private let note: @Sendable (Event) -> Void
    private let lock = Lock()
    private var isDue = false
    private var retentionDue: Int64
    private var lastReport = ""
    private var isStopping = false
    private var isRunning = false

    /// How often it looks although nothing was sealed: partitions become quiet without anybody's doing (nanoseconds).
    private static let interval = 600 * Timestamp.second
    /// How often what has expired is deleted.
    private static let retentionInterval = 3_600 * Timestamp.second

    /// Something that was done, to be counted.
    enum Event {
        case merged(Compactor.Merge)
        case dropped
    }

    init(
        options: IngestOptions, store: StoreWriter, fileSystem: any FileSystem,
        clock: any WallClock, report: @escaping @Sendable (String) -> Void,
        note: @escaping @Sendable (Event) -> Void
    ) {
        self.clock = clock
        self.report = report
        self.note = note
        retentionDue = clock.monotonic() + StoreRetention.firstRunDelay
        retention = StoreRetention(
            directory: options.directory, policy: options.policy, fileSystem: fileSystem,
            clock: store.trustedClock, maxDiskBytes: options.maxDiskBytes)
        noteTime = { () throws(StoreError) in try store.noteTime() }
        let throttle = Throttle(share: options.compactionShare, clock: clock)
        self.throttle = throttle
        let lock = lock
        let isUrgent = Flag()
        roomNeeded = isUrgent
        compactor =
            options.compactionShare > 0
            ? Compactor(
                directory: options.directory, fileSystem: fileSystem, clock: clock,
                pause: {
                    try throttle.pause()
                    // A full disk comes first: the merge is given up and done again later.
                    if lock.locked({ isUrgent.isSet }) { throw Throttle.Stopped() }
                }) : nil
    }

    /// Set under the lock.
    private final class Flag {
        var isSet = false
    }

    private let roomNeeded: Flag

    /// Starts the thread.
    func start() {
        lock.locked { isRunning = true }
        let isStarted = WorkerThread.startIfPossible { [self] in
            WorkerThread.yieldToAllOthers()
            holdLimit { () throws(StoreError) in try retention.noticeLimit() }
            while waitForWork() { work() }
            lock.locked {
                isRunning = false
                lock.signal()
            }
        }
        if !isStarted {
            lock.locked { isRunning = false }
            report(
                "the system has no thread to give: nothing is merged or deleted in the background")
        }
    }

    /// Says that segments were sealed.
    func wake() {
        lock.locked {
            isDue = true
            lock.signal()
        }
    }

    /// Says that the disk is full: what has expired goes at once.
    func makeRoom() {
        lock.locked {
            roomNeeded.isSet = true
            isDue = true
            lock.signal()
        }
    }

    /// Ends the thread and waits until it has left the data directory alone; what was sealed last counts for the limit, too.
    func stop() {
        throttle.stop()
        lock.locked {
            isStopping = true
            lock.signal()
            while isRunning { _ = lock.wait() }
        }
        holdLimit { () throws(StoreError) in try retention.enforceLimit() }
    }

    private func holdLimit(_ body: () throws(StoreError) -> [RetentionEvent]) {
        do throws(StoreError) {
            tell(try body())
        } catch {
            report("the limit of --max-disk could not be kept: \(error)")
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
            if lock.locked({ roomNeeded.isSet }) {
                defer { lock.locked { roomNeeded.isSet = false } }
                tell(try retention.freeExpired())
            }
            if clock.monotonic() >= retentionDue {
                retentionDue = clock.monotonic() + Self.retentionInterval
                try noteTime()
                tell(try retention.run())
            } else {
                tell(try retention.enforceLimit())
            }
        } catch {
            report("what has expired could not be deleted: \(error)")
        }
        do throws(StoreError) {
            for failure in try compactor?.run(progress: { note(.merged($0)) }) ?? [] {
                tell(
                    "segments of \(failure.key.className) \(failure.key.day) could not be merged "
                        + "and stay as they are: \(failure.message)")
            }
        } catch {
            tell("segments could not be merged and stay as they are: \(error)")
        }
    }

    private func tell(_ events: [RetentionEvent]) {
        for event in events {
            if case .deleted = event { note(.dropped) }
            tell(event.description)
        }
    }

    /// What is the same as before was said before: a clock that is ahead stays so for hours.
    private func tell(_ message: String) {
        if message != lastReport { report(message) }
        lastReport = message
    }
}
