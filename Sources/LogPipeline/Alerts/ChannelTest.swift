internal import LogAlerting

/// What became of a test message to one channel.
public struct ChannelTest: Equatable, Sendable {
    /// The channel: `team/slack`.
    public let channel: String
    /// Why it did not take the message; nil when it did.
    public let error: String?
}

/// Sends test messages through the channels in force, beside what they have to do.
public struct ChannelTester: Sendable {
    let delivery: AlertDelivery

    /// The words that name a channel: receivers, their channels, and the kinds of these.
    public var names: [String] {
        let receivers = delivery.presentReceivers
        let channels = receivers.flatMap(\.channels)
        var seen: Set<String> = []
        return
            (receivers.filter { !$0.channels.isEmpty }.map(\.name) + channels.map(\.name)
            + channels.map(\.kind)).filter { seen.insert($0).inserted }
    }

    /// Sends a test message through the channels that `word` names, through all where it is nil. It returns when they have
    /// answered, which may take as long as a receiver does.
    public func run(_ word: String?, now: Int64) -> [ChannelTest] {
        delivery.presentReceivers.flatMap { receiver in
            receiver.channels.filter { channel in
                word == nil || [receiver.name, channel.name, channel.kind].contains(word)
            }.map { channel in
                do throws(ChannelError) {
                    let message = AlertNotification.test(to: receiver.name, now: now)
                    try delivery.make(channel).deliver(message)
                    return ChannelTest(channel: channel.name, error: nil)
                } catch {
                    return ChannelTest(channel: channel.name, error: error.message)
                }
            }
        }
    }
}
