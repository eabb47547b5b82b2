/// Where notifications go.
///
/// One delivery thread calls a channel, one notification at a time and never from the ingest path; a channel may take its
/// time and need not be safe for two callers. Once a call has thrown, the caller decides whether to try again.
public protocol Channel: AnyObject {
    /// The name of the receiver that it serves.
    var name: String { get }

    /// Delivers one notification; returning means that it has been taken over by the other side.
    func deliver(_ transition: AlertTransition) throws(ChannelError)
}

/// Why a notification was not delivered.
public struct ChannelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The receiver.
    public let receiver: String
    /// What happened and what to do.
    public let message: String
    /// Whether another try may help.
    public let isTemporary: Bool

    /// A failure of `receiver`.
    public init(receiver: String, message: String, isTemporary: Bool) {
        self.receiver = receiver
        self.message = message
        self.isTemporary = isTemporary
    }

    /// `receiver console: message`
    public var description: String { "receiver \(receiver): \(message)" }
}

/// What channels may use of the world; tests give them something else.
public struct ChannelServices {
    /// Writes a line, without its newline, to the standard output.
    public let writeLine: (String) throws(ChannelError) -> Void

    /// The given services.
    public init(writeLine: @escaping (String) throws(ChannelError) -> Void) {
        self.writeLine = writeLine
    }
}

/// A kind of channel that receivers can name. One line in the registry makes it known to the parser, help and hints.
public protocol ChannelKind: Sendable {
    /// The word behind `type:`.
    var name: String { get }
    /// One line for help.
    var summary: String { get }
    /// A channel for `receiver`.
    func makeChannel(_ receiver: Receiver, services: ChannelServices) -> any Channel
}

/// The kinds of channels that exist.
public struct ChannelRegistry: Sendable {
    /// The kinds, in the order of help.
    public let kinds: [any ChannelKind]

    /// A registry of `kinds`.
    public init(_ kinds: [any ChannelKind]) { self.kinds = kinds }

    /// The words that receivers can have as their `type`.
    public var names: [String] { kinds.map(\.name) }

    /// The channel of `receiver`, nil when its kind does not exist.
    public func makeChannel(
        _ receiver: Receiver, services: ChannelServices
    ) -> (any Channel)? {
        kinds.first { $0.name == receiver.kind }?.makeChannel(receiver, services: services)
    }
}
