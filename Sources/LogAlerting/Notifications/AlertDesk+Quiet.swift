internal import LogRecords

/// What keeps alerts quiet: silences, maintenance windows, other alerts.
extension AlertDesk {
    // MARK: Silences

    /// The next time at which a silence begins, ends or is forgotten.
    func nextEdge(_ silence: Silence) -> Int64 {
        switch silence.state(at: clock) {
        case .pending: silence.start
        case .active: silence.end
        case .expired: silence.end.plusClamped(Self.silenceMemory)
        }
    }

    /// Adds a silence or replaces the one of its id. False when there are too many.
    func install(_ silence: Silence) -> Bool {
        if silences[silence.id] == nil, silences.count >= limits.silences {
            let expired = silences.values.filter { $0.state(at: clock) == .expired }
            guard let oldest = expired.min(by: { ($0.end, $0.id) < ($1.end, $1.id) }) else {
                return false
            }
            silences[oldest.id] = nil
            silenceEdges[oldest.id] = nil
        }
        silences[silence.id] = silence
        settle(silence)
        return true
    }

    /// Sees to it that a silence is looked at when it begins, ends or is forgotten.
    func expect(_ silence: Silence) {
        let edge = nextEdge(silence)
        silenceEdges[silence.id] = edge
        schedule(.silence, silence.id, at: edge)
    }

    func settleSilence(_ id: String) {
        guard let silence = silences[id] else { return }
        if silence.end.plusClamped(Self.silenceMemory) <= clock {
            silences[id] = nil
            silenceEdges[id] = nil
            return
        }
        settle(silence)
    }

    /// Brings all alerts in line with a silence as it stands now.
    private func settle(_ silence: Silence) {
        let isActive = silence.state(at: clock) == .active
        settle(silence.id) { isActive && silence.matchers.hold($0) }
        expect(silence)
    }

    /// Brings all alerts in line with what keeps those quiet whose labels `holds` says yes to.
    private func settle(_ name: String, _ holds: ([String: String]) -> Bool) {
        for fingerprint in alerts.keys.sorted() {
            guard let held = alerts[fingerprint] else { continue }
            let isIn = held.silences.contains(name)
            guard holds(held.alert.labels) != isIn else { continue }
            setSilences(
                held,
                isIn ? held.silences.filter { $0 != name } : (held.silences + [name]).sorted())
        }
    }

    /// The silences and maintenance windows that hold for these labels now.
    func silences(for labels: [String: String]) -> [String] {
        var result: [String] = []
        for silence in silences.values
        where silence.state(at: clock) == .active && silence.matchers.hold(labels) {
            result.append(silence.id)
        }
        for index in openWindows where routing.maintenance[index].matchers.hold(labels) {
            result.append(Self.name(of: routing.maintenance[index]))
        }
        return result.sorted()
    }

    func setSilences(_ held: HeldAlert, _ names: [String]) {
        let wasSilenced = !held.silences.isEmpty
        held.silences = names
        guard names.isEmpty == wasSilenced, held.isAlive else { return }
        if wasSilenced {
            record(.unsilenced, held)
        } else {
            let authors = names.compactMap { silences[$0] }
            let details = authors.map { "by \($0.creator): \($0.comment)" }
            record(
                .silenced, held, details.isEmpty ? names.joined(separator: ", ") : details[0],
                [("silences", names.joined(separator: ", "))])
        }
        for key in held.groups { touch(key, held) }
    }

    // MARK: Maintenance

    /// The name under which a maintenance window stands among silences.
    static func name(of window: MaintenanceWindow) -> String { "maintenance/\(window.name)" }

    func settleMaintenance() {
        for (index, window) in routing.maintenance.enumerated() {
            let isOpen = window.contains(clock)
            guard isOpen != openWindows.contains(index) else { continue }
            if isOpen { openWindows.insert(index) } else { openWindows.remove(index) }
            settle(Self.name(of: window)) { isOpen && window.matchers.hold($0) }
        }
        scheduleMaintenance()
    }

    /// While no alert is held nobody need know: what holds is then found out when the next one comes.
    func scheduleMaintenance() {
        nextMaintenance = .max
        for window in routing.maintenance {
            let edges = [window.start, window.end].compactMap { $0 }.filter { $0 > clock }
            nextMaintenance = min(nextMaintenance, edges.min() ?? .max)
            if !window.intervals.isEmpty, clock < window.end ?? .max {
                nextMaintenance = min(nextMaintenance, nextMinute)
            }
        }
        if alerts.isEmpty {
            nextMaintenance = .max
        } else {
            schedule(.maintenance, "", at: nextMaintenance)
        }
    }

    // MARK: Inhibition

    /// Brings an alert and those that it may keep quiet in line with the rules.
    func settleInhibition(around held: HeldAlert) {
        guard !routing.inhibitions.isEmpty else { return }
        var concerned = inhibition.update(held)
        concerned.insert(held.fingerprint)
        settleInhibition(of: concerned, source: held.isAlive ? held.fingerprint : nil)
    }

    /// Brings alerts in line with the rules; `source` is the only alert that may have become one that keeps others quiet.
    func settleInhibition(of concerned: Set<String>, source: String?) {
        for fingerprint in concerned.sorted() {
            guard let target = alerts[fingerprint] else { continue }
            // One that is quiet stays so when there is one reason more.
            if target.inhibitor != nil, source != nil, fingerprint != source { continue }
            setInhibitor(target, target.isAlive ? inhibition.inhibitor(of: target) : nil)
        }
    }

    private func setInhibitor(_ held: HeldAlert, _ source: String?) {
        let old = held.inhibitor
        held.inhibitor = source
        guard (old == nil) != (source == nil), held.isAlive else { return }
        if let source {
            let name = alerts[source]?.alert.name ?? source
            record(.inhibited, held, "\(name) fires", [("inhibitor", source)])
        } else {
            record(.uninhibited, held)
        }
        for key in held.groups { touch(key, held) }
    }
}
