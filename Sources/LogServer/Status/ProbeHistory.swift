internal import LogBytes
internal import LogJSON
internal import LogRecords

/// What the lines of probes say about each address in some time: checks, incidents, the present state.
struct ProbeHistory {
    /// A time in which an address did not answer well: from the first check that failed to the next that did not.
    struct Incident {
        let service: String
        let endpoint: String
        let start: Int64
        /// nil while it lasts.
        var end: Int64?
        var error: String
    }

    /// One address.
    struct Address {
        let service: String
        let endpoint: String
        var checks = 0
        var failures = 0
        var durationSum = 0.0
        var first: Int64
        var last: Int64
        var lastDuration = 0.0
        var lastError = ""
        /// When the present state began.
        var stateStart: Int64
        var isUp = true
        var incidents: [Incident] = []
        var incidentCount = 0
        /// How long it was down in incidents that have ended, and how many did.
        var downtime: Int64 = 0
        var endedCount = 0
    }

    /// The filter for the lines.
    static let filter = "logger:=weir.probe event:=probe"
    /// The fields that `add` takes, in this order.
    static let fields = ["_time", "service", "endpoint", "ok", "duration_ms", "error"]
    /// Addresses that are told apart: more than anybody probes. Those beyond are counted in `left`.
    private static let addressesMax = 1_000
    /// Incidents that are listed of each address, the latest; all are counted.
    private static let incidentsMax = 20

    private(set) var addresses: [Address] = []
    private(set) var left = 0
    private var places: [String: Int] = [:]

    /// Takes the fields of a line; lines come in the order of time.
    mutating func add(_ line: [String]) {
        guard line.count == Self.fields.count,
            let time = line[0].withView({ Timestamp.parse($0) })
        else { return }
        let key = line[1] + "\u{0}" + line[2]
        if places[key] == nil {
            guard addresses.count < Self.addressesMax else {
                left += 1
                return
            }
            places[key] = addresses.count
            addresses.append(
                Address(
                    service: line[1], endpoint: line[2], first: time, last: time, stateStart: time)
            )
        }
        guard let place = places[key] else { return }
        addresses[place].add(
            time, isUp: line[3] == "true", duration: Double(line[4]) ?? 0, error: line[5],
            incidentsMax: Self.incidentsMax)
    }

    /// All checks, and those that failed.
    var checks: Int { addresses.reduce(0) { $0 + $1.checks } }
    var failures: Int { addresses.reduce(0) { $0 + $1.failures } }
    /// The share of the checks that went well, in percent; nil without a check.
    var percentage: Double? { Self.percentage(checks, failures) }

    static func percentage(_ checks: Int, _ failures: Int) -> Double? {
        checks == 0 ? nil : Double(checks - failures) / Double(checks) * 100
    }

    var incidentCount: Int { addresses.reduce(0) { $0 + $1.incidentCount } }

    /// How long an incident lasted on average (seconds); nil before one has ended.
    var meanRepairSeconds: Double? {
        let ended = addresses.reduce(0) { $0 + $1.endedCount }
        guard ended > 0 else { return nil }
        return addresses.reduce(0.0) { $0 + Double($1.downtime) } / 1e9 / Double(ended)
    }

    /// How long the addresses were up for each incident (seconds); nil without one.
    var meanUpSeconds: Double? {
        guard incidentCount > 0 else { return nil }
        let up = addresses.reduce(0.0) { $0 + Double($1.upTime) }
        return up / 1e9 / Double(incidentCount)
    }

    /// Since when all addresses have been up; nil while one is down, and without any.
    var upSince: Int64? {
        guard !addresses.isEmpty, addresses.allSatisfy(\.isUp) else { return nil }
        return addresses.map(\.stateStart).max()
    }

    /// The services by name: down where one of their addresses is.
    var services: [(name: String, isUp: Bool, milliseconds: Double, error: String)] {
        Dictionary(grouping: addresses, by: \.service).map { name, all in
            (
                name, all.allSatisfy(\.isUp), all.map(\.lastDuration).max() ?? 0,
                all.first { !$0.isUp }?.lastError ?? ""
            )
        }.sorted { $0.0 < $1.0 }
    }
}

extension ProbeHistory.Address {
    fileprivate mutating func add(
        _ time: Int64, isUp: Bool, duration: Double, error: String, incidentsMax: Int
    ) {
        checks += 1
        durationSum += duration
        lastDuration = duration
        lastError = error
        last = time
        if !isUp { failures += 1 }
        guard isUp != self.isUp else { return }
        self.isUp = isUp
        stateStart = time
        if isUp {
            guard let index = incidents.indices.last else { return }
            incidents[index].end = time
            downtime += time - incidents[index].start
            endedCount += 1
        } else {
            incidentCount += 1
            if incidents.count >= incidentsMax { incidents.removeFirst() }
            incidents.append(
                ProbeHistory.Incident(
                    service: service, endpoint: endpoint, start: time, end: nil, error: error))
        }
    }

    /// How long it was up, as far as checks tell (nanoseconds).
    var upTime: Int64 { (last - first) - downtime - (isUp ? 0 : last - stateStart) }
}
