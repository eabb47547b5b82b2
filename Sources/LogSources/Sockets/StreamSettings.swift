/// What applies to all connections that carry lines.
public struct StreamSettings: Sendable {
    /// How lines are told apart.
    public var framing = LineFraming.auto
    /// A connection that sends nothing for so long is closed (seconds); nil: never. Senders that are cut off may lose the
    /// line that they send next, so that it is the operator who says so. Dead peers are found by keep-alives.
    public var idleSeconds: Int?
    /// The limit of all listeners.
    public var ledger: ConnectionLedger

    /// Settings with these limits.
    public init(
        framing: LineFraming = .auto, idleSeconds: Int? = nil,
        ledger: ConnectionLedger = ConnectionLedger()
    ) {
        self.framing = framing
        self.idleSeconds = idleSeconds
        self.ledger = ledger
    }
}
