internal import Yams

/// Receivers, and the route to them.
extension AlertFileReader {
    func receivers(_ node: Node?) throws(AlertFileError) -> [Receiver] {
        guard let node else { return [AlertConfiguration.defaultReceiver] }
        var result: [Receiver] = []
        for item in try yaml.sequence(node, "`receivers`") {
            let receiver = try yaml.mapping(item, "a receiver", keys: ["name", "type"]) { key in
                key.hasSuffix("_configs")
                    ? "a receiver has a `type`; there are \(channelKinds.joined(separator: ", "))"
                    : nil
            }
            let name = try yaml.name(receiver["name"], "name", of: item, "the receiver")
            guard !result.contains(where: { $0.name == name }) else {
                throw yaml.fault(item, "the receiver `\(name)` exists twice")
            }
            let kind = try yaml.name(receiver["type"], "type", of: item, "the receiver `\(name)`")
            guard channelKinds.contains(kind) else {
                throw yaml.fault(
                    receiver["type"] ?? item,
                    "weir has no receivers of type `\(kind)`; there are: "
                        + channelKinds.joined(separator: ", "))
            }
            result.append(Receiver(name: name, kind: kind))
        }
        guard !result.isEmpty else { throw yaml.fault(node, "`receivers` is empty") }
        return result
    }

    func receiver(
        _ node: Node?, among receivers: [Receiver]
    ) throws(AlertFileError) -> Receiver {
        guard let node else { return receivers.first ?? AlertConfiguration.defaultReceiver }
        let route = try yaml.mapping(node, "`route`", keys: ["receiver"])
        let name = try yaml.name(route["receiver"], "receiver", of: node, "`route`")
        guard let receiver = receivers.first(where: { $0.name == name }) else {
            let names = receivers.map { "`\($0.name)`" }.joined(separator: ", ")
            throw yaml.fault(
                route["receiver"] ?? node, "there is no receiver `\(name)`; there are \(names)")
        }
        return receiver
    }
}
