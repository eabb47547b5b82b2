internal import HTTPTypes
internal import LogAlerting
internal import LogBytes
internal import LogJSON
internal import LogMetrics
internal import LogPipeline
internal import LogQuery
internal import LogRecords
internal import LogSources
internal import LogSystem
internal import NIOCore
internal import Synchronization

/// Answers the paths of `APIPath`: from the ingester's thread what is known now, from the store what was.
final class APIEndpoint: Sendable {
    private struct Probes {
        var services: [ComponentHealth] = []
        var read: Int64 = .min
    }

    private let link: IngesterLink
    private let context: SourceContext
    private let stored: StoredRecords
    private let workers = QuestionWorkers()
    private let start: Int64
    private let probes = Mutex(Probes())

    let pages: MetricsPages

    /// Records of alerts in one answer, the newest.
    private static let historyMax = 1_000
    /// How long what the probes last said is good (nanoseconds): load balancers ask for health all the time.
    private static let probeAge = 10 * Timestamp.second
    /// How far back health looks for lines of probes (hours).
    private static let probeHours = 1
    /// How long receivers may take over a test message, all together (seconds).
    private static let testSeconds: Int64 = 60
    /// How long health waits for the ingester (seconds): a load balancer waits no longer either.
    private static let healthSeconds: Int64 = 2

    init(_ link: IngesterLink, _ context: SourceContext, directory: String) {
        self.link = link
        self.context = context
        stored = StoredRecords(directory: directory, clock: context.clock)
        pages = MetricsPages(link, clock: context.clock)
        start = context.clock.monotonic()
    }

    /// The answer to `request`, which has been let in as `caller`.
    func answer(
        _ path: APIPath, _ request: IncomingRequest, _ caller: Caller
    ) async throws(HTTPFailure) -> HTTPAnswer {
        switch path {
        case .health: return try await health(request.loop)
        case .healthDetailed:
            let report = await report(request.loop)
            let seconds = (context.clock.monotonic() - start) / Timestamp.second
            return Self.json(report.detailedJSON(uptimeSeconds: seconds), report.httpStatus)
        case .healthCheck:
            let report = await report(request.loop)
            return Self.json(report.checkJSON, report.httpStatus)
        case .metrics:
            let kind = MetricsPages.Kind(
                format: "json", category: request.parameter("category"), isStreamOnly: true)
            return try await pages.answer(kind, on: request.loop)
        case .metricsExport: return try await export(request)
        case .status: return try await status(request.loop)
        case .alerts: return try await history(request)
        case .evaluate: return try await evaluate(request, caller)
        case .uptime, .uptimeReport: return try await uptime(request)
        case .alertManagement:
            if request.method == .post { return try await manage(request, caller) }
            return try await alerts(request)
        }
    }

    private static func json(_ text: String, _ status: Int = 200) -> HTTPAnswer {
        var answer = HTTPAnswer(status, text + "\n", contentType: HTTPAnswer.json)
        answer.headers.append(("Cache-Control", "no-store"))
        return answer
    }

    // MARK: Health

    private func health(_ loop: any EventLoop) async throws(HTTPFailure) -> HTTPAnswer {
        var stall = context.outlet.stallReason
        var isAnswering = false
        if stall == nil {
            do throws(HTTPFailure) {
                try await link.ask(on: loop, seconds: Self.healthSeconds) { _ in }
                isAnswering = true
            } catch {
                stall = error.message
            }
        }
        var json = JSONObjectWriter()
        json.add("status", text: stall == nil ? "healthy" : "unhealthy")
        json.add("database", text: stall == nil ? "connected" : "disconnected")
        // What the system that asks has in a cache, weir has in memory: metrics, windows of rules, alerts.
        json.add("cache", text: isAnswering ? "connected" : "disconnected")
        json.add("version", text: WeirVersion.text)
        if let stall { json.add("error", text: stall) }
        return Self.json(json.text, stall == nil ? 200 : 503)
    }

