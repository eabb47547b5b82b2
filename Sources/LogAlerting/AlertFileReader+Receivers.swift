internal import LogQuery
internal import LogRecords
internal import Yams

/// Receivers.
extension AlertFileReader {
    /// The most channels of all receivers: each has a thread and an outbox of its own.
    static let channelsMax = 256

    func receivers(_ node: Node?, global: Node?) throws(AlertFileError) -> [Receiver] {
        let globals = try GlobalSettings.read(global, yaml: yaml, secrets: secrets)
        guard let node else { return [try defaultReceiver(globals)] }
        let list = try yaml.sequence(node, "`receivers`")
        guard !list.isEmpty else { throw yaml.fault(node, "`receivers` is empty") }
        var result: [Receiver] = []
        each(list) { item throws(AlertFileError) in
            let receiver = try self.receiver(item, globals)
            guard !result.contains(where: { $0.name == receiver.name }) else {
                throw yaml.fault(item, "the receiver `\(receiver.name)` exists twice")
            }
            result.append(receiver)
        }
        guard result.reduce(0, { $0 + $1.channels.count }) <= Self.channelsMax else {
            throw yaml.fault(node, "the receivers have more than \(Self.channelsMax) channels")
        }
        return result
    }

    /// A file without receivers writes to the standard output.
    private func defaultReceiver(_ globals: GlobalSettings) throws(AlertFileError) -> Receiver {
        let name = AlertConfiguration.defaultReceiverName
        guard let kind = channels.kinds.first(where: { $0.name == name }) else {
            return Receiver(name: name)
        }
        return Receiver(
            name: name,
            channels: [
                try channel(kind, Node(""), "the default receiver", name: name, globals)
            ])
    }

    private func receiver(
        _ node: Node, _ globals: GlobalSettings
    ) throws(AlertFileError) -> Receiver {
        let keys = ["name"] + channels.kinds.map(\.key)
        let receiver = try yaml.mapping(node, "a receiver", keys: keys, hint: receiverHint)
        let name = try yaml.name(receiver["name"], "name", of: node, "the receiver")
        guard !name.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw yaml.fault(receiver["name"] ?? node, "the name of a receiver is one line")
        }
        var result: [ReceiverChannel] = []
        for kind in channels.kinds {
            guard let list = receiver[kind.key] else { continue }
            let what = "`\(kind.key)` of the receiver `\(name)`"
            for (index, item) in try yaml.sequence(list, what).enumerated() {
                let number = index == 0 ? "" : "-\(index + 1)"
                result.append(
                    try channel(kind, item, what, name: "\(name)/\(kind.name)\(number)", globals))
            }
        }
        return Receiver(name: name, channels: result)
    }

    private func channel(
        _ kind: any ChannelKind, _ node: Node, _ what: String, name: String,
        _ globals: GlobalSettings
    ) throws(AlertFileError) -> ReceiverChannel {
        let settings = try ChannelSettings(
            node, what: what, yaml: yaml, globals: globals, secrets: secrets)
        let sendsResolved = try settings.flag("send_resolved") ?? kind.sendsResolved
        let giveUpAfter =
            try settings.duration("give_up_after", atLeast: Timestamp.second)
            ?? ReceiverChannel.giveUpAfterDefault
        let maker = try kind.read(settings)
        try settings.finish()
        return ReceiverChannel(
            name: name, kind: kind.name, sendsResolved: sendsResolved,
            keepsGroups: kind.keepsGroups, giveUpAfter: giveUpAfter
        ) { services in maker(name, services) }
    }

    private func receiverHint(_ key: String) -> String? {
        let kinds = channels.kinds.map(\.key).joined(separator: ", ")
        if key == "type" { return "a receiver has lists of channels: \(kinds)" }
        guard key.hasSuffix("_configs"),
            Spelling.nearest(to: key, in: channels.kinds.map(\.key)) == nil
        else { return nil }
        return "weir has no channels of that kind; there are \(kinds)"
    }
}
