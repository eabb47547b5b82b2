internal import LogJSON
internal import LogRecords
internal import LogSegments

/// What becomes of each partition, for people and for scripts.
struct RetentionPlanText {
    private let plan: RetentionPlan
    /// Why a partition goes, of those that go.
    private let reasons: [PartitionKey: PlannedRemoval.Reason]
    /// The partitions that the classes in use keep and these do not.
    private let newlyExpired: Set<PartitionKey>
    /// Until when the classes in use keep a partition.
    private let presentVerdicts: [PartitionKey: PartitionFate.Verdict]

    /// - Parameter present: what becomes of them by the classes in use, where `plan` goes by others.
    init(_ plan: RetentionPlan, removals: [PlannedRemoval], present: RetentionPlan?) {
        self.plan = plan
        reasons = Dictionary(uniqueKeysWithValues: removals.map { ($0.fate.key, $0.reason) })
        newlyExpired = Set(present.map { plan.newlyExpired(since: $0).map(\.key) } ?? [])
        presentVerdicts = Dictionary(
            uniqueKeysWithValues: (present?.partitions ?? []).map { ($0.key, $0.verdict) })
    }

    var table: String {
        var table = TextTable([
            .text("class"), .text("day"), .number("lines"), .number("stored"),
            .text("newest line"), .text("verdict"),
        ])
        for fate in plan.partitions {
            table.add([
                fate.key.className, fate.key.dayName, Figure.count(fate.lines),
                Figure.bytes(fate.storedBytes), Timestamp.text(fate.newest, digits: 0),
                verdict(fate),
            ])
        }
        let expired = plan.expired
        var text = table.lines(indent: 0).map { $0 + "\n" }.joined()
        text +=
            "\(expired.count) of \(plan.partitions.count) partitions have expired, "
            + "\(Figure.bytes(expired.reduce(0) { $0 + $1.storedBytes }))\n"
        if !newlyExpired.isEmpty {
            let bytes = expired.filter { newlyExpired.contains($0.key) }
                .reduce(0) { $0 + $1.storedBytes }
            text +=
                "\(newlyExpired.count) of them, \(Figure.bytes(bytes)), are kept by the classes in use\n"
        }
        return text
    }

    private func verdict(_ fate: PartitionFate) -> String {
        if case .disk? = reasons[fate.key] { return "goes: --max-disk" }
        return switch fate.verdict {
        case .keep(let until): "kept until \(Timestamp.text(until, digits: 0))"
        case .expired(let since):
            "expired since \(Timestamp.text(since, digits: 0))\(novelty(fate))"
        case .unknownClass: "kept: no class has this name"
        case .unreadable: "kept: it cannot be read"
        }
    }

    private func novelty(_ fate: PartitionFate) -> String {
        guard newlyExpired.contains(fate.key) else { return "" }
        guard case .keep(let until)? = presentVerdicts[fate.key] else { return " (NEW)" }
        return " (NEW: until now kept until \(Timestamp.text(until, digits: 0)))"
    }

    var json: String {
        plan.partitions.map { fate in
            var object = JSONObjectWriter()
            object.add("class", fate.key.className)
            object.add("day", "\(fate.key.day)")
            object.add("skewed", fate.key.isSkewed)
            object.add("segments", fate.segments)
            object.add("lines", fate.lines)
            object.add("stored_bytes", fate.storedBytes)
            object.add("newest_time", Timestamp.text(fate.newest, digits: 9))
            if let arrival = fate.lastArrival {
                object.add("last_arrival", Timestamp.text(arrival, digits: 9))
            }
            switch fate.verdict {
            case .keep(let until):
                object.add("verdict", "kept")
                object.add("until", Timestamp.text(until, digits: 9))
            case .expired(let since):
                object.add("verdict", "expired")
                object.add("since", Timestamp.text(since, digits: 9))
                object.add("newly", newlyExpired.contains(fate.key))
            case .unknownClass:
                object.add("verdict", "no_class")
            case .unreadable(let message):
                object.add("verdict", "unreadable")
                object.add("message", message)
            }
            switch reasons[fate.key] {
            case .expired?: object.add("goes", "expired")
            case .disk?: object.add("goes", "max_disk")
            case nil: break
            }
            return object.line
        }.joined()
    }
}