    private func report(_ loop: any EventLoop) async -> HealthReport {
        let begin = context.clock.monotonic()
        let stall = context.outlet.stallReason
        var reading: IngesterReading?
        // While the disk is full the ingester does nothing but wait.
        if stall == nil {
            reading = try? await link.ask(on: loop, seconds: Self.healthSeconds) {
                IngesterReading($0)
            }
        }
        let milliseconds = Double(context.clock.monotonic() - begin) / 1e6
        return HealthReport(
            stall: stall, directory: stored.directory, reading: reading,
            milliseconds: milliseconds, services: await probedServices(loop))
    }

    /// What the probes last said.
    private func probedServices(_ loop: any EventLoop) async -> [ComponentHealth] {
        let now = context.clock.monotonic()
        let known: [ComponentHealth]? = probes.withLock { probes in
            if probes.read > .min, now - probes.read < Self.probeAge { return probes.services }
            // Whoever asks meanwhile gets what is known.
            probes.read = now
            return nil
        }
        if let known { return known }
        let range = stored.range(hours: Self.probeHours)
        let found = try? await probeHistory(range, loop).services.map {
            ComponentHealth(
                name: $0.name, status: $0.isUp ? .healthy : .unhealthy,
                error: $0.isUp ? nil : $0.error, milliseconds: $0.milliseconds)
        }
        return probes.withLock { probes in
            if let found { probes.services = found }
            return probes.services
        }
    }

    private func probeHistory(
        _ range: TimeRange, _ loop: any EventLoop
    ) async throws(HTTPFailure) -> ProbeHistory {
        let stored = stored
        return try await workers.run(on: loop, seconds: StoredRecords.seconds + 5) {
            let history = Mutex(ProbeHistory())
            return Result { () throws(HTTPFailure) in
                _ = try stored.read(ProbeHistory.filter, in: range, fields: ProbeHistory.fields) {
                    line in
                    history.withLock { $0.add(line) }
                }
                return history.withLock { $0 }
            }
        }
    }

    private func uptime(_ request: IncomingRequest) async throws(HTTPFailure) -> HTTPAnswer {
        let hours = try request.number("hours", in: 1...8_784, default: 24)
        var target = UptimeReport.targetDefault
        if let text = request.parameter("target") {
            guard let number = Double(text), number > 0, number <= 100 else {
                throw HTTPFailure(400, "`target` is a percentage such as 99.9, not `\(text)`")
            }
            target = number
        }
        let (counts, limits) = try await link.ask(on: request.loop) { ingester in
            (
                ingester.metrics.recentRequests(.oneHour),
                ingester.alerting.rules.filter { $0.condition.measure == .errorRate }
                    .flatMap { $0.levels.map(\.limit.value) }
            )
        }
        let range = stored.range(hours: hours)
        let report = UptimeReport(
            history: try await probeHistory(range, request.loop), range: range, target: target,
            errorRate: counts.whole == 0 ? nil : Double(counts.part) / Double(counts.whole),
            errorRateMax: limits.min() ?? UptimeReport.errorRateMaxDefault)
        return Self.json(report.json)
    }

    // MARK: Metrics

    /// The formats by the names that the system has for them.
    private static let exports = [
        "json": "report", "prometheus": "prometheus", "openmetrics": "openmetrics",
        "datadog": "datadog", "datadog-v2": "datadog-v2",
    ]

    private func export(_ request: IncomingRequest) async throws(HTTPFailure) -> HTTPAnswer {
        let name = request.parameter("format") ?? "json"
        guard let format = Self.exports[name] else {
            throw HTTPFailure(
                400,
                "there is no format `\(name)`; there are "
                    + Self.exports.keys.sorted().joined(separator: ", "))
        }
        let kind = MetricsPages.Kind(format: format, category: request.parameter("category"))
        return try await pages.answer(kind, on: request.loop)
    }

