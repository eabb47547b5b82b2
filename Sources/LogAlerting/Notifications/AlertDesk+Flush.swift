internal import LogBytes
internal import LogRecords

/// Telling receivers what they do not know yet.
extension AlertDesk {
    /// Looks at a group whose time has come.
    func flush(_ group: NoticeGroup) {
        let route = table.plans[group.route].route
        group.hasFlushed = true
        let members = group.members.compactMap { alerts[$0] }
        let firing = members.filter { isFiring($0, for: route) && !$0.isQuiet }
        if !group.departed.isEmpty { settleMoves(of: group, firing: firing) }
        if route.speaks(at: clock) {
            let over = members.filter { !isFiring($0, for: route) }
            for index in group.audiences.indices {
                tell(index, of: group, route, firing: firing, over: over)
            }
            group.departed = group.departed.filter { group.hasTold($0.key) }
        }
        dropFinished(group, route)
        guard groups[group.key] === group else { return }
        group.nextFlush = nextFlush(of: group, route)
        schedule(.flush, group.key, at: group.nextFlush)
        guard !route.escalation.isEmpty else { return }
        for fingerprint in group.members {
            if let held = alerts[fingerprint] { hasten(group, for: held) }
        }
    }

    private func nextFlush(of group: NoticeGroup, _ route: AlertRoute) -> Int64 {
        if route.interval > 0 { return clock.plusClamped(route.interval) }
        // What has moved to another group ends here when that one has told of it.
        if !route.speaks(at: clock) || !group.departed.isEmpty { return nextMinute }
        guard route.repetition > 0 else { return .max }
        let told = group.audiences.filter { $0.isMain && !$0.isInStorm }.compactMap(\.toldTime)
        guard let first = told.min() else { return .max }
        // Acknowledged or silenced alerts are not repeated: the time may be over already.
        let next = first.plusClamped(route.repetition)
        return next > clock ? next : clock.plusClamped(max(route.repetition, Self.minute))
    }

    /// Takes alerts out of the group that are over and of which nobody there has to be told any more.
    private func dropFinished(_ group: NoticeGroup, _ route: AlertRoute) {
        for fingerprint in group.members.sorted() {
            guard let held = alerts[fingerprint], !isFiring(held, for: route),
                !group.hasTold(fingerprint)
            else { continue }
            group.taken[fingerprint] = nil
            // A flapping alert that looks over to some of its groups only is held by the others.
            if held.isAlive { continue }
            group.members.remove(fingerprint)
            held.groups.removeAll { $0 == group.key }
            if held.groups.isEmpty { forget(held) }
        }
        if group.isFinished { remove(group) }
    }

    private func forget(_ held: HeldAlert) {
        alerts[held.fingerprint] = nil
        let concerned = inhibition.remove(held.fingerprint)
        settleInhibition(of: concerned, source: nil)
    }

    func remove(_ group: NoticeGroup) {
        groups[group.key] = nil
        for audience in group.audiences where audience.isInStorm {
            storms[audience.receiver]?.members.remove(group.key)
        }
    }

    // MARK: One receiver

    private func tell(
        _ index: Int, of group: NoticeGroup, _ route: AlertRoute, firing: [HeldAlert],
        over: [HeldAlert]
    ) {
        let audience = group.audiences[index]
        let ended =
            over.filter { audience.told[$0.fingerprint] != nil }.map(shown)
            + group.departed.values.filter {
                audience.told[$0.fingerprint].map { $0.severity != ToldAlert.handedOver } ?? false
            }
        guard audience.isMain else {
            guard !ended.isEmpty else { return }
            return end(index, of: group, ended, route)
        }
        let isNews = firing.contains { isNew($0, to: audience) }
        var reason = AlertNotification.Reason.change
        if !isNews, ended.isEmpty {
            guard isRepetitionDue(audience, route, firing) else { return }
            reason = .repeated
        }
        if !isNews, audience.isInStorm, reason == .change {
            return end(index, of: group, ended, route)
        }
        // A receiver that has been told nothing of this group, or only in sum, may be in the middle of a storm.
        if isNews, audience.told.isEmpty || audience.isInStorm,
            isWithheld(group, index, route)
        {
            note(firing, ended, toldTo: index, of: group)
            return
        }
        group.audiences[index].isInStorm = false
        if reason == .repeated { group.audiences[index].repetition += 1 }
        send(
            firing.map(shown) + ended, to: audience.receiver, of: group, reason,
            mark: reason == .repeated ? "\(group.audiences[index].repetition)" : "")
        note(firing, ended, toldTo: index, of: group)
    }

