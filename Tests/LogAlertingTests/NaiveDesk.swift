import LogRecords

/// Alertmanager's rules by plain means: each second every group is looked at, and everything is found out anew from lists of
/// alerts and silences. No indexes, no timers, no state but what a person would write down.
struct NaiveDesk {
    struct Alert {
        let name: String
        let labels: [String: String]
        var isFiring = false
        var isAcknowledged = false
    }

    struct Quiet {
        let matches: ([String: String]) -> Bool
        let start: Int
        var end: Int
    }

    struct Route {
        let receiver: String
        var takes: ([String: String]) -> Bool = { _ in true }
        var continues = false
        /// Nil for each alert by itself.
        var by: [String]? = []
        var wait = 30
        var interval = 300
        var repetition = 14_400
        var isMuted: (Int) -> Bool = { _ in false }
    }

    struct Group {
        let route: Int
        var members: Set<String> = []
        var told: Set<String> = []
        var toldTime: Int?
        var nextLook: Int
        var hasLooked = false
    }

    /// The root first, then its children.
    let routes: [Route]
    let inhibits: ([String: String], [String: String]) -> Bool
    var alerts: [String: Alert] = [:]
    var silences: [String: Quiet] = [:]
    var groups: [String: Group] = [:]
    var messages: [String] = []

    init(
        routes: [Route], inhibits: @escaping ([String: String], [String: String]) -> Bool
    ) {
        self.routes = routes
        self.inhibits = inhibits
    }

    // MARK: What happens

    mutating func fire(_ alert: Alert, at second: Int) {
        var alert = alert
        alert.isFiring = true
        // One that fires again before its end was told keeps nothing but its place.
        alerts[alert.name] = alert
        let children = routes.indices.dropFirst().filter { routes[$0].takes(alert.labels) }
        var taken: [Int] = []
        for child in children {
            taken.append(child)
            if !routes[child].continues { break }
        }
        for index in taken.isEmpty ? [0] : taken {
            let values = routes[index].by.map { names in
                names.map { "\($0)=\(alert.labels[$0] ?? "")" }.joined(separator: ",")
            }
            let key = "\(index) \(values ?? alert.name)"
            let fresh = Group(route: index, nextLook: second + routes[index].wait)
            groups[key, default: fresh].members.insert(alert.name)
        }
    }

    mutating func resolve(_ name: String) { alerts[name]?.isFiring = false }

    mutating func acknowledge(_ name: String, at second: Int, isOn: Bool) {
        guard alerts[name]?.isFiring == true, alerts[name]?.isAcknowledged != isOn || isOn else {
            return
        }
        alerts[name]?.isAcknowledged = isOn
        guard isOn else { return }
        for group in groups.values where group.told.contains(name) && group.members.contains(name) {
            let route = routes[group.route]
            if !route.isMuted(second) {
                messages.append("\(second) \(route.receiver) acknowledged: +\(name)")
            }
        }
    }

    // MARK: Looking at groups

    private func isQuiet(_ alert: Alert, at second: Int) -> Bool {
        silences.values.contains {
            $0.start <= second && second < $0.end && $0.matches(alert.labels)
        }
            || alerts.values.contains {
                $0.isFiring && $0.name != alert.name && inhibits($0.labels, alert.labels)
            }
    }

    /// Looks at the groups whose time it is, and at those that tell each change at once.
    mutating func look(at second: Int) {
        for key in groups.keys.sorted() {
            guard let group = groups[key] else { continue }
            let route = routes[group.route]
            let isAtOnce = route.interval == 0 && group.hasLooked
            guard group.nextLook == second || isAtOnce else { continue }
            tell(key, at: second)
            groups[key]?.hasLooked = true
            if route.interval > 0 { groups[key]?.nextLook = second + route.interval }
        }
        let known = groups.values.reduce(into: Set<String>()) { $0.formUnion($1.members) }
        alerts = alerts.filter { known.contains($0.key) }
    }

    private mutating func tell(_ key: String, at second: Int) {
        guard var group = groups[key] else { return }
        defer {
            let isOver = group.members.isEmpty && group.told.isEmpty
            groups[key] = isOver ? nil : group
        }
        let route = routes[group.route]
        let members = group.members.sorted().compactMap { alerts[$0] }
        if !route.isMuted(second) {
            let firing = members.filter { $0.isFiring && !isQuiet($0, at: second) }
            let ended = members.filter { !$0.isFiring && group.told.contains($0.name) }
            let isNews = !ended.isEmpty || firing.contains { !group.told.contains($0.name) }
            let isRepeated =
                !firing.isEmpty && group.toldTime.map { $0 + route.repetition <= second } ?? false
                && !firing.allSatisfy(\.isAcknowledged)
            if isNews || isRepeated {
                messages.append(
                    "\(second) \(route.receiver) \(isNews ? "change" : "repeated"): "
                        + (firing.map { "+" + $0.name } + ended.map { "-" + $0.name })
                        .joined(separator: " "))
                group.told.formUnion(firing.map(\.name))
                group.told.subtract(ended.map(\.name))
                if !firing.isEmpty { group.toldTime = second }
                if group.told.isEmpty { group.toldTime = nil }
            }
        }
        group.members = group.members.filter {
            alerts[$0]?.isFiring == true || group.told.contains($0)
        }
    }
}
