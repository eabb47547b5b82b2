public import LogAlerting
internal import LogBytes
public import LogChannels
internal import LogSources
internal import LogSystem

/// What the sources of an ingester do.
public struct SourceStatus: Equatable, Sendable {
    /// The names of all.
    public let names: [String]
    /// How many have not ended.
    public let running: Int
    /// Why some ended before their time.
    public let failures: [String]
}

/// What is asked of an ingester while it runs. All of it belongs on its thread, which is where `ask` calls.
extension Ingester {
    /// The alerts that fire and those that are pending, the most severe first.
    public var activeAlerts: [AlertStatus] { alerts.active }

    /// The silences that have not expired, and those that have lately.
    public var silences: [Silence] { alerts.desk.knownSilences }

    /// The names of the maintenance windows that it is now.
    public var openMaintenanceWindows: [String] { alerts.desk.openMaintenanceWindows }

    /// The rules, receivers and routes in force.
    public var alerting: AlertConfiguration { alerts.configuration }

    /// All that happened before this time (nanoseconds since the epoch) has been held against the rules; nil before the first
    /// record.
    public var evaluatedUntil: Int64? { alerts.engine.watermark }

    /// What each channel has done and has still to do.
    public var channels: [ChannelStatistics] { delivery.statistics }

    /// What sends test messages; it may be used on any thread.
    public var channelTester: ChannelTester { ChannelTester(delivery: delivery) }

    /// What the sources do.
    public var sourceStatus: SourceStatus {
        lock.locked {
            SourceStatus(
                names: sources.map(\.name), running: runningSources,
                failures: sourceFailures.map { "\($0)" })
        }
    }

    /// Brings counters up to date that are kept elsewhere.
    public func refreshCounters() { alerts.countDelivery() }

    /// The data directory.
    public var directory: String { options.directory }

    /// What the rules know, for whoever wants to evaluate them beside the stream.
    public var ruleSnapshot: RuleSnapshot {
        var bytes = ByteWriter(capacity: 4_096)
        alerts.engine.snapshot(into: &bytes)
        return RuleSnapshot(rules: alerts.engine.rules, bytes: Array(bytes.view))
    }

    /// Puts `act` on record and does what it says. `done` is called on the ingester's thread when the record is durable, with
    /// the reason where it was refused. Any thread may call it; after the end of `run`, `done` is not called any more.
    public func carryOut(
        _ act: AdministrativeAct, _ done: @escaping @Sendable (_ refusal: String?) -> Void
    ) {
        enqueue { ingester in
            let (raised, refusal) = ingester.alerts.carryOut(act, now: ingester.clock.now())
            try ingester.write(raised.batches)
            ingester.note(raised)
            try ingester.commit()
            done(refusal)
        }
    }
}

/// What the rules knew at a moment.
public struct RuleSnapshot: Sendable {
    let rules: [AlertRule]
    let bytes: [UInt8]

    /// The alerts that would begin or cease to fire if no further record came: what rules say of windows that have not ended
    /// yet. The stream's own rules do not hear of it. Any thread may call it.
    public func transitionsAtEnd() -> [AlertTransition] {
        let engine = RuleEngine(rules: rules)
        return bytes.withView { view in
            var reader = ByteReader(view)
            do throws(MalformedBytes) {
                try engine.restore(from: &reader)
            } catch {
                preconditionFailure("BUG: a snapshot of one's own cannot be read: \(error)")
            }
            return engine.finish()
        }
    }
}
