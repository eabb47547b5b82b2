internal import LogBytes
internal import LogRecords

/// So many messages for one receiver that one stands for them.
struct StormState: Equatable {
    /// When messages about new groups were given out lately.
    var recent: [Int64] = []
    /// When the storm began; nil when there is none.
    var start: Int64?
    /// Whether new groups keep coming. When they have ceased to, further ones are told one by one again.
    var isRaging = false
    /// When the last new group came.
    var latest = Int64.min
    /// The groups that the summary stands for.
    var members: Set<String> = []
    /// Whether groups have come since the last summary.
    var hasNews = false
    /// When the last summary was given out.
    var toldTime: Int64?
    /// The number of summaries.
    var summaries = 0
    /// When the storm is looked at; `.max` when there is none.
    var nextCheck = Int64.max
}

extension AlertDesk {
    /// How long the first summary waits for more: as long as a group waits by default.
    private static let gatherTime = 30 * Timestamp.second
    /// The kinds of alerts that a summary names.
    private static let kindsMax = 20

    /// Whether a message about a group is left to a storm's summary; what a receiver is told one by one is counted here.
    func isWithheld(_ group: NoticeGroup, _ index: Int, _ route: AlertRoute) -> Bool {
        guard let policy = routing.storm,
            !(policy.sparesImmediateRoutes && route.interval == 0)
        else { return false }
        let receiver = group.audiences[index].receiver
        var storm = storms[receiver] ?? StormState()
        let since = clock.minusClamped(policy.within)
        storm.recent.removeAll { $0 <= since }
        defer { storms[receiver] = storm }
        if !storm.isRaging {
            guard storm.recent.count >= policy.groups else {
                storm.recent.append(clock)
                storm.members.remove(group.key)
                return false
            }
            storm.isRaging = true
            if storm.start == nil {
                storm.start = clock
                storm.nextCheck = clock.plusClamped(min(Self.gatherTime, policy.within))
                schedule(.storm, receiver, at: storm.nextCheck)
            }
        }
        storm.members.insert(group.key)
        storm.latest = clock
        storm.hasNews = true
        counters.stormedMessages += 1
        group.audiences[index].isInStorm = true
        return true
    }

    /// Looks at a storm whose time has come.
    func checkStorm(_ receiver: String) {
        guard var storm = storms[receiver], let start = storm.start else { return }
        let within = routing.storm?.within ?? StormPolicy.standard.within
        if clock.minusClamped(storm.latest) >= within { storm.isRaging = false }
        let repetition = table.plans[0].route.repetition
        let isRepeated =
            repetition > 0 && storm.toldTime.map { $0.plusClamped(repetition) <= clock } ?? false
        if storm.members.isEmpty, !storm.isRaging {
            if storm.toldTime != nil { summarize(receiver, &storm, from: start, isOver: true) }
            storm = StormState(recent: storm.recent)
        } else {
            if !storm.members.isEmpty, storm.hasNews || isRepeated {
                summarize(receiver, &storm, from: start, isOver: false)
            }
            storm.nextCheck = clock.plusClamped(within)
            schedule(.storm, receiver, at: storm.nextCheck)
        }
        storms[receiver] = storm
    }

    private func summarize(
        _ receiver: String, _ storm: inout StormState, from start: Int64, isOver: Bool
    ) {
        storm.hasNews = false
        storm.toldTime = clock
        storm.summaries += 1
        let (kinds, severity, count) = kinds(storm.members, receiver)
        let groups = storm.members.count
        let began = Timestamp.text(start, digits: 0)
        let sums = kinds.prefix(Self.kindsMax).map { kind in
            "\(kind.count) × \(kind.name)" + (kind.severity.isEmpty ? "" : " (\(kind.severity))")
        }
        let rest = kinds.count > Self.kindsMax ? ["\(kinds.count - Self.kindsMax) others"] : []
        let summary =
            isOver
            ? "the storm of alerts that began at \(began) is over"
            : "\(count) alerts in \(groups) groups fire since \(began): "
                + (sums + rest).joined(separator: ", ")
        let key = "{storm=\(LabelMatcher.quoted(receiver))}"
        var labels = ["alertname": "AlertStorm", "receiver": receiver]
        labels["severity"] = severity.map { "\($0)" }
        let policy = routing.storm ?? .standard
        let alert = AlertNotification.Alert(
            name: "AlertStorm", isFiring: !isOver, labels: labels,
            annotations: ["summary": summary], severity: severity, value: Double(groups),
            threshold: Double(policy.groups), unit: .count, subject: "new groups",
            window: policy.within, startTime: start, endTime: isOver ? clock : nil,
            fingerprint: String(key.withView { SHA256.hexadecimal($0) }.prefix(16)))
        outcome.notifications.append(
            AlertNotification(
                key: Self.key([alert], receiver, key, .storm, "\(storm.summaries)"),
                receiver: receiver, reason: .storm, groupKey: key, groupLabels: [:],
                alerts: [alert], truncatedAlerts: count, time: clock, externalURL: externalURL))
    }

    private struct Kind {
        let name: String
        let severity: String
        var count: Int
    }

    /// The alerts that a receiver is told of in sum: how many of each name and severity, the most severe first.
    private func kinds(
        _ members: Set<String>, _ receiver: String
    ) -> (kinds: [Kind], severity: Severity?, count: Int) {
        var kinds: [String: Kind] = [:]
        var ranks: [String: Int] = [:]
        var highest: Severity?
        var count = 0
        for key in members {
            guard let group = groups[key],
                let audience = group.audiences.first(where: { $0.receiver == receiver })
            else { continue }
            for fingerprint in audience.told.keys {
                guard let alert = alerts[fingerprint]?.alert else { continue }
                let severity = alert.labels["severity"] ?? ""
                let id = "\(alert.name)\n\(severity)"
                kinds[id, default: Kind(name: alert.name, severity: severity, count: 0)].count += 1
                ranks[id] = alert.severity?.rawValue ?? -1
                highest = [highest, alert.severity].compactMap { $0 }.max()
                count += 1
            }
        }
        let sorted = kinds.sorted { left, right in
            let (first, second) = (ranks[left.key] ?? -1, ranks[right.key] ?? -1)
            if first != second { return first > second }
            if left.value.count != right.value.count { return left.value.count > right.value.count }
            return left.key < right.key
        }
        return (sorted.map(\.value), highest, count)
    }
}
