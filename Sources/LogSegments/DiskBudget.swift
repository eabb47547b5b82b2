internal import LogRecords

/// Which partitions go when the data directory may not be as large as it is: a decision of the plan and two numbers.
///
/// What has expired goes first. Then the oldest days of the class that is kept for the shortest time, then those of the next
/// class. Today's lines, which somebody may be looking at, go when nothing older is left, and weir's own records (alerts, the
/// audit log), which a flood of lines must not push out, when nothing else is left.
public struct DiskBudget: Sendable {
    /// Bytes that all files take.
    public let usedBytes: Int
    /// Bytes that they may take.
    public let limitBytes: Int

    /// Whoever frees space frees this part of the limit as well, so that not every call has to.
    static let sparePart = 20

    /// A budget of `limitBytes` of which `usedBytes` are used.
    public init(usedBytes: Int, limitBytes: Int) {
        self.usedBytes = usedBytes
        self.limitBytes = limitBytes
    }

    /// True when something has to go.
    public var isExceeded: Bool { usedBytes > limitBytes }

    /// What goes, in that order; nothing when the limit is kept. When even all of it is not enough, all of it.
    public func removals(_ plan: RetentionPlan) -> [PlannedRemoval] {
        guard isExceeded else { return [] }
        let target = limitBytes - limitBytes / Self.sparePart
        var left = usedBytes
        var removals: [PlannedRemoval] = []
        for fate in order(plan) {
            if left <= target { break }
            left -= fate.storedBytes
            removals.append(
                fate.verdict.isExpired
                    ? plan.removal(fate)
                    : PlannedRemoval(
                        fate: fate,
                        reason: .disk(usedBytes: usedBytes, limitBytes: limitBytes)))
        }
        return removals
    }

    /// What a partition is compared by: what comes first goes first.
    private struct Rank: Comparable {
        let group: Int
        let keep: Int64
        let className: String
        let key: PartitionKey

        static func < (left: Rank, right: Rank) -> Bool {
            (left.group, left.keep, left.className, left.key)
                < (right.group, right.keep, right.className, right.key)
        }
    }

    private func order(_ plan: RetentionPlan) -> [PartitionFate] {
        let today = Timestamp.dayNumber(plan.now)
        let keep = Dictionary(uniqueKeysWithValues: plan.policy.classes.map { ($0.name, $0.keep) })
        var ranked: [(rank: Rank, fate: PartitionFate)] = []
        for fate in plan.partitions {
            let name = fate.key.className
            let group: Int
            switch fate.verdict {
            case .unreadable: continue
            case .expired: group = 0
            case .keep, .unknownClass:
                let isToday = fate.key.day.daysSinceEpoch >= today
                group = (isToday ? 2 : 1) + (RetentionPolicy.ownClasses.contains(name) ? 2 : 0)
            }
            // Nobody has said how long lines without a class are kept: longer than all others.
            let keep = fate.verdict.isExpired ? 0 : keep[name] ?? .max
            let className = fate.verdict.isExpired ? "" : name
            ranked.append(
                (Rank(group: group, keep: keep, className: className, key: fate.key), fate))
        }
        return ranked.sorted { $0.rank < $1.rank }.map(\.fate)
    }
}
