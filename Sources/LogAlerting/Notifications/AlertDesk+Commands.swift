internal import LogRecords

/// What operators say.
extension AlertDesk {
    func carryOut(
        _ command: OperatorCommand, _ letters: (OperatorCommand.Action) -> DeadLetterOutcome
    ) {
        guard !knownCommands.contains(command.id) else { return }
        remember(command.id)
        let refusal: String?
        switch command.action {
        case .acknowledge(let target, let note, let end):
            let acknowledgement = Acknowledgement(
                id: command.id, actor: command.actor, note: note, time: command.time, end: end,
                isFalsePositive: false)
            refusal = acknowledge(target, acknowledgement, command)
        case .markFalse(let target, let reason):
            let acknowledgement = Acknowledgement(
                id: command.id, actor: command.actor, note: reason, time: command.time, end: nil,
                isFalsePositive: true)
            refusal =
                reason.isEmpty
                ? "a false positive needs a reason"
                : acknowledge(target, acknowledgement, command)
        case .unacknowledge(let target): refusal = unacknowledge(target, command)
        case .silence(let silence): refusal = add(silence, command)
        case .expire(let id, let reason): refusal = expire(id, reason, command)
        case .resend(let target):
            refusal = note(letters(command.action), target, "dead_letters_resent", command)
        case .discard(let target):
            refusal = note(letters(command.action), target, "dead_letters_discarded", command)
        }
        guard let refusal else { return }
        counters.refusedCommands += 1
        outcome.refusal = refusal
        audit(command, "command_refused", refusal)
    }

    /// Records what was done with dead letters; the reason when nothing was.
    private func note(
        _ result: DeadLetterOutcome, _ target: DeadLetters, _ event: String,
        _ command: OperatorCommand
    ) -> String? {
        switch result {
        case .refused(let reason): return reason
        case .done(let count):
            let verb = event == "dead_letters_resent" ? "had sent again" : "discarded"
            audit(
                command, event, "\(command.actor) \(verb): \(target.text) (\(count))",
                [("channel", target.channel ?? ""), ("letters", "\(count)")])
            return nil
        }
    }

    private func remember(_ id: String) {
        appliedCommands.append(id)
        knownCommands.insert(id)
        guard appliedCommands.count > limits.commands else { return }
        // In steps, so that a list of ten thousand is not moved for each command.
        let old = appliedCommands.prefix(max(1, limits.commands / 10))
        for id in old { knownCommands.remove(id) }
        appliedCommands.removeFirst(old.count)
    }

    private func audit(
        _ command: OperatorCommand, _ event: String, _ message: String,
        _ members: [(String, String)] = []
    ) {
        outcome.records.append(
            .audit(
                event, actor: command.actor, at: clock, command: command.id, message,
                members: members))
    }

    /// The alerts that a command is about: those that fired when it was given.
    private func targets(_ target: AlertTarget, _ command: OperatorCommand) -> [HeldAlert] {
        let found: [HeldAlert]
        switch target {
        case .fingerprint(let fingerprint): found = alerts[fingerprint].map { [$0] } ?? []
        case .name(let name):
            found = alerts.values.filter { $0.alert.name == name }
                .sorted { $0.fingerprint < $1.fingerprint }
        }
        // A command read again must not hit what fired later.
        return found.filter { $0.isAlive && $0.firedTime <= command.time }
    }