    // MARK: Alerts

    private func status(_ loop: any EventLoop) async throws(HTTPFailure) -> HTTPAnswer {
        let (rules, evaluated, active) = try await link.ask(on: loop) {
            ($0.alerting.rules.count, $0.evaluatedUntil, $0.activeAlerts)
        }
        let firing = active.filter { $0.state != .pending }
        var json = JSONObjectWriter()
        // What Sentry does for the system that asks is not weir's.
        json.add("sentry_enabled", false)
        json.add("alert_thresholds_count", number: rules)
        json.add("active_alerts_count", number: firing.count)
        json.add(
            "last_evaluation",
            raw: evaluated.map { HTTPAnswer.quoted(Timestamp.text($0)) } ?? "null")
        json.add(
            "active_alerts",
            raw: JSONList.of(
                firing.map { ShownAlert($0).json(withValues: false, withTime: true) }))
        return Self.json(json.text)
    }

    private func history(_ request: IncomingRequest) async throws(HTTPFailure) -> HTTPAnswer {
        let hours = try request.number("hours", in: 1...168, default: 24)
        let range = stored.range(hours: hours)
        let stored = stored
        let (rows, isPartial) = try await workers.run(
            on: request.loop, seconds: StoredRecords.seconds + 5
        ) {
            let rows = Mutex<[String]>([])
            return Result { () throws(HTTPFailure) in
                let isPartial = try stored.read(
                    "_class:=alerts event:=alert_firing", in: range,
                    fields: ShownAlert.recordFields, newest: Self.historyMax
                ) { record in
                    guard let alert = ShownAlert(record: record) else { return }
                    rows.withLock { $0.append(alert.json(withValues: true, withTime: true)) }
                }
                return (rows.withLock { $0 }, isPartial)
            }
        }
        var answer = Self.json(JSONList.of(rows))
        // The shape has no room for it.
        if isPartial { answer.headers.append(("X-Weir-Partial", "damaged records are left out")) }
        return answer
    }

    private func evaluate(
        _ request: IncomingRequest, _ caller: Caller
    ) async throws(HTTPFailure) -> HTTPAnswer {
        let id = Self.newID(context.clock.now())
        try await link.carryOut(
            AdministrativeAct(
                id: id, event: "rules_evaluated", actor: caller.writer,
                message: "\(caller.writer) had the rules evaluated"),
            on: request.loop)
        let (active, snapshot) = try await link.ask(on: request.loop) {
            ($0.activeAlerts, $0.ruleSnapshot)
        }
        // On a copy: the stream's own rules go by the records' times, and would take what comes late for lost.
        let coming = try await workers.run(on: request.loop, seconds: StoredRecords.seconds) {
            Result<[AlertTransition], HTTPFailure>.success(snapshot.transitionsAtEnd())
        }
        var last: [String: AlertTransition] = [:]
        for transition in coming { last[transition.fingerprint] = transition }
        let firing = active.filter {
            $0.state != .pending && last[$0.fingerprint]?.state != .resolved
        }
        let known = Set(firing.map(\.fingerprint))
        let begun = coming.filter {
            $0.state == .firing && last[$0.fingerprint] == $0 && !known.contains($0.fingerprint)
        }
        let shown = firing.map(ShownAlert.init) + begun.map(ShownAlert.init)
        var json = JSONObjectWriter()
        json.add("evaluated", true)
        json.add("triggered_alerts_count", number: shown.count)
        json.add(
            "triggered_alerts",
            raw: JSONList.of(shown.map { $0.json(withValues: false, withTime: false) }))
        return Self.json(json.text)
    }

    private func alerts(_ request: IncomingRequest) async throws(HTTPFailure) -> HTTPAnswer {
        let now = context.clock.now()
        switch request.parameter("action") ?? "active" {
        case "active":
            return Self.json(
                try await link.ask(on: request.loop) { AlertManagement.active($0, now: now) })
        case "configuration":
            let alerting = try await link.ask(on: request.loop) { $0.alerting }
            return Self.json(AlertManagement.configuration(alerting))
        case let word:
            throw HTTPFailure(
                400, "there is no action `\(word)` to ask for; there are active, configuration")
        }
    }

