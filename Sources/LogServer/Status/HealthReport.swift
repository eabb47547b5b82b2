internal import LogAlerting
internal import LogChannels
internal import LogJSON
internal import LogPipeline
internal import LogRecords

/// How one part of weir, or one thing that it probes, is.
struct ComponentHealth: Sendable {
    enum Status: String, Sendable, Comparable {
        case healthy, degraded, unhealthy

        static func < (left: Status, right: Status) -> Bool { left.rank < right.rank }

        private var rank: Int { self == .healthy ? 0 : self == .degraded ? 1 : 2 }

        /// What it adds to a score of 100.
        var score: Double { self == .healthy ? 1 : self == .degraded ? 0.5 : 0 }
    }

    var name: String
    var status = Status.healthy
    /// What is wrong; nil where nothing is.
    var error: String?
    /// How long it took to answer, where it was asked (milliseconds).
    var milliseconds: Double?
    /// Further members, as JSON.
    var details: [(key: String, json: String)] = []

    var json: String {
        var json = JSONObjectWriter()
        json.add("status", text: status.rawValue)
        if let milliseconds { json.add("latency_ms", number: Self.rounded(milliseconds)) }
        if let error { json.add("error", text: error) }
        for (key, value) in details { json.add(key, raw: value) }
        return json.text
    }

