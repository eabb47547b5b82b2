/// What a receiver was told of an alert that fires.
struct ToldAlert: Equatable {
    /// When the condition began to hold.
    var start: Int64
    /// The severity, by its rank; −1 for none.
    var severity: Int
    /// Whether it was told as flapping.
    var isFlapping: Bool

    /// In place of a severity: the receiver knows of the alert from the group that it was in before. That it fires is news here.
    static let unheard = -2
    /// In place of a severity: another group tells this receiver of the alert now, also that it is over.
    static let handedOver = -3
}

/// A receiver of a group's messages.
struct Audience {
    let receiver: String
    /// Whether the route names it; otherwise the escalation brought it in, and it hears only of the end of what it was told.
    var isMain: Bool
    /// The alerts that were told as firing and not as over, by fingerprint.
    var told: [String: ToldAlert] = [:]
    /// When it was told last; nil when nothing that it was told still fires.
    var toldTime: Int64?
    /// How often the same has been repeated.
    var repetition = 0
    /// Whether a storm's summary speaks for the group.
    var isInStorm = false
}

/// Alerts that are told together: those of one route with the same values of the labels that it groups by.
final class NoticeGroup {
    let key: String
    /// The route, by its place in the list of all.
    var route: Int
    let labels: [String: String]
    /// The alerts, by fingerprint.
    var members: Set<String> = []
    /// Alerts that belong elsewhere since their labels changed, and that somebody was told of here.
    var departed: [String: AlertNotification.Alert] = [:]
    /// The receivers, those of the route first.
    var audiences: [Audience]
    /// When the group is looked at; `.max` for not before something changes.
    var nextFlush: Int64
    /// Whether the time that a new group waits is over.
    var hasFlushed = false
    /// How often each step of the escalation was taken, by fingerprint.
    var taken: [String: [Int]] = [:]
    /// Before which time each step is not taken again: alerts that come one by one are escalated together.
    var stepNotBefore: [Int64]
    /// When the escalation is looked at; `.max` for not before something changes.
    var nextEscalation = Int64.max

    /// A group that waits for further alerts.
    init(key: String, route: Int, labels: [String: String], plan: RoutePlan, nextFlush: Int64) {
        self.key = key
        self.route = route
        self.labels = labels
        self.nextFlush = nextFlush
        audiences = plan.route.receivers.map { Audience(receiver: $0, isMain: true) }
        stepNotBefore = Array(repeating: .min, count: plan.route.escalation.count)
    }

    /// A group of a snapshot, which is filled in and then adopted by its route.
    init(key: String, labels: [String: String]) {
        self.key = key
        self.labels = labels
        route = 0
        nextFlush = .max
        audiences = []
        stepNotBefore = []
    }

    /// Goes on under a route of the same place in the tree that may say something else now.
    func adopt(_ plan: RoutePlan, at index: Int) {
        route = index
        var former = audiences
        audiences = plan.route.receivers.map { receiver in
            guard let place = former.firstIndex(where: { $0.receiver == receiver }) else {
                return Audience(receiver: receiver, isMain: true)
            }
            var audience = former.remove(at: place)
            audience.isMain = true
            return audience
        }
        for var audience in former {
            audience.isMain = false
            audiences.append(audience)
        }
        let steps = plan.route.escalation.count
        func fitted<Value>(_ list: [Value], _ filler: Value) -> [Value] {
            Array((list + Array(repeating: filler, count: max(0, steps - list.count)))[..<steps])
        }
        stepNotBefore = fitted(stepNotBefore, .min)
        taken = taken.mapValues { fitted($0, 0) }
    }

    /// The place of a receiver among the audiences; it is added when it is not there.
    func audience(_ receiver: String) -> Int {
        if let index = audiences.firstIndex(where: { $0.receiver == receiver }) { return index }
        audiences.append(Audience(receiver: receiver, isMain: false))
        return audiences.count - 1
    }

    /// Whether somebody was told that this alert fires, and not that it is over.
    func hasTold(_ fingerprint: String) -> Bool {
        audiences.contains { $0.told[fingerprint] != nil }
    }

    /// Whether nothing is left to be said.
    var isFinished: Bool {
        members.isEmpty && audiences.allSatisfy { $0.told.isEmpty }
    }
}
