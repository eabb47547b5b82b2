internal import LogRecords

/// What retention does, or would do, with one partition.
public struct PartitionFate: Sendable, Equatable {
    /// Why a partition stays or goes.
    public enum Verdict: Sendable, Equatable {
        /// It stays until the given time.
        case keep(until: Int64)
        /// Its newest record is older than its class allows.
        case expired(since: Int64)
        /// No class of the policy has its name; it stays until one has, or somebody removes it.
        case unknownClass
        /// Somebody has to look at its files first; it stays.
        case unreadable(String)

        /// Whether the partition may go.
        public var isExpired: Bool {
            if case .expired = self { true } else { false }
        }
    }

    /// The class and day.
    public let key: PartitionKey
    /// Segments in it.
    public let segments: Int
    /// Lines in it, as far as they can be read.
    public let lines: Int
    /// Bytes of its files.
    public let storedBytes: Int
    /// The time of its newest record.
    public let newest: Int64
    /// When the last of its lines came in; nil when that is not known.
    public let lastArrival: Int64?
    /// Whether it stays.
    public let verdict: Verdict
    /// Exactly what goes when it goes.
    let files: [String]
}

/// The decision of retention over a data directory: made from what is stored, the policy and the clock, and carried out, or
/// only shown, by others.
public struct RetentionPlan: Sendable {
    /// All partitions that have files, by day and class.
    public let partitions: [PartitionFate]
    /// The classes.
    public let policy: RetentionPolicy
    /// The time at which it was made.
    public let now: Int64
    /// Directories in which nothing is, and nothing of their day will be kept.
    let emptyDirectories: [PartitionKey]

    /// When the last line of a partition came in, it stays for this long, however old its lines are: whoever pipes an old log
    /// in wants to look at it, and not to find that it was deleted a minute later (nanoseconds).
    public static let arrivalGrace = Timestamp.day
    /// One automatic run takes no more days of a class than its two oldest: whatever goes wrong with clocks and files, there
    /// is time to see it. A run an hour keeps up with 48 days a day.
    public static let daysPerRunMax = 2

    init(_ contents: [PartitionContents], policy: RetentionPolicy, now: Int64) {
        let keep = Dictionary(uniqueKeysWithValues: policy.classes.map { ($0.name, $0.keep) })
        var partitions: [PartitionFate] = []
        var emptyDirectories: [PartitionKey] = []
        for partition in contents {
            let newest = partition.newest > .min ? partition.newest : partition.dayEnd
            let verdict = Self.verdict(partition, newest, keep[partition.key.className], now)
            guard !partition.files.isEmpty else {
                if verdict.isExpired { emptyDirectories.append(partition.key) }
                continue
            }
            partitions.append(
                PartitionFate(
                    key: partition.key, segments: partition.segments, lines: partition.lines,
                    storedBytes: partition.storedBytes, newest: newest,
                    lastArrival: partition.lastArrival > .min ? partition.lastArrival : nil,
                    verdict: verdict, files: partition.files))
        }
        self.partitions = partitions.sorted { $0.key < $1.key }
        self.policy = policy
        self.now = now
        self.emptyDirectories = emptyDirectories
    }

    private static func verdict(
        _ partition: PartitionContents, _ newest: Int64, _ keep: Int64?, _ now: Int64
    ) -> PartitionFate.Verdict {
        if let unreadable = partition.unreadable { return .unreadable(unreadable) }
        guard let keep else { return .unknownClass }
        let (end, overflow) = newest.addingReportingOverflow(keep)
        if overflow { return .keep(until: .max) }
        return end < now ? .expired(since: end) : .keep(until: end)
    }

    /// The partitions that have expired.
    public var expired: [PartitionFate] { partitions.filter(\.verdict.isExpired) }

    /// What goes because it has expired, all of it: what somebody gets who asks for it.
    public var removals: [PlannedRemoval] { expired.map(removal) }

    /// What goes because it has expired when nobody has asked: nothing whose lines have only just come in, and at most the
    /// oldest days of each class.
    public var automaticRemovals: [PlannedRemoval] {
        let due = expired.filter { !isInGrace($0) }
        return Dictionary(grouping: due, by: \.key.className).values.flatMap { partitions in
            let days = Set(partitions.map(\.key.day)).sorted().prefix(Self.daysPerRunMax)
            return partitions.filter { days.contains($0.key.day) }
        }.sorted { $0.key < $1.key }.map(removal)
    }

    func removal(_ fate: PartitionFate) -> PlannedRemoval {
        PlannedRemoval(
            fate: fate,
            reason: .expired(
                keepText: policy.classes.first { $0.name == fate.key.className }?.keepText ?? ""))
    }

    /// Whether the lines came in a short while ago. A time far ahead is that of a clock which had leapt, and says nothing.
    private func isInGrace(_ fate: PartitionFate) -> Bool {
        guard let arrival = fate.lastArrival else { return false }
        return arrival > now - Self.arrivalGrace && arrival <= now + TrustedClock.aheadMax
    }

    /// The earliest time at which the automatic run takes `fate`, which has expired.
    func earliestRemoval(_ fate: PartitionFate, firstRun: Int64) -> Int64 {
        guard isInGrace(fate), let arrival = fate.lastArrival else { return firstRun }
        return max(firstRun, arrival + Self.arrivalGrace)
    }

    /// The partitions that go by this plan and were kept by `other`, made of the same look at the directory.
    public func newlyExpired(since other: RetentionPlan) -> [PartitionFate] {
        let gone = Set(other.expired.map(\.key))
        return expired.filter { !gone.contains($0.key) }
    }
}

/// A partition that is to go, and why.
public struct PlannedRemoval: Sendable, Equatable {
    /// The partition.
    public let fate: PartitionFate
    /// Why.
    public let reason: Reason

    /// Why a partition goes.
    public enum Reason: Sendable, Equatable, CustomStringConvertible {
        /// It is older than its class allows.
        case expired(keepText: String)
        /// The data directory has more bytes than it may have; these stand for it and for what it may have.
        case disk(usedBytes: Int, limitBytes: Int)

        /// In words, as the end of a sentence.
        public var description: String {
            switch self {
            case .expired(let keepText): "its newest line is older than \(keepText)"
            case .disk(let used, let limit):
                "the data directory has \(ByteSize(used)) and --max-disk allows \(ByteSize(limit))"
            }
        }
    }
}
