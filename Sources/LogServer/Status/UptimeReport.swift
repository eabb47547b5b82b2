internal import LogJSON
internal import LogQuery
internal import LogRecords

/// Availability against what was promised, from the lines of probes and the error rate of the stream.
struct UptimeReport {
    let history: ProbeHistory
    let range: TimeRange
    /// What was promised, in percent.
    let target: Double
    /// The failed share of the requests of the last hour; nil without requests.
    let errorRate: Double?
    /// What it may be.
    let errorRateMax: Double

    /// 99.9 %, what most promise.
    static let targetDefault = 99.9
    /// 5 %, where no rule names a threshold.
    static let errorRateMaxDefault = 0.05
    /// Incidents in the answer, the latest.
    private static let incidentsMax = 20

    /// Whether the promises are kept; nil where nothing is known.
    private var keepsUptime: Bool? { history.percentage.map { $0 >= target } }
    private var keepsErrorRate: Bool? { errorRate.map { $0 <= errorRateMax } }

    private var status: String {
        guard history.percentage != nil else { return "unknown" }
        let down = history.addresses.count { !$0.isUp }
        return down == 0 ? "healthy" : down == history.addresses.count ? "unhealthy" : "degraded"
    }

    var json: String {
        var json = JSONObjectWriter()
        json.add("status", text: status)
        var uptime = JSONObjectWriter()
        let seconds = history.upSince.map { (range.end - $0) / Timestamp.second } ?? 0
        uptime.add("formatted", text: Self.formatted(seconds))
        uptime.add("seconds", number: Int(seconds))
        Self.add("percentage", history.percentage.map(Self.rounded), to: &uptime)
        json.add("uptime", raw: uptime.text)
        json.add("sla", raw: agreement)
        json.add("incidents", raw: incidents)
        json.add("services", raw: JSONList.of(history.addresses.map(Self.service)))
        var period = JSONObjectWriter()
        period.add("start", text: Timestamp.text(range.start))
        period.add("end", text: Timestamp.text(range.end))
        json.add("period", raw: period.text)
        if history.addresses.isEmpty {
            json.add(
                "message",
                text:
                    "no probe has written a line in this time; `weir ingest --probe URL` checks it")
        }
        return json.text
    }

    private var agreement: String {
        var compliance = JSONObjectWriter()
        // What nobody measured breaks no promise, and keeps none.
        let known = [keepsUptime, keepsErrorRate].compactMap(\.self)
        Self.add("overall", known.isEmpty ? nil : known.allSatisfy(\.self), to: &compliance)
        Self.add("uptime", keepsUptime, to: &compliance)
        Self.add("errorRate", keepsErrorRate, to: &compliance)
        var json = JSONObjectWriter()
        json.add("target", number: target)
        json.add("compliance", raw: compliance.text)
        Self.add("error_rate", errorRate, to: &json)
        json.add("error_rate_max", number: errorRateMax)
        return json.text
    }

    private var incidents: String {
        var json = JSONObjectWriter()
        json.add("total", number: history.incidentCount)
        Self.add("mtbf_seconds", history.meanUpSeconds, to: &json)
        Self.add("mttr_seconds", history.meanRepairSeconds, to: &json)
        let latest = history.addresses.flatMap(\.incidents).sorted { $0.start > $1.start }
            .prefix(Self.incidentsMax)
        json.add("recent", raw: JSONList.of(latest.map(Self.incident)))
        return json.text
    }

    private static func incident(_ incident: ProbeHistory.Incident) -> String {
        var json = JSONObjectWriter()
        json.add("service", text: incident.service)
        json.add("endpoint", text: incident.endpoint)
        json.add("start", text: Timestamp.text(incident.start))
        if let end = incident.end {
            json.add("end", text: Timestamp.text(end))
            json.add("duration_seconds", number: Double(end - incident.start) / 1e9)
        }
        if !incident.error.isEmpty { json.add("error", text: incident.error) }
        return json.text
    }

    private static func service(_ address: ProbeHistory.Address) -> String {
        var json = JSONObjectWriter()
        json.add("service", text: address.service)
        json.add("endpoint", text: address.endpoint)
        json.add("status", text: address.isUp ? "healthy" : "unhealthy")
        add(
            "percentage",
            ProbeHistory.percentage(address.checks, address.failures).map(rounded), to: &json)
        json.add("checks", number: address.checks)
        json.add("failures", number: address.failures)
        json.add(
            "responseTime", number: rounded(address.durationSum / Double(max(address.checks, 1))))
        return json.text
    }

    private static func add(_ key: String, _ value: Bool?, to json: inout JSONObjectWriter) {
        json.add(key, raw: value.map { $0 ? "true" : "false" } ?? "null")
    }

    private static func add(_ key: String, _ value: Double?, to json: inout JSONObjectWriter) {
        json.add(key, number: value ?? .nan)
    }

    /// With three digits behind the point: 99.95 and 99.999 are not the same promise.
    private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }

    /// `5d 14h 23m 45s`
    static func formatted(_ seconds: Int64) -> String {
        let seconds = max(seconds, 0)
        return
            "\(seconds / 86_400)d \(seconds / 3_600 % 24)h \(seconds / 60 % 60)m \(seconds % 60)s"
    }
}