    private static func newID(_ now: Int64) -> String {
        var generator = SystemRandomNumberGenerator()
        return "\(now)-\(String(generator.next() as UInt64, radix: 16))"
    }

    private func manage(
        _ request: IncomingRequest, _ caller: Caller
    ) async throws(HTTPFailure) -> HTTPAnswer {
        if request.exchange.expectsContinue { request.exchange.connection.sayContinue() }
        let body = try BodyReader(request, bytesMax: AlertRequest.bytesMax)
        try await body.readAll()
        guard JSONMembers.isObject(body.view), var members = JSONMembers(object: body.view) else {
            throw HTTPFailure(400, "the body is one JSON object, as `{\"action\":\"test\"}`")
        }
        let order = try AlertRequest(&members)
        switch order.action {
        case .test: return try await test(order.channel, request, caller)
        case .trigger: return try await trigger(order, request, caller)
        }
    }

    private func trigger(
        _ order: AlertRequest, _ request: IncomingRequest, _ caller: Caller
    ) async throws(HTTPFailure) -> HTTPAnswer {
        let now = context.clock.now()
        let id = Self.newID(now)
        let alert = try order.alert(id: id, now: now)
        try await link.carryOut(
            AdministrativeAct(
                id: id, event: "alert_triggered", actor: caller.writer,
                message: "\(caller.writer) raised an alert: \(alert.description)",
                members: [
                    ("alert", ManualAlert.alertName), ("severity", alert.severity),
                    ("fingerprint", alert.fingerprint),
                ], alert: alert), on: request.loop)
        let fingerprint = alert.fingerprint
        let shown = try await link.ask(on: request.loop) { ingester in
            ingester.activeAlerts.first { $0.fingerprint == fingerprint }?.json
        }
        var json = JSONObjectWriter()
        json.add("action", text: "trigger")
        json.add("success", true)
        json.add("id", text: fingerprint)
        json.add("severity", text: alert.severity)
        json.add("description", text: alert.description)
        json.add("ends", text: Timestamp.text(alert.end))
        if let shown { json.add("alert", raw: shown) }
        return Self.json(json.text)
    }

    private func test(
        _ channel: String?, _ request: IncomingRequest, _ caller: Caller
    ) async throws(HTTPFailure) -> HTTPAnswer {
        let tester = try await link.ask(on: request.loop) { $0.channelTester }
        if let channel, !tester.names.contains(channel) {
            throw HTTPFailure(
                400,
                "there is no channel `\(channel)`; there are "
                    + tester.names.joined(separator: ", "))
        }
        let now = context.clock.now()
        try await link.carryOut(
            AdministrativeAct(
                id: Self.newID(now), event: "channels_tested", actor: caller.writer,
                message:
                    "\(caller.writer) sent a test message through \(channel ?? "all channels")",
                members: [("channel", channel ?? "")]), on: request.loop)
        let results = try await workers.run(on: request.loop, seconds: Self.testSeconds) {
            Result<[ChannelTest], HTTPFailure>.success(tester.run(channel, now: now))
        }
        let isGood = results.allSatisfy { $0.error == nil }
        let channels = results.map { result in
            var json = JSONObjectWriter()
            json.add("channel", text: result.channel)
            json.add("status", text: result.error == nil ? "delivered" : "failed")
            if let error = result.error { json.add("error", text: error) }
            return json.text
        }
        var json = JSONObjectWriter()
        json.add("action", text: "test")
        json.add("success", isGood)
        json.add("channels", raw: JSONList.of(channels))
        // The receiver's fault, not that of whoever asks.
        return Self.json(json.text, isGood ? 200 : 502)
    }
}
