internal import LogRecords

/// Alerts that begin, change and end.
extension AlertDesk {
    func take(_ transition: AlertTransition) {
        switch transition.state {
        // What is pending is nobody's business yet; the rule engine lists it.
        case .pending: return
        case .firing: fire(AlertNotification.Alert(transition))
        case .resolved: resolve(AlertNotification.Alert(transition))
        }
    }

    private func fire(_ alert: AlertNotification.Alert) {
        let held: HeldAlert
        if let known = alerts[alert.fingerprint] {
            held = known
            let former = known.alert
            let isNew = !known.alert.isFiring
            let labelsChanged = known.alert.labels != alert.labels
            if isNew && !known.isFlapping {
                known.beginAgain(alert, at: clock)
                for key in known.groups { groups[key]?.taken[alert.fingerprint] = nil }
            } else {
                known.alert = alert
            }
            if isNew { noteChange(known) }
            // One that is over may have left some of its groups already.
            if isNew || labelsChanged { move(known, from: former) }
        } else {
            guard alerts.count < limits.alerts else {
                counters.refusedAlerts += 1
                return
            }
            held = HeldAlert(alert, firedTime: clock)
            alerts[alert.fingerprint] = held
            if alerts.count == 1 { scheduleMaintenance() }
            enterGroups(held)
            noteChange(held)
        }
        setSilences(held, silences(for: held.alert.labels))
        settleInhibition(around: held)
        expectResponse(held)
        for key in held.groups { touch(key, held) }
    }

    private func resolve(_ alert: AlertNotification.Alert) {
        guard let held = alerts[alert.fingerprint], held.alert.isFiring else { return }
        // The labels stay: they may show the value, and routes and groups are found by them.
        held.alert.isFiring = false
        held.alert.endTime = alert.endTime
        held.alert.value = alert.value
        held.alert.annotations = alert.annotations
        held.responseTime = nil
        noteChange(held)
        settleEnd(held)
    }

    /// What follows when an alert is over, or has calmed down after it.
    func settleEnd(_ held: HeldAlert) {
        settleInhibition(around: held)
        for key in held.groups { touch(key, held) }
    }

    // MARK: Groups

    /// Makes an alert a member of its groups, or of those of them that are among `keys`.
    func enterGroups(_ held: HeldAlert, among keys: Set<String>? = nil) {
        held.groups = []
        for index in table.routes(for: held.alert.labels) {
            let (key, labels) = place(of: held, route: index)
            if let keys, !keys.contains(key) { continue }
            let group = group(key, route: index, labels)
            group.members.insert(held.fingerprint)
            group.departed[held.fingerprint] = nil
            held.groups.append(key)
        }
    }

    /// The key and the labels of the group that a route puts an alert into.
    private func place(of held: HeldAlert, route index: Int) -> (String, [String: String]) {
        let plan = table.plans[index]
        switch plan.route.grouping {
        case .all:
            // Not the labels: they may show the value, and the alert stays the same.
            return ("\(plan.path):\(held.alert.name)/\(held.fingerprint)", held.alert.labels)
        case .labels(let names):
            // A label that is missing groups as an empty one, and is not shown.
            var values: [String: String] = [:]
            for name in names { values[name] = held.alert.labels[name] }
            let texts = values.sorted { $0.key < $1.key }
                .map { $0.key + "=" + LabelMatcher.quoted($0.value) }
            return ("\(plan.path):{" + texts.joined(separator: ", ") + "}", values)
        }
    }

    private func group(
        _ key: String, route index: Int, _ labels: [String: String]
    ) -> NoticeGroup {
        let plan = table.plans[index]
        if let known = groups[key] { return known }
        if let old = formerGroups.removeValue(forKey: key) {
            old.adopt(plan, at: index)
            groups[key] = old
            return old
        }
        let group = NoticeGroup(
            key: key, route: index, labels: labels, plan: plan,
            nextFlush: clock.plusClamped(plan.route.wait))
        groups[key] = group
        schedule(.flush, key, at: group.nextFlush)
        return group
    }

