/// An alert that the desk holds: it fires, or it is over and some receiver has not been told yet.
final class HeldAlert {
    /// The alert as notifications show it. The labels are those with which it fired.
    var alert: AlertNotification.Alert
    /// When it began to fire by the wall clock: what escalation counts from.
    var firedTime: Int64
    /// The groups that it is a member of, by their keys, in the order of the routes.
    var groups: [String] = []
    /// Who takes care of it.
    var acknowledgement: Acknowledgement?
    /// When an acknowledgement ran out: what escalation counts from then on.
    var unacknowledgedTime: Int64?
    /// The silences and maintenance windows that it lies in, ordered.
    var silences: [String] = []
    /// The alert that keeps it quiet.
    var inhibitor: String?
    /// Whether it changes its state too often to be told of each change.
    var isFlapping = false
    /// By when somebody should have acknowledged it; nil when nobody need to, has, or when it has been recorded.
    var responseTime: Int64?

    init(_ alert: AlertNotification.Alert, firedTime: Int64) {
        self.alert = alert
        self.firedTime = firedTime
    }

    var fingerprint: String { alert.fingerprint }

    /// Whether it is to be treated as firing, by all but those who want to hear of each change.
    var isAlive: Bool { alert.isFiring || isFlapping }

    /// Whether nobody is to be told that it fires.
    var isQuiet: Bool { !silences.isEmpty || inhibitor != nil }

    /// What escalation counts from.
    var escalationBase: Int64 { max(firedTime, unacknowledgedTime ?? .min) }

    /// Forgets what belongs to one time of firing.
    func beginAgain(_ alert: AlertNotification.Alert, at time: Int64) {
        self.alert = alert
        firedTime = time
        acknowledgement = nil
        unacknowledgedTime = nil
        responseTime = nil
    }
}
