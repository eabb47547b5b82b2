internal import LogAlerting
internal import LogMetrics

/// What people ask and do while it runs.
extension AlertStage {
    /// Alerts raised by hand at once: people raise a few, and a script gone wild must not fill the desk.
    static let manualAlertsMax = 100

    /// The alerts that fire and those that are pending.
    var active: [AlertStatus] { desk.active(pending: engine.activeAlerts) }

    /// Ends the alerts raised by hand whose time is over.
    func endManualAlerts(at now: Int64) -> [AlertTransition] {
        let over = manualAlerts.filter { $0.end <= now }
        guard !over.isEmpty else { return [] }
        manualAlerts.removeAll { $0.end <= now }
        let ends = over.map { $0.ending(at: $0.end) }
        for end in ends { counters.add(.alertTransitions, label: end.state.rawValue) }
        return ends
    }

    /// Records what was done over the network and, where it was that, raises an alert; the reason when that cannot be done.
    func carryOut(_ act: AdministrativeAct, now: Int64) -> (raised: Raised, refusal: String?) {
        var outcome = AlertOutcome()
        var begun: [AlertTransition] = []
        var refusal: String?
        if let manual = act.alert {
            if manualAlerts.count < Self.manualAlertsMax {
                manualAlerts.append(manual)
                begun = [manual.beginning]
                counters.add(.alertTransitions, label: AlertState.firing.rawValue)
                outcome = tell(begun, now)
            } else {
                refusal =
                    "\(Self.manualAlertsMax) alerts raised by hand have not ended yet; wait until "
                    + "some do"
                counters.add(.alertsWithheld, label: "too_many_manual")
            }
        }
        outcome.records.append(
            .audit(
                refusal == nil ? act.event : "command_refused", actor: act.actor, at: now,
                command: act.id, refusal ?? act.message, members: act.members))
        return (take(outcome, begun, now: now), refusal)
    }
}