    /// Something about a member of a group changed: a group that tells each change at once is due, and the escalation is.
    func touch(_ key: String, _ held: HeldAlert) {
        guard let group = groups[key], group.hasFlushed else { return }
        if table.plans[group.route].route.interval == 0, group.nextFlush > clock {
            group.nextFlush = clock
            schedule(.flush, key, at: clock)
        }
        hasten(group, for: held)
    }

    // MARK: Flapping

    /// An alert began or ceased to fire.
    private func noteChange(_ held: HeldAlert) {
        guard let policy = routing.flapping else { return }
        forgetOldChanges(policy)
        let since = clock.minusClamped(policy.within)
        var times = (changes[held.fingerprint] ?? []).filter { $0 > since }
        times.append(clock)
        // More than it takes need not be known.
        changes[held.fingerprint] = Array(times.suffix(policy.changes + 1))
        if held.isFlapping {
            counters.dampedChanges += 1
            schedule(.alert, held.fingerprint, at: nextCheck(held))
        } else if times.count > policy.changes {
            held.isFlapping = true
            schedule(.alert, held.fingerprint, at: nextCheck(held))
            record(
                .flapping, held,
                "it changed \(times.count) times within \(DurationText.text(policy.within))")
        }
    }

    /// Alerts that come and go leave their times behind; those too old to count are dropped when there are many.
    private func forgetOldChanges(_ policy: FlappingPolicy) {
        guard changes.count > 2 * limits.alerts else { return }
        let since = clock.minusClamped(policy.within)
        changes = changes.filter { $0.value.last.map { $0 > since } ?? false }
        // All of them are young: new alerts are then not known to flap until the others have aged.
        if changes.count > 2 * limits.alerts { changes.removeAll() }
    }

    /// Whether a route treats an alert as firing.
    func isFiring(_ held: HeldAlert, for route: AlertRoute) -> Bool {
        let isSpared = route.interval == 0 && routing.flapping?.sparesImmediateRoutes == true
        return held.alert.isFiring || (held.isFlapping && !isSpared)
    }

    // MARK: Checks of one alert

    /// When an alert is to be looked at; `.max` for not before something changes.
    func nextCheck(_ held: HeldAlert) -> Int64 {
        var time = held.acknowledgement?.end ?? .max
        if held.isFlapping, let last = changes[held.fingerprint]?.last {
            time = min(time, last.plusClamped(routing.flapping?.within ?? 0))
        }
        return min(time, held.responseTime ?? .max)
    }

    func check(_ held: HeldAlert) {
        if let end = held.acknowledgement?.end, end <= clock {
            endAcknowledgement(held, "its time is over")
        }
        if held.isFlapping {
            let last = changes[held.fingerprint]?.last ?? .min
            if last.plusClamped(routing.flapping?.within ?? 0) <= clock { calm(held) }
        }
        if let time = held.responseTime, time <= clock {
            held.responseTime = nil
            if held.isAlive, !held.isQuiet, held.acknowledgement == nil {
                record(.overdue, held, "nobody acknowledged it in time")
            }
        }
        if alerts[held.fingerprint] === held {
            schedule(.alert, held.fingerprint, at: nextCheck(held))
        }
    }

    private func calm(_ held: HeldAlert) {
        held.isFlapping = false
        changes[held.fingerprint] = nil
        record(.calm, held, held.alert.isFiring ? "it fires" : "it is over")
        settleEnd(held)
    }

    private func expectResponse(_ held: HeldAlert) {
        guard held.acknowledgement == nil, held.responseTime == nil, held.firedTime == clock
        else { return }
        let delays = held.groups.compactMap { key in
            groups[key].flatMap {
                table.plans[$0.route].route.response.delay(held.alert.severity)
            }
        }
        guard let delay = delays.min() else { return }
        held.responseTime = clock.plusClamped(delay)
        schedule(.alert, held.fingerprint, at: nextCheck(held))
    }
}
