internal import LogRecords

/// Telling others when alerts last, or when nobody reacts.
extension AlertDesk {
    /// When the escalation of a member is due next: the time and the step; nil for never as things are.
    func nextStep(_ held: HeldAlert, in group: NoticeGroup) -> (time: Int64, step: Int)? {
        let steps = table.plans[group.route].route.escalation
        guard !steps.isEmpty, held.isAlive, !held.isQuiet else { return nil }
        var next: (time: Int64, step: Int)?
        for index in steps.indices {
            guard let time = dueTime(held, in: group, step: index) else { continue }
            if time < next?.time ?? .max { next = (time, index) }
        }
        return next
    }

    private func dueTime(_ held: HeldAlert, in group: NoticeGroup, step index: Int) -> Int64? {
        let step = table.plans[group.route].route.escalation[index]
        guard !step.unlessAcknowledged || held.acknowledgement == nil,
            let after = step.after.delay(held.alert.severity),
            step.matchers.hold(held.alert.labels)
        else { return nil }
        let taken = group.taken[held.fingerprint]?[index] ?? 0
        guard taken == 0 || step.repetition > 0 else { return nil }
        let first = held.escalationBase.plusClamped(after)
        let (rest, overflow) = step.repetition.multipliedReportingOverflow(by: Int64(taken))
        return overflow ? nil : max(first.plusClamped(rest), group.stepNotBefore[index])
    }

    /// Sees to it that the group's escalation is looked at when this member's is due.
    func hasten(_ group: NoticeGroup, for held: HeldAlert) {
        guard group.hasFlushed, let (time, _) = nextStep(held, in: group) else { return }
        let due = max(time, clock)
        guard due < group.nextEscalation else { return }
        group.nextEscalation = due
        schedule(.escalation, group.key, at: due)
    }

    /// Looks at the escalation of a group whose time has come.
    func escalate(_ group: NoticeGroup) {
        let route = table.plans[group.route].route
        group.nextEscalation = .max
        guard route.speaks(at: clock) else {
            group.nextEscalation = nextMinute
            schedule(.escalation, group.key, at: nextMinute)
            return
        }
        let members = group.members.sorted().compactMap { alerts[$0] }
            .filter { $0.isAlive && !$0.isQuiet }
        for index in route.escalation.indices {
            let late = members.filter { held in
                dueTime(held, in: group, step: index).map { $0 <= clock } ?? false
            }
            if !late.isEmpty { take(step: index, of: group, route, late) }
        }
        for held in members { hasten(group, for: held) }
    }

    private func take(
        step index: Int, of group: NoticeGroup, _ route: AlertRoute, _ late: [HeldAlert]
    ) {
        let step = route.escalation[index]
        var level = 0
        for held in late {
            var taken =
                group.taken[held.fingerprint]
                ?? Array(repeating: 0, count: route.escalation.count)
            taken[index] = number(of: step, for: held, after: taken[index])
            group.taken[held.fingerprint] = taken
            level = max(level, taken[index])
            let age = DurationText.text(max(0, clock.minusClamped(held.firedTime)))
            record(
                .escalated, held,
                "to \(step.receivers.joined(separator: ", ")) after \(age)",
                [
                    ("receivers", step.receivers.joined(separator: ", ")),
                    ("step", "\(index + 1)"),
                ])
        }
        // Not `interval`: a step that is due does not wait for minutes because another alert took it a moment ago.
        group.stepNotBefore[index] = clock.plusClamped(min(route.wait, route.interval))
        // An acknowledgement that ran out lets the steps begin anew.
        let since = late.compactMap(\.unacknowledgedTime).max() ?? 0
        for receiver in step.receivers {
            let place = group.audience(receiver)
            // Others who stand for many messages stand for these, too.
            if isWithheld(group, place, route) {
                note(late, [], toldTo: place, of: group)
                continue
            }
            group.audiences[place].isInStorm = false
            send(
                late.map(shown), to: receiver, of: group, .escalated,
                mark: "\(index).\(level).\(since)")
            note(late, [], toldTo: place, of: group)
        }
    }

    /// How often a step counts as taken once it is taken now: repetitions that are overdue are left out.
    private func number(of step: EscalationStep, for held: HeldAlert, after taken: Int) -> Int {
        guard step.repetition > 0, let after = step.after.delay(held.alert.severity) else {
            return taken + 1
        }
        let age = clock.minusClamped(held.escalationBase.plusClamped(after))
        return max(taken + 1, Int(clamping: age / step.repetition) + 1)
    }
}
