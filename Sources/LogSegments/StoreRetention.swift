internal import LogRecords
public import LogSystem

/// Retention beside the writer of a data directory: deletes what has been kept as long as its class demands, and what does not
/// fit on the disk.
///
/// For whoever has the writer's lock. The writer of the same process may seal meanwhile: it only adds segments, and exactly
/// the files go that were there when the decision was made. Compaction may not run meanwhile. Used by one thread.
public struct StoreRetention {
    private let directory: String
    private let policy: RetentionPolicy
    private let fileSystem: any FileSystem
    private let clock: TrustedClock
    private let maxDiskBytes: Int?

    /// How long after its start an ingester deletes for the first time: whoever has made a mistake in `retention.conf`, and
    /// reads what is going to be deleted by it, has time to stop weir (nanoseconds).
    public static let firstRunDelay = 600 * Timestamp.second

    /// Retention on the data directory `directory`.
    ///
    /// - Parameters:
    ///   - clock: the writer's, which knows what time it is whatever the machine's clock says.
    ///   - maxDiskBytes: what segments and journal may take together; nil: whatever they need.
    public init(
        directory: String, policy: RetentionPolicy,
        fileSystem: any FileSystem = DiskFileSystem(), clock: TrustedClock,
        maxDiskBytes: Int? = nil
    ) {
        self.directory = directory
        self.policy = policy
        self.fileSystem = fileSystem
        self.clock = clock
        self.maxDiskBytes = maxDiskBytes
    }

    /// Deletes what has expired, the oldest days of each class first and not all at once, and keeps the limit of the disk.
    /// Meant to be called every hour.
    ///
    /// - Returns: what was done, and what kept it from being done.
    public func run() throws(StoreError) -> [RetentionEvent] {
        clock.refresh()
        var events: [RetentionEvent] = []
        if let pause = clock.pause {
            events.append(.paused(pause))
        } else {
            let plan = try plan()
            events += remove(plan.automaticRemovals, of: plan)
        }
        return try events + enforceLimit()
    }

    /// Deletes everything that has expired: what a full disk asks for first. Nothing while the clock is not to be trusted.
    public func freeExpired() throws(StoreError) -> [RetentionEvent] {
        clock.refresh()
        if let pause = clock.pause { return [.paused(pause)] }
        let plan = try plan()
        return remove(plan.removals, of: plan)
    }

    /// Deletes what does not fit, when there is a limit and it is exceeded. Costs a look at the size of each file otherwise, so
    /// it may be called far more often than `run`. Goes on while the clock is not to be trusted: the order is that of days,
    /// and a disk that is full stops the ingester.
    public func enforceLimit() throws(StoreError) -> [RetentionEvent] {
        guard let maxDiskBytes else { return [] }
        let budget = DiskBudget(usedBytes: try usedBytes(), limitBytes: maxDiskBytes)
        guard budget.isExceeded else { return [] }
        let plan = try plan()
        var events = remove(budget.removals(plan), of: plan)
        let left = try usedBytes()
        if left > maxDiskBytes {
            events.append(.stillAboveLimit(usedBytes: left, limitBytes: maxDiskBytes))
        }
        return events
    }

    /// Says that the limit is exceeded, and deletes nothing: for the start of an ingester, whose limit may be a mistake.
    public func noticeLimit() throws(StoreError) -> [RetentionEvent] {
        guard let maxDiskBytes else { return [] }
        let used = try usedBytes()
        return used > maxDiskBytes ? [.aboveLimit(usedBytes: used, limitBytes: maxDiskBytes)] : []
    }

    private func plan() throws(StoreError) -> RetentionPlan {
        try StoredPartitions(directory: directory, fileSystem: fileSystem)
            .plan(policy, now: clock.now())
    }

    private func usedBytes() throws(StoreError) -> Int {
        do throws(FileError) {
            return try DiskUsage.bytes(directory, fileSystem)
        } catch {
            throw .file(error)
        }
    }

    private func remove(_ removals: [PlannedRemoval], of plan: RetentionPlan) -> [RetentionEvent] {
        PartitionRemover(directory: directory, fileSystem: fileSystem)
            .remove(removals, of: plan, now: clock.now)
    }
}
