internal import LogRecords
internal import Yams

/// The routing tree, as Alertmanager has it, with ours: several receivers, escalation, times to respond.
extension AlertFileReader {
    /// The deepest routing tree: people draw theirs with three levels.
    private static let routeDepthMax = 20
    /// The most routes: aliases of YAML can stand for more than memory holds.
    private static let routesMax = 10_000

    /// Counts the routes that were read.
    private final class RouteCount {
        var routes = 0
    }

    private static let routeKeys = [
        "receiver", "receivers", "group_by", "group_wait", "group_interval", "repeat_interval",
        "matchers", "match", "match_re", "continue", "routes", "mute_time_intervals",
        "active_time_intervals", "escalation", "respond_within",
    ]

    /// Everything about notifications that the top level of a file says.
    func routing(
        _ top: [String: Node], receivers: [Receiver], intervals: [NamedTimeIntervals]
    ) throws(AlertFileError) -> AlertRouting {
        let names = receivers.map(\.name)
        let context = RoutingContext(receivers: names, intervals: intervals)
        var routing = AlertRouting.immediate(
            names.first ?? AlertConfiguration.defaultReceiverName)
        if let node = top["route"] {
            routing.root = try rootRoute(node, context)
            routing.flapping = .standard
            routing.storm = .standard
        }
        routing.inhibitions = try inhibitions(top["inhibit_rules"])
        routing.maintenance = try maintenance(top["maintenance"], intervals)
        if let node = top["flapping"] { routing.flapping = try flapping(node) }
        if let node = top["storm"] { routing.storm = try storm(node) }
        return routing
    }

    private func rootRoute(
        _ node: Node, _ context: RoutingContext
    ) throws(AlertFileError) -> AlertRoute {
        let keys = try yaml.mapping(node, "`route`", keys: Self.routeKeys, hint: Self.routeHint)
        for key in ["matchers", "match", "match_re"] {
            guard let matchers = keys[key] else { continue }
            throw yaml.fault(
                matchers,
                "the topmost route takes every alert and has no `\(key)`; put a route with it under "
                    + "`routes:`")
        }
        for key in ["mute_time_intervals", "active_time_intervals"] {
            guard let list = keys[key] else { continue }
            throw yaml.fault(
                list, "the topmost route always speaks; put `\(key)` in a route under `routes:`")
        }
        guard keys["receiver"] != nil || keys["receivers"] != nil else {
            throw yaml.fault(node, "`route` has no `receiver`")
        }
        return try route(
            node, AlertRoute(receivers: []), context, depth: 1, counting: RouteCount())
    }

    /// The route of `node`, which inherits what it does not say from `parent`.
    private func route(
        _ node: Node, _ parent: AlertRoute, _ context: RoutingContext, depth: Int,
        counting count: RouteCount
    ) throws(AlertFileError) -> AlertRoute {
        count.routes += 1
        guard depth <= Self.routeDepthMax, count.routes <= Self.routesMax else {
            throw yaml.fault(
                node,
                "a routing tree has at most \(Self.routesMax) routes, \(Self.routeDepthMax) deep")
        }
        let keys = try yaml.mapping(node, "a route", keys: Self.routeKeys, hint: Self.routeHint)
        var route = parent
        route.routes = []
        route.receivers =
            try receiverNames(keys, of: node, "a route", context) ?? parent.receivers
        if let list = keys["group_by"] { route.grouping = try grouping(list) }
        if let text = keys["group_wait"] { route.wait = try routeDuration(text, "group_wait") }
        if let text = keys["group_interval"] {
            route.interval = try routeDuration(text, "group_interval")
        }
        if let text = keys["repeat_interval"] {
            route.repetition = try routeDuration(text, "repeat_interval")
        }
        route.matchers = try matchers(
            keys["matchers"], equal: keys["match"], expressions: keys["match_re"])
        route.continues = false
        if let word = keys["continue"] { route.continues = try flag(word, "continue") }
        // As in Alertmanager, a route does not inherit when its parent is silent.
        route.mutedDuring = try namedIntervals(
            keys["mute_time_intervals"], "mute_time_intervals", among: context.intervals)
        route.activeDuring = try namedIntervals(
            keys["active_time_intervals"], "active_time_intervals", among: context.intervals)
        if let list = keys["escalation"] { route.escalation = try escalation(list, context) }
        if let delay = keys["respond_within"] {
            route.response = try severityDelay(delay, "respond_within")
        }
        if let list = keys["routes"] {
            let own = route
            each(try yaml.sequence(list, "`routes`")) { child throws(AlertFileError) in
                route.routes.append(
                    try self.route(child, own, context, depth: depth + 1, counting: count))
            }
        }
        return route
    }

    private static func routeHint(_ key: String) -> String? {
        switch key {
        case "repeat", "repeat_after": "write `repeat_interval:`"
        case "escalate", "escalations": "write `escalation:`"
        case "group_labels": "write `group_by:`"
        default: nil
        }
    }

