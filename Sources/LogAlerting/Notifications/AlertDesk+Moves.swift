internal import LogRecords

/// Alerts that come to other groups since their labels changed, as the severity does with the level of a rule.
///
/// A receiver of both groups hears that the alert fires, now so, and once that it is over: from the group that it came to. What
/// it knows under the key of the former one is ended by a notification of its own (`moved`), which only channels take
/// that keep a state by groups, and not before the new group has told that the alert fires.
extension AlertDesk {
    /// Finds the groups of an alert anew. Where it was told and does not belong any more, it is over, unless whoever was told
    /// hears of it in another group from now on.
    func move(_ held: HeldAlert, from former: AlertNotification.Alert) {
        let old = held.groups
        enterGroups(held)
        for key in old where !held.groups.contains(key) {
            guard let group = groups[key] else { continue }
            group.members.remove(held.fingerprint)
            group.taken[held.fingerprint] = nil
            handOver(held, from: group)
            if group.hasTold(held.fingerprint) {
                var copy = former
                copy.isFiring = false
                copy.endTime = clock
                group.departed[held.fingerprint] = copy
            }
            touch(key, held)
        }
    }

    /// Has the alert's new groups tell those who were told of it by `group` when it is over.
    private func handOver(_ held: HeldAlert, from group: NoticeGroup) {
        let heirs = held.groups.compactMap { groups[$0] }
        for index in group.audiences.indices {
            let receiver = group.audiences[index].receiver
            guard let told = group.audiences[index].told[held.fingerprint],
                let heir = heirs.first(where: { hears(receiver, in: $0, isMain: true) })
                    ?? heirs.first(where: { hears(receiver, in: $0, isMain: false) })
            else { continue }
            let place = heir.audience(receiver)
            let known = heir.audiences[place].told[held.fingerprint]
            if known == nil || known?.severity == ToldAlert.handedOver {
                heir.audiences[place].told[held.fingerprint] = ToldAlert(
                    start: told.start, severity: ToldAlert.unheard, isFlapping: false)
            }
            let wasHeard = told.severity != ToldAlert.unheard
            group.audiences[index].told[held.fingerprint]?.severity = ToldAlert.handedOver
            // Nothing was said under this group's key, so nothing has to be ended.
            if !wasHeard { group.audiences[index].told[held.fingerprint] = nil }
        }
    }

    /// Whether the route of a group, or a step of its escalation, tells this receiver.
    private func hears(_ receiver: String, in group: NoticeGroup, isMain: Bool) -> Bool {
        if isMain {
            return group.audiences.contains { $0.isMain && $0.receiver == receiver }
        }
        return table.plans[group.route].route.escalation.contains {
            $0.receivers.contains(receiver)
        }
    }

    /// Ends, for channels that keep a state by groups, what others tell of by now.
    func settleMoves(of group: NoticeGroup, firing: [HeldAlert]) {
        for index in group.audiences.indices {
            let audience = group.audiences[index]
            let moved = group.departed.values.filter {
                audience.told[$0.fingerprint]?.severity == ToldAlert.handedOver
                    && !isAwaited($0.fingerprint, by: audience.receiver)
            }
            guard !moved.isEmpty else { continue }
            if !audience.isInStorm {
                let rest = firing.filter { audience.told[$0.fingerprint] != nil }.map(shown)
                tellMoved(moved, rest, to: audience.receiver, of: group)
            }
            note([], moved, toldTo: index, of: group)
        }
        group.departed = group.departed.filter { group.hasTold($0.key) }
    }

    /// The same for a group that a new configuration does not have any more.
    func endMoves(of former: NoticeGroup, for audience: Audience) {
        let moved = former.departed.values.filter {
            audience.told[$0.fingerprint]?.severity == ToldAlert.handedOver
        }
        if !audience.isInStorm { tellMoved(moved, [], to: audience.receiver, of: former) }
    }

    private func tellMoved(
        _ moved: [AlertNotification.Alert], _ rest: [AlertNotification.Alert],
        to receiver: String, of group: NoticeGroup
    ) {
        guard !moved.isEmpty else { return }
        send(rest + moved, to: receiver, of: group, .moved, mark: "")
    }

    /// Whether the receiver has not heard of the alert from its new group yet.
    private func isAwaited(_ fingerprint: String, by receiver: String) -> Bool {
        (alerts[fingerprint]?.groups ?? []).compactMap { groups[$0] }.contains { group in
            group.audiences.contains {
                $0.receiver == receiver
                    && $0.told[fingerprint]?.severity == ToldAlert.unheard
            }
        }
    }
}
