public import LogRecords

/// What a changed `retention.conf` deletes that the former one kept: to be said before it happens.
public struct RetentionChange: Sendable {
    /// The partitions of one class that are concerned.
    public struct Entry: Sendable {
        /// The class.
        public let className: String
        /// How long the former file kept the class, nil where it had none of that name.
        public let oldKeepText: String?
        /// How long the new file keeps it.
        public let newKeepText: String?
        /// How many partitions.
        public let partitions: Int
        /// Their lines.
        public let lines: Int
        /// Bytes of their files.
        public let storedBytes: Int
        /// The first and the last of their days.
        public let days: ClosedRange<CivilDate>
        /// When an ingester that starts now deletes the first of them; nil when they stay, because the new file has no class
        /// of that name.
        public let firstGoes: Int64?
    }

    /// The classes that are concerned, by name.
    public let entries: [Entry]

    /// Compares what becomes of each partition under `new` with what became of it under `old`; nil: nobody knows, and
    /// everything that goes is new.
    public init(
        _ stored: StoredPartitions, from old: RetentionPolicy?, to new: RetentionPolicy, now: Int64
    ) {
        let plan = stored.plan(new, now: now)
        let before = old.map { stored.plan($0, now: now) }
        let goes = before.map(plan.newlyExpired) ?? plan.expired
        let known = Set(
            (before?.partitions ?? plan.partitions).filter { $0.verdict != .unknownClass }.map(
                \.key))
        let loses = plan.partitions.filter {
            $0.verdict == .unknownClass && (old == nil || known.contains($0.key))
        }
        let firstRun = now + StoreRetention.firstRunDelay
        entries = Dictionary(grouping: goes + loses, by: \.key.className)
            .sorted { $0.key < $1.key }
            .compactMap { name, fates -> Entry? in
                let days = fates.map(\.key.day)
                guard let first = days.min(), let last = days.max() else { return nil }
                let times = fates.filter(\.verdict.isExpired)
                    .map { plan.earliestRemoval($0, firstRun: firstRun) }
                return Entry(
                    className: name,
                    oldKeepText: old?.classes.first { $0.name == name }?.keepText,
                    newKeepText: new.classes.first { $0.name == name }?.keepText,
                    partitions: fates.count, lines: fates.reduce(0) { $0 + $1.lines },
                    storedBytes: fates.reduce(0) { $0 + $1.storedBytes },
                    days: first...last, firstGoes: times.min())
            }
    }
}

extension RetentionChange.Entry: CustomStringConvertible {
    /// What goes, why, and when.
    public var description: String {
        let what =
            "\(partitions) day\(partitions == 1 ? "" : "s") of class \(className) "
            + "(\(days.lowerBound)\(days.lowerBound == days.upperBound ? "" : " to \(days.upperBound)"), "
            + "\(lines) lines, \(ByteSize(storedBytes)))"
        guard let firstGoes, let keep = newKeepText else {
            return "\(what): the new retention.conf has no such class; they stay until one has"
        }
        let old = oldKeepText.map { ", not \($0)" } ?? ""
        return "\(what): kept for \(keep) now\(old), and WILL BE DELETED, the first at "
            + Timestamp.text(firstGoes, digits: 0)
    }
}