    private func acknowledge(
        _ target: AlertTarget, _ acknowledgement: Acknowledgement, _ command: OperatorCommand
    ) -> String? {
        if let end = acknowledgement.end, end <= clock {
            return "the acknowledgement ended at \(Timestamp.text(end)), before it began"
        }
        let found = targets(target, command)
        guard !found.isEmpty else { return "no alert `\(target.text)` fires" }
        let isFalse = acknowledgement.isFalsePositive
        for held in found {
            held.acknowledgement = acknowledgement
            held.responseTime = nil
            let said = acknowledgement.note.isEmpty ? "" : ": \(acknowledgement.note)"
            record(
                isFalse ? .falsePositive : .acknowledged, held,
                "by \(acknowledgement.actor)" + said,
                [
                    ("actor", acknowledgement.actor),
                    (isFalse ? "reason" : "note", acknowledgement.note),
                ].filter { !$0.1.isEmpty })
            schedule(.alert, held.fingerprint, at: nextCheck(held))
        }
        audit(
            command, isFalse ? "alert_marked_false" : "alert_acknowledged",
            "\(command.actor) "
                + (isFalse ? "marked \(found.count) of" : "acknowledged \(found.count) of")
                + " \(target.text)",
            [
                ("alert", target.text),
                ("fingerprints", found.map(\.fingerprint).joined(separator: " ")),
                (isFalse ? "reason" : "note", acknowledgement.note),
            ])
        tellAcknowledged(found, command)
        return nil
    }

    /// Tells everybody who was told of the alerts who takes care of them.
    private func tellAcknowledged(_ found: [HeldAlert], _ command: OperatorCommand) {
        let fingerprints = Set(found.map(\.fingerprint))
        for key in Set(found.flatMap(\.groups)).sorted() {
            guard let group = groups[key], table.plans[group.route].route.speaks(at: clock)
            else { continue }
            for audience in group.audiences where !audience.isInStorm {
                let known = fingerprints.filter { audience.told[$0] != nil }.sorted()
                    .compactMap { alerts[$0] }
                send(
                    known.map(shown), to: audience.receiver, of: group, .acknowledged,
                    mark: command.id)
            }
        }
    }

    private func unacknowledge(_ target: AlertTarget, _ command: OperatorCommand) -> String? {
        let found = targets(target, command).filter { $0.acknowledgement != nil }
        guard !found.isEmpty else { return "no alert `\(target.text)` is acknowledged" }
        for held in found { endAcknowledgement(held, "by \(command.actor)") }
        audit(
            command, "alert_unacknowledged",
            "\(command.actor) took the acknowledgement of \(found.count) of \(target.text) back",
            [("alert", target.text)])
        return nil
    }

    /// Nobody takes care of the alert any more: the escalation begins anew.
    func endAcknowledgement(_ held: HeldAlert, _ details: String) {
        held.acknowledgement = nil
        held.unacknowledgedTime = clock
        for key in held.groups { groups[key]?.taken[held.fingerprint] = nil }
        guard held.isAlive else { return }
        record(.unacknowledged, held, details)
        for key in held.groups { touch(key, held) }
    }

    // MARK: Silences

    private func add(_ silence: Silence, _ command: OperatorCommand) -> String? {
        if let fault = silence.fault { return fault }
        guard silence.end > clock else {
            return "the silence ended at \(Timestamp.text(silence.end)) already"
        }
        let isNew = silences[silence.id] == nil
        guard install(silence) else {
            return "there are \(limits.silences) silences, and none of them has expired"
        }
        audit(
            command, isNew ? "silence_created" : "silence_changed",
            "\(command.actor) silenced \(silence.matchers.text) from "
                + "\(Timestamp.text(silence.start)) to \(Timestamp.text(silence.end))",
            [
                ("silence", silence.id), ("matchers", silence.matchers.text),
                ("start", Timestamp.text(silence.start)), ("end", Timestamp.text(silence.end)),
                ("reason", silence.comment),
            ])
        return nil
    }

    private func expire(_ id: String, _ reason: String, _ command: OperatorCommand) -> String? {
        guard var silence = silences[id], silence.state(at: clock) != .expired else {
            return "there is no silence `\(id)`, or it has expired"
        }
        silence.end = clock
        // One that had not begun yet never will.
        silence.start = min(silence.start, clock)
        _ = install(silence)
        audit(
            command, "silence_expired",
            "\(command.actor) ended the silence \(silence.matchers.text)",
            [("silence", id), ("matchers", silence.matchers.text), ("reason", reason)])
        return nil
    }
}
