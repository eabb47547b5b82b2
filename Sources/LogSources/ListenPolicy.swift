/// Who may listen where: one rule for everything that takes lines from a network.
///
/// A listener that only this machine reaches may be plain. Any other one lets strangers write, and read what is written on
/// its way; so it knows its clients and encrypts, or its operator has said that the network does.
public struct ListenPolicy: Sendable {
    /// How a listener knows its clients.
    public enum Protection: Sendable {
        /// It does not.
        case none
        /// It encrypts, and takes anybody.
        case encrypted
        /// It encrypts, and takes only those with a certificate, or a key.
        case authenticated
    }

    /// Whether `--insecure-listen` was given.
    public let isInsecureAllowed: Bool

    /// A policy.
    public init(isInsecureAllowed: Bool) { self.isInsecureAllowed = isInsecureAllowed }

    /// Refuses a listener that is reachable from outside and not protected.
    ///
    /// - Parameters:
    ///   - name: the listener, for the message.
    ///   - isLocal: only this machine reaches it.
    ///   - remedy: what would protect it; nil where nothing can (UDP).
    public func check(
        _ name: String, isLocal: Bool, protection: Protection, remedy: String?
    ) throws(ListenError) {
        if isLocal || isInsecureAllowed || protection == .authenticated { return }
        let reason =
            protection == .none
            ? "would take lines from anybody who reaches this machine, unencrypted"
            : "would take lines from anybody who reaches this machine"
        let advice = remedy.map { "\($0), " } ?? ""
        throw ListenError(
            "\(name) \(reason); \(advice)listen on 127.0.0.1, or say --insecure-listen where the "
                + "network is trusted")
    }
}
