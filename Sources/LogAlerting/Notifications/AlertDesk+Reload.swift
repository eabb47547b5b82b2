internal import LogRecords

/// New configurations, and clocks that step back.
extension AlertDesk {
    /// Puts a new configuration into force: what was told, acknowledged and silenced stays so. A group whose route still
    /// exists goes on; an alert that comes to another route is not told to a receiver again that knows it.
    public func reload(_ routing: AlertRouting, now: Int64) -> AlertOutcome {
        run(to: now)
        enforce(routing)
        finishInstant()
        return drain()
    }

    func enforce(_ routing: AlertRouting) {
        self.routing = routing
        table = RouteTable(routing.root)
        inhibition = InhibitionIndex(routing.inhibitions)
        openWindows = Set(
            routing.maintenance.indices.filter { routing.maintenance[$0].contains(clock) })
        formerGroups = groups
        groups = [:]
        for fingerprint in alerts.keys.sorted() {
            guard let held = alerts[fingerprint] else { continue }
            // One that is over belongs only where somebody still has to be told.
            enterGroups(held, among: held.isAlive ? nil : Set(held.groups))
            _ = inhibition.update(held)
        }
        for fingerprint in alerts.keys.sorted() {
            guard let held = alerts[fingerprint] else { continue }
            setSilences(held, silences(for: held.alert.labels))
            settleInhibition(of: [fingerprint], source: nil)
        }
        for group in groups.values.sorted(by: { $0.key < $1.key }) { expelStrangers(from: group) }
        for group in formerGroups.values.sorted(by: { $0.key < $1.key }) { inherit(from: group) }
        formerGroups = [:]
        for held in alerts.values where held.groups.isEmpty {
            alerts[held.fingerprint] = nil
            _ = inhibition.remove(held.fingerprint)
        }
        for (receiver, storm) in storms {
            storms[receiver]?.members = storm.members.filter { groups[$0] != nil }
        }
        scheduleAll()
    }

    /// Takes out of a group the alerts that its route does not take any more.
    private func expelStrangers(from group: NoticeGroup) {
        for fingerprint in group.members.sorted() {
            guard let held = alerts[fingerprint], !held.groups.contains(group.key) else {
                continue
            }
            group.members.remove(fingerprint)
            group.taken[fingerprint] = nil
            guard group.hasTold(fingerprint) else { continue }
            var copy = held.alert
            copy.isFiring = false
            copy.endTime = copy.endTime ?? clock
            group.departed[fingerprint] = copy
        }
    }

    /// Hands what the receivers of a group were told, which exists no more, on to the groups in which its alerts are now.
    private func inherit(from former: NoticeGroup) {
        let receivers = routing.receiverNames
        for audience in former.audiences where receivers.contains(audience.receiver) {
            endMoves(of: former, for: audience)
            for fingerprint in audience.told.keys.sorted() {
                guard let told = audience.told[fingerprint], let held = alerts[fingerprint],
                    told.severity != ToldAlert.handedOver
                else { continue }
                let heirs = held.groups.compactMap { groups[$0] }
                let known = heirs.first { group in
                    group.audiences.contains { $0.receiver == audience.receiver }
                }
                guard let heir = known ?? heirs.first else { continue }
                let place = heir.audience(audience.receiver)
                guard heir.audiences[place].told[fingerprint] == nil else { continue }
                heir.audiences[place].told[fingerprint] = told
                heir.audiences[place].toldTime = max(
                    heir.audiences[place].toldTime ?? .min, audience.toldTime ?? clock)
            }
        }
    }

    /// Everything that will be due, from the state alone.
    func scheduleAll() {
        timers = TimerQueue()
        for silence in silences.values { expect(silence) }
        for held in alerts.values {
            schedule(.alert, held.fingerprint, at: nextCheck(held))
        }
        for group in groups.values {
            schedule(.flush, group.key, at: group.nextFlush)
            schedule(.escalation, group.key, at: group.nextEscalation)
            guard group.nextEscalation == .max else { continue }
            for fingerprint in group.members {
                if let held = alerts[fingerprint] { hasten(group, for: held) }
            }
        }
        for (receiver, storm) in storms { schedule(.storm, receiver, at: storm.nextCheck) }
        scheduleMaintenance()
    }

    // MARK: Clocks

    /// The clock was set back: what is due moves with it, so that a wait stays as long as it was. Silences and time intervals
    /// are the operator's, by the wall clock, and hold as that says.
    func stepBack(to now: Int64) {
        let distance = clock.minusClamped(now)
        func moved(_ time: Int64) -> Int64 {
            time == .max || time == .min ? time : time.minusClamped(distance)
        }
        for held in alerts.values {
            held.firedTime = moved(held.firedTime)
            held.unacknowledgedTime = held.unacknowledgedTime.map(moved)
            held.responseTime = held.responseTime.map(moved)
        }
        for group in groups.values {
            group.nextFlush = moved(group.nextFlush)
            group.nextEscalation = moved(group.nextEscalation)
            group.stepNotBefore = group.stepNotBefore.map(moved)
            for index in group.audiences.indices {
                group.audiences[index].toldTime = group.audiences[index].toldTime.map(moved)
            }
        }
        changes = changes.mapValues { $0.map(moved) }
        for receiver in storms.keys {
            guard var storm = storms[receiver] else { continue }
            storm.recent = storm.recent.map(moved)
            storm.start = storm.start.map(moved)
            storm.latest = moved(storm.latest)
            storm.toldTime = storm.toldTime.map(moved)
            storm.nextCheck = moved(storm.nextCheck)
            storms[receiver] = storm
        }
        clock = now
        openWindows = Set(
            routing.maintenance.indices.filter { routing.maintenance[$0].contains(clock) })
        scheduleAll()
        for fingerprint in alerts.keys.sorted() {
            guard let held = alerts[fingerprint] else { continue }
            setSilences(held, silences(for: held.alert.labels))
        }
    }
}