    /// Tells that alerts are over, where nothing else is to be told.
    private func end(
        _ index: Int, of group: NoticeGroup, _ ended: [AlertNotification.Alert],
        _ route: AlertRoute
    ) {
        let audience = group.audiences[index]
        // A storm's end is told once, by its own message.
        if !audience.isInStorm {
            send(ended, to: audience.receiver, of: group, .change, mark: "end")
        }
        note([], ended, toldTo: index, of: group)
    }

    private func isNew(_ held: HeldAlert, to audience: Audience) -> Bool {
        guard let told = audience.told[held.fingerprint] else { return true }
        return Self.rank(held.alert.severity) > told.severity
            || (held.isFlapping && !told.isFlapping)
    }

    private func isRepetitionDue(
        _ audience: Audience, _ route: AlertRoute, _ firing: [HeldAlert]
    ) -> Bool {
        guard route.repetition > 0, let time = audience.toldTime, !audience.isInStorm else {
            return false
        }
        return time.plusClamped(route.repetition) <= clock
            && firing.contains { $0.acknowledgement == nil }
    }

    private static func rank(_ severity: Severity?) -> Int { severity?.rawValue ?? -1 }

    /// Writes down what a receiver was told.
    func note(
        _ firing: [HeldAlert], _ ended: [AlertNotification.Alert], toldTo index: Int,
        of group: NoticeGroup
    ) {
        for held in firing {
            group.audiences[index].told[held.fingerprint] = ToldAlert(
                start: held.alert.startTime, severity: Self.rank(held.alert.severity),
                isFlapping: held.isFlapping)
        }
        for alert in ended { group.audiences[index].told[alert.fingerprint] = nil }
        if !firing.isEmpty { group.audiences[index].toldTime = clock }
        guard group.audiences[index].told.isEmpty else { return }
        group.audiences[index].toldTime = nil
        group.audiences[index].repetition = 0
        if group.audiences[index].isInStorm {
            group.audiences[index].isInStorm = false
            storms[group.audiences[index].receiver]?.members.remove(group.key)
        }
    }

    // MARK: Messages

    private static let flappingAnnotation = "flapping"

    /// The alert as messages show it.
    func shown(_ held: HeldAlert) -> AlertNotification.Alert {
        var alert = held.alert
        alert.acknowledgedBy = held.acknowledgement?.actor
        if held.isFlapping {
            alert.isFiring = true
            alert.endTime = nil
            let policy = routing.flapping ?? .standard
            alert.annotations[Self.flappingAnnotation] =
                "changes its state more than \(policy.changes) times within "
                + "\(DurationText.text(policy.within)); it is held as firing until it calms down"
        }
        return alert
    }

    /// Gives out a message. `mark` tells it from others with the same alerts and reason.
    func send(
        _ alerts: [AlertNotification.Alert], to receiver: String, of group: NoticeGroup,
        _ reason: AlertNotification.Reason, mark: String
    ) {
        guard !alerts.isEmpty else { return }
        let sorted = alerts.sorted(by: Self.comesBefore)
        let extra = max(0, sorted.count - limits.alertsInNotification)
        counters.truncatedAlerts += extra
        outcome.notifications.append(
            AlertNotification(
                key: Self.key(sorted, receiver, group.key, reason, mark), receiver: receiver,
                reason: reason, groupKey: group.key, groupLabels: group.labels,
                alerts: Array(sorted.prefix(limits.alertsInNotification)),
                truncatedAlerts: extra, time: clock, externalURL: externalURL))
    }

    /// Firing ones first, the most severe of them first, the oldest of these first.
    static func comesBefore(
        _ left: AlertNotification.Alert, _ right: AlertNotification.Alert
    ) -> Bool {
        if left.isFiring != right.isFiring { return left.isFiring }
        let (first, second) = (rank(left.severity), rank(right.severity))
        if first != second { return first > second }
        if left.startTime != right.startTime { return left.startTime < right.startTime }
        return left.fingerprint < right.fingerprint
    }

    /// A hash of what makes the message what it is, and not of when it was made: the same one made again has the same key.
    static func key(
        _ alerts: [AlertNotification.Alert], _ receiver: String, _ group: String,
        _ reason: AlertNotification.Reason, _ mark: String
    ) -> String {
        // No name has a line break that is not there in every message about it.
        var text = [receiver, group, reason.rawValue, mark].joined(separator: "\n")
        for alert in alerts {
            text += "\n\(alert.fingerprint) \(alert.isFiring ? "firing" : "resolved") "
            text += "\(alert.startTime) \(alert.firedTime) \(rank(alert.severity))"
            if alert.annotations[flappingAnnotation] != nil { text += " flapping" }
        }
        return text.withView { String(SHA256.hexadecimal($0).prefix(keyDigits)) }
    }

    /// 128 bits: no two messages meet.
    private static let keyDigits = 32
}
