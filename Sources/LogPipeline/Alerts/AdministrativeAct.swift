public import LogAlerting

/// Something that somebody did over the network, and that is on record in class audit.
public struct AdministrativeAct: Sendable {
    /// Identifies it.
    public let id: String
    /// What was done, in one word: `alert_triggered`.
    public let event: String
    /// Who did it.
    public let actor: String
    /// What was done, in a sentence.
    public let message: String
    /// Further members of the record.
    public let members: [(String, String)]
    /// An alert that it raises.
    public let alert: ManualAlert?

    /// An act.
    public init(
        id: String, event: String, actor: String, message: String,
        members: [(String, String)] = [], alert: ManualAlert? = nil
    ) {
        self.id = id
        self.event = event
        self.actor = actor
        self.message = message
        self.members = members
        self.alert = alert
    }
}