    /// The shape in which a list of services has it.
    var serviceJSON: String {
        var json = JSONObjectWriter()
        json.add("status", text: status.rawValue)
        json.add("responseTime", number: Self.rounded(milliseconds ?? 0))
        if let error { json.add("error", text: error) }
        return json.text
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

/// What the ingester says of itself, taken on its thread.
struct IngesterReading: Sendable {
    let sources: SourceStatus
    let channels: [ChannelStatistics]
    let rules: Int
    let firing: Int
    let pending: Int
    let evaluatedUntil: Int64?

    init(_ ingester: Ingester) {
        sources = ingester.sourceStatus
        channels = ingester.channels
        rules = ingester.alerting.rules.count
        let active = ingester.activeAlerts
        pending = active.count { $0.state == .pending }
        firing = active.count - pending
        evaluatedUntil = ingester.evaluatedUntil
    }
}

/// How weir is, and what it probes.
struct HealthReport: Sendable {
    let storage: ComponentHealth
    let disk: ComponentHealth
    var parts: [ComponentHealth] = []
    var integrations: [ComponentHealth] = []
    var services: [ComponentHealth] = []
    /// What is done later: notifications that wait for their channels.
    private var scheduler = ComponentHealth(name: "scheduler", details: [("jobs_pending", "0")])

    /// - Parameters:
    ///   - stall: why nothing is stored at the moment.
    ///   - reading: nil where the ingester did not answer.
    init(
        stall: String?, directory: String, reading: IngesterReading?, milliseconds: Double,
        services: [ComponentHealth]
    ) {
        var storage = ComponentHealth(name: "storage", milliseconds: milliseconds)
        if stall != nil || reading == nil {
            storage.status = .unhealthy
            storage.error = stall ?? "the ingester does not answer; its disk may hang"
        }
        self.storage = storage
        disk = Self.disk(directory)
        self.services = services
        guard let reading else {
            scheduler.status = .unhealthy
            scheduler.error = "the ingester does not answer"
            return
        }
        integrations = reading.channels.map(Self.channel)
        scheduler.details = [
            ("jobs_pending", "\(reading.channels.reduce(0) { $0 + $1.waiting })")
        ]
        parts = [Self.sources(reading.sources), Self.channels(integrations), Self.alerts(reading)]
    }

    private static func disk(_ directory: String) -> ComponentHealth {
        var disk = ComponentHealth(name: "disk_space")
        guard let space = DiskSpace(path: directory) else {
            disk.status = .degraded
            disk.error = "the room on the disk cannot be had"
            return disk
        }
        if space.usedPercent > DiskSpace.crowdedPercent {
            disk.status = .degraded
            disk.error =
                "more than \(Int(DiskSpace.crowdedPercent)) % are used; `--max-disk` sets a limit"
        }
        disk.details = [
            ("free_bytes", "\(space.freeBytes)"), ("total_bytes", "\(space.totalBytes)"),
            ("used_percent", ShownAlert.fixed(space.usedPercent)),
        ]
        return disk
    }

    private static func sources(_ status: SourceStatus) -> ComponentHealth {
        var sources = ComponentHealth(name: "sources")
        if let failure = status.failures.first {
            sources.status = .degraded
            sources.error = failure
        }
        sources.details = [
            ("running", "\(status.running)"), ("failed", "\(status.failures.count)"),
            ("names", JSONList.of(texts: status.names)),
        ]
        return sources
    }

    private static func channel(_ statistics: ChannelStatistics) -> ComponentHealth {
        var channel = ComponentHealth(name: statistics.channel)
        if let error = statistics.lastError ?? statistics.diskError {
            channel.status = .degraded
            channel.error = error
        }
        channel.details = [
            ("sent", "\(statistics.sent)"), ("waiting", "\(statistics.waiting)"),
            ("dead_letters", "\(statistics.letters)"),
        ]
        return channel
    }

    private static func channels(_ all: [ComponentHealth]) -> ComponentHealth {
        let bad = all.filter { $0.status != .healthy }
        var channels = ComponentHealth(name: "channels")
        if !bad.isEmpty {
            channels.status = .degraded
            channels.error = "not delivering: " + bad.map(\.name).joined(separator: ", ")
        }
        channels.details = [("total", "\(all.count)"), ("failing", "\(bad.count)")]
        return channels
    }

    private static func alerts(_ reading: IngesterReading) -> ComponentHealth {
        var alerts = ComponentHealth(name: "alerts")
        alerts.details = [
            ("rules", "\(reading.rules)"), ("firing", "\(reading.firing)"),
            ("pending", "\(reading.pending)"),
            (
                "evaluated_until",
                reading.evaluatedUntil.map { HTTPAnswer.quoted(Timestamp.text($0)) } ?? "null"
            ),
        ]
        return alerts
    }

    /// Members that are something else than a component.
    private static let reserved = [
        "status", "version", "uptime_seconds", "services", "integrations", "ai_providers",
    ]
    /// Services that the system that asks lists apart, by the names under which they are probed.
    private static let providers: Set<String> = [
        "openai", "anthropic", "google", "gemini", "mistral", "cohere", "groq", "elevenlabs",
    ]

    private var probesDatabase: Bool { services.contains { $0.name == "database" } }

    /// The storage under the name that other systems have for it, where no database of theirs is probed.
    private var database: ComponentHealth {
        var database = storage
        database.name = "database"
        return database
    }

    private var components: [ComponentHealth] { [storage, disk] + parts + services }

    /// Weir is well when it stores lines; what else is wrong, with it or with what it probes, is a degradation.
    var status: ComponentHealth.Status {
        if storage.status == .unhealthy { return .unhealthy }
        return components.allSatisfy { $0.status == .healthy } ? .healthy : .degraded
    }

    /// 503 where lines cannot be stored.
    var httpStatus: Int { status == .unhealthy ? 503 : 200 }

    /// 100 where all is well, 0 where nothing is.
    var score: Int {
        let sum = components.reduce(0.0) { $0 + $1.status.score }
        return Int((sum / Double(components.count) * 100).rounded())
    }

    /// Each component under its name.
    func detailedJSON(uptimeSeconds: Int64) -> String {
        var json = JSONObjectWriter()
        json.add("status", text: status.rawValue)
        json.add("version", text: WeirVersion.text)
        json.add("uptime_seconds", number: Int(uptimeSeconds))
        let own = [storage, disk] + parts + [scheduler]
        for part in own { json.add(part.name, raw: part.json) }
        // The system that asks has its components side by side: what is probed stands under its own name, too, and what
        // weir itself is to it where nothing of that name is probed.
        let taken = Set(own.map(\.name) + Self.reserved)
        for service in (probesDatabase ? [] : [database]) + services
        where !taken.contains(service.name) {
            json.add(service.name, raw: service.json)
        }
        json.add(
            "ai_providers",
            raw: Self.object(services.filter { Self.providers.contains($0.name) }) { $0.json })
        json.add("services", raw: Self.object(services) { $0.json })
        json.add("integrations", raw: Self.object(integrations) { $0.json })
        return json.text
    }

    /// The score, and services with their times.
    var checkJSON: String {
        var json = JSONObjectWriter()
        json.add("status", text: status.rawValue)
        json.add("health_score", number: score)
        let database = probesDatabase ? [] : [database]
        json.add(
            "services",
            raw: Self.object(database + [storage, disk] + services) { $0.serviceJSON })
        return json.text
    }

    private static func object(
        _ all: [ComponentHealth], _ text: (ComponentHealth) -> String
    ) -> String {
        var json = JSONObjectWriter()
        for component in all { json.add(component.name, raw: text(component)) }
        return json.text
    }
}
