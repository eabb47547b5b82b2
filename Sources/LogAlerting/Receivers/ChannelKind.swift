/// A kind of channel that receivers can name. One line in the registry makes it known to the parser, help and hints.
public protocol ChannelKind: Sendable {
    /// The word before `_configs`: `slack` for `slack_configs:`.
    var name: String { get }
    /// One line for help.
    var summary: String { get }
    /// Whether it tells of the end of alerts when `send_resolved` is not given.
    var sendsResolved: Bool { get }
    /// Whether what it sends to keeps a state by groups, which must be ended where an alert goes on in another group.
    var keepsGroups: Bool { get }
    /// Reads one entry of a receiver's list, and gives what makes the channel that it describes.
    ///
    /// Whatever is wrong with the settings is found here, where its line and column are known.
    func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker
}

extension ChannelKind {
    /// The key of its settings in a receiver: `slack_configs`.
    public var key: String { name + "_configs" }
    /// It does.
    public var sendsResolved: Bool { true }
    /// It does not.
    public var keepsGroups: Bool { false }
}

/// Makes the channel of this name.
public typealias ChannelMaker = @Sendable (_ name: String, ChannelServices) -> any Channel

/// The kinds of channels that exist.
public struct ChannelRegistry: Sendable {
    /// The kinds, in the order of help.
    public let kinds: [any ChannelKind]

    /// A registry of `kinds`.
    public init(_ kinds: [any ChannelKind]) { self.kinds = kinds }

    /// The names of the kinds.
    public var names: [String] { kinds.map(\.name) }

    /// Kinds of these names whose settings are not looked at: for those who read a file for its rules only.
    public static func unread(_ names: [String]) -> ChannelRegistry {
        ChannelRegistry(names.map { UnreadKind(name: $0) })
    }
}

/// A kind of which no more than the name is known.
private struct UnreadKind: ChannelKind {
    let name: String
    var summary: String { "a channel of kind \(name)" }

    func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker {
        settings.acceptAll()
        return { name, _ in UnreadChannel(name: name) }
    }
}

/// The channel of a file that was read for its rules only.
private final class UnreadChannel: Channel {
    let name: String

    init(name: String) { self.name = name }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        throw ChannelError(
            receiver: name, message: "the alert file was read for its rules only",
            isTemporary: false)
    }
}
