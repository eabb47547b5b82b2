public import LogBytes
package import LogMetrics
public import LogRecords

/// An alert that is pending or firing.
public struct ActiveAlert: Equatable, Sendable {
    /// Its rule.
    public let rule: AlertRule
    /// Pending or firing.
    public let state: AlertState
    /// The labels of the group and of the rule.
    public let labels: [String: String]
    /// When the condition began to hold, nanoseconds since the epoch.
    public let startTime: Int64
}

/// Runs alert rules over the stream: each record adds to small aggregates in slots of event time; nothing is read again.
///
/// Rules see records in arrival order and decide by the records' own times, behind a watermark 10 s after the latest one:
/// the same lines give the same transitions at the same times, live or replayed, however they are cut into batches.
///
/// - A condition is evaluated at the end of each slot (a thirtieth of its window, at least 1 s), over the window that ends
///   there, when the watermark has passed it. `count` and `rate` with `>` or `>=` fire at once, at the time of the record
///   that crosses the threshold.
/// - A record behind the watermark is late: left out, and counted.
/// - A record without a time of its own counts at the latest event time and does not move it; in a stream without any
///   times the arrival is the time.
/// - A record more than an hour ahead is held back until ten in a row agree; otherwise it counts at the latest event time.
///
/// The ingest thread owns an engine and calls all of it.
public final class RuleEngine {
    private let columns: FieldColumns
    private var core: EngineCore

    /// An engine for `rules` that has seen nothing.
    public convenience init(rules: [AlertRule]) {
        self.init(rules: rules, columns: FieldColumns())
    }

    /// As `init(rules:)`, with columns that others look at, too.
    package init(rules: [AlertRule], columns: FieldColumns) {
        self.columns = columns
        core = EngineCore(rules, columns)
    }

    /// Adds every record of `batch` and returns the alerts that changed their state, in the order in which they did.
    public func observe(_ batch: RecordBatch) -> [AlertTransition] {
        core.observe(batch)
        return drain()
    }

    /// Says that the stream has ended: all boundaries up to the one behind the latest record are evaluated, so that an
    /// incident in the last lines is not missed. Alerts that fire keep firing. Records that come nevertheless are late when
    /// they lie before the last boundary.
    public func finish() -> [AlertTransition] {
        core.finish()
        return drain()
    }

    /// Says that event time has come to `time` although no record says so: for a live stream that has fallen silent, so
    /// that its alerts end. Replay knows nothing of such calls; whoever makes them gives up that it equals the live run.
    public func advance(to time: Int64) -> [AlertTransition] {
        core.advance(to: time)
        return drain()
    }

    // MARK: Restarts and reloads

    /// Appends everything that the engine knows, so that another one with the same rules can go on where it stands.
    ///
    /// Restoring and observing what follows gives the transitions that would have come, whichever batches it comes in.
    ///
    /// - Parameter pause: called behind each rule, since all of them together may be large; it may take out what is there.
    public func snapshot(
        into out: inout ByteWriter, pause: (inout ByteWriter) -> Void = { _ in }
    ) {
        core.write(into: &out, pause: pause)
    }

    /// Takes over what `snapshot` wrote. Rules are known by what their state depends on (group, name, condition, levels);
    /// rules that the snapshot does not know begin anew. An engine that has seen something forgets it.
    ///
    /// Damaged bytes are an error, after which the engine has seen nothing.
    public func restore(from reader: inout ByteReader) throws(MalformedBytes) {
        let rules = self.rules
        var fresh = EngineCore(rules, columns)
        do throws(MalformedBytes) {
            try fresh.read(&reader)
        } catch {
            core = EngineCore(rules, columns)
            throw error
        }
        core = fresh
    }

    /// Goes on with other rules. A rule whose condition is the same keeps its state, even where its labels, texts or
    /// durations changed; firing alerts of rules that are gone end, in the transitions that are returned.
    public func reload(rules: [AlertRule]) -> [AlertTransition] {
        var bytes = ByteWriter(capacity: 4_096)
        core.write(into: &bytes) { _ in }
        let old = core.identities
        var fresh = EngineCore(rules, columns)
        var reader = ByteReader(bytes.view)
        do throws(MalformedBytes) {
            try fresh.read(&reader)
        } catch {
            preconditionFailure("BUG: a snapshot of one's own cannot be read: \(error)")
        }
        let kept = Set(fresh.identities)
        for (index, identity) in old.enumerated() where !kept.contains(identity) {
            core.end(index)
        }
        let result = drain()
        core = fresh
        return result
    }

    /// The rules, in the order of the file.
    public var rules: [AlertRule] { core.ruleList }

    private func drain() -> [AlertTransition] {
        if core.transitions.isEmpty { return [] }
        let result = core.transitions
        core.transitions = []
        return result
    }

    /// Records that came too late to count.
    public var lateRecords: Int { Int(clamping: core.late) }

    /// Contributions left out because a rule had as many groups as it may.
    public var refusedGroups: Int { Int(clamping: core.refused) }

    /// Values that `new` could not remember because it remembers as many as it may; they raised nothing.
    public var refusedValues: Int { Int(clamping: core.refusedValues) }

    /// The groups of all rules that hold something.
    public var groupCount: Int { core.groupCount }

    /// Everything before it is decided; nil before the first record.
    public var watermark: Int64? { core.watermark }

    /// The latest event time, nanoseconds since the epoch; nil before the first record.
    public var latestTime: Int64? { core.latestTime }

    /// The alerts that are pending or firing, in the order of the rules.
    public var activeAlerts: [ActiveAlert] {
        var result: [ActiveAlert] = []
        core.forEachActive { rule, level, state, values, since in
            let shown = AlertTemplate.Values(
                labels: [:], value: 0, threshold: 0, unit: rule.condition.unit)
            let labels = AlertTransition.labels(rule, level: level, values, shown)
            result.append(
                ActiveAlert(
                    rule: rule, state: state == .firing ? .firing : .pending, labels: labels,
                    startTime: since))
        }
        return result
    }

    /// The fingerprints of the alerts that are pending or firing.
    public var activeFingerprints: [String] {
        var result: [String] = []
        core.forEachActive { rule, _, _, values, _ in
            result.append(AlertTransition.fingerprint(rule, values))
        }
        return result
    }
}