    private func grouping(_ node: Node) throws(AlertFileError) -> AlertRoute.Grouping {
        var labels: [String] = []
        let list = node.scalar == nil ? try yaml.sequence(node, "`group_by`") : [node]
        for item in list {
            let name = try yaml.text(item, "a label in `group_by`")
            guard !name.isEmpty else { throw yaml.fault(item, "a label in `group_by` is empty") }
            guard !labels.contains(name) else {
                throw yaml.fault(item, "the label `\(name)` stands in `group_by` twice")
            }
            labels.append(name)
        }
        guard labels.contains("...") else { return .labels(labels.sorted()) }
        guard labels.count == 1 else {
            throw yaml.fault(node, "`...` groups by all labels; it stands in `group_by` alone")
        }
        return .all
    }

    /// The names behind `receiver:` or `receivers:`, nil when there is neither.
    private func receiverNames(
        _ keys: [String: Node], of owner: Node, _ what: String, _ context: RoutingContext
    ) throws(AlertFileError) -> [String]? {
        guard let node = keys["receiver"] ?? keys["receivers"] else { return nil }
        guard keys["receiver"] == nil || keys["receivers"] == nil else {
            throw yaml.fault(node, "\(what) has `receiver` or `receivers`, not both")
        }
        let items = node.scalar == nil ? try yaml.sequence(node, "`receivers`") : [node]
        var names: [String] = []
        for item in items {
            let name = try yaml.name(item, "receiver", of: owner, what)
            guard context.receivers.contains(name) else {
                let all = context.receivers.map { "`\($0)`" }.joined(separator: ", ")
                throw yaml.fault(item, "there is no receiver `\(name)`; there are \(all)")
            }
            if !names.contains(name) { names.append(name) }
        }
        guard !names.isEmpty else { throw yaml.fault(node, "`receivers` of \(what) is empty") }
        return names
    }

    // MARK: Escalation

    private func escalation(
        _ node: Node, _ context: RoutingContext
    ) throws(AlertFileError) -> [EscalationStep] {
        var steps: [EscalationStep] = []
        for item in try yaml.sequence(node, "`escalation`") {
            let what = "a step of `escalation`"
            let keys = try yaml.mapping(
                item, what,
                keys: ["after", "receiver", "receivers", "matchers", "unless", "repeat"])
            guard let after = keys["after"] else {
                throw yaml.fault(item, "\(what) has no `after`; write `after: 15m`")
            }
            guard let receivers = try receiverNames(keys, of: item, what, context) else {
                throw yaml.fault(item, "\(what) has no `receiver`")
            }
            var step = EscalationStep(
                after: try severityDelay(after, "after"), receivers: receivers)
            step.matchers = try matchers(keys["matchers"], equal: nil, expressions: nil)
            if let unless = keys["unless"] {
                switch try yaml.text(unless, "`unless`") {
                case "acknowledged": step.unlessAcknowledged = true
                case "never", "nothing": step.unlessAcknowledged = false
                default:
                    throw yaml.fault(
                        unless,
                        "`unless` is `acknowledged`, or `never` for a step that an acknowledgement "
                            + "does not stop")
                }
            }
            if let text = keys["repeat"] { step.repetition = try routeDuration(text, "repeat") }
            steps.append(step)
        }
        return steps
    }

    /// A duration, or one for each severity.
    private func severityDelay(
        _ node: Node, _ key: String
    ) throws(AlertFileError) -> SeverityDelay {
        guard let mapping = node.mapping else {
            return SeverityDelay(all: try routeDuration(node, key))
        }
        var delay = SeverityDelay(all: nil)
        for (word, value) in mapping {
            let name = try yaml.text(word, "a severity in `\(key)`")
            guard let severity = Severity(name) else {
                throw yaml.fault(
                    word,
                    "unknown severity `\(name)`; there are critical, high, medium, low, info and P0 "
                        + "to P3")
            }
            delay.bySeverity[severity] = try routeDuration(value, name)
        }
        guard !delay.isEmpty else { throw yaml.fault(node, "`\(key)` is empty") }
        return delay
    }

    func routeDuration(_ node: Node, _ key: String) throws(AlertFileError) -> Int64 {
        let text = try yaml.text(node, "`\(key)`")
        if text == "0" { return 0 }
        guard let duration = DurationText.parse(text) else {
            throw yaml.fault(node, "`\(text)` is no duration; write `30s`, `5m` or `4h`")
        }
        return duration
    }

    private func flag(_ node: Node, _ key: String) throws(AlertFileError) -> Bool {
        switch try yaml.text(node, "`\(key)`") {
        case "true", "yes": return true
        case "false", "no": return false
        default: throw yaml.fault(node, "`\(key)` is `true` or `false`")
        }
    }
}

/// What routes refer to.
struct RoutingContext {
    let receivers: [String]
    let intervals: [NamedTimeIntervals]
}
