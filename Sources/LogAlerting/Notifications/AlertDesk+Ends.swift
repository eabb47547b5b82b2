/// The end of the input, and the end of rules.
extension AlertDesk {
    /// Tells now what groups wait to tell: when weir ends, nobody is there to tell it later.
    public func flushAll(now: Int64) -> AlertOutcome {
        _ = advance(to: now)
        for key in groups.keys.sorted() {
            if let group = groups[key], group.nextFlush != .max { flush(group) }
        }
        return drain()
    }

    /// Ends the alerts that fire and are none of `known`: nobody evaluates their rules any more.
    public func end(allBut known: Set<String>, now: Int64) -> [AlertTransition] {
        alerts.values.filter { $0.isAlive && !known.contains($0.fingerprint) }
            .map { AlertTransition(endOf: $0.alert, at: now, because: AlertTransition.ruleIsGone) }
            .sorted { $0.fingerprint < $1.fingerprint }
    }
}
