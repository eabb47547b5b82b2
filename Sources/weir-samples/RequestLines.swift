/// Lines of answered requests: the house format with all nine keys.
struct RequestLines {
    /// This share of requests belongs to the trace of the request before: one service calling
    /// another.
    private static let sameTracePer10000 = 800

    /// A gateway adds up to this to its timeout, in hundredths of a millisecond.
    private static let gatewayOverheadMax = 12_000

    /// Requests refused at the door take this long at most, in hundredths of a millisecond.
    private static let refusalMax = 900

    /// Spreads of latencies: a look-up, and work whose size varies.
    private static let steadySpread = 0.45
    private static let scatteredSpread = 0.55

    /// Who calls, and in which trace.
    private(set) var trace: TraceID
    private var user = 0

    private let incident: Incident?
    private let endpoints = Endpoint.catalog
    private let popularity: WeightedChoice
    private let steady = LatencyTable(spread: steadySpread)
    private let scattered = LatencyTable(spread: scatteredSpread)
    private let statusMessages = StatusMessages()
    private let incidentStatuses = StatusProfile.incident

    init(incident: Incident?) {
        self.incident = incident
        popularity = .zipf(count: endpoints.count)
        var first = RandomSource(seed: 0)
        trace = TraceID(using: &first)
    }

    /// Appends a line up to the end of its message.
    mutating func append(
        at time: Instant, to buffer: inout LineBuffer, using random: inout RandomSource
    ) {
        let isTrouble = incident?.range.contains(time.millisecondsSince1970) ?? false
        var index = popularity.pick(using: &random)
        if isTrouble, random.happens(per10000: Incident.retriesPer10000) {
            index = Incident.endpoints[random.below(Incident.endpoints.count)]
        }
        let isHit = isTrouble && Incident.endpoints.contains(index)
        if !random.happens(per10000: Self.sameTracePer10000) {
            trace = TraceID(using: &random)
            user = UserDirectory.pick(using: &random)
        }
        let endpoint = endpoints[index]
        let status = status(of: endpoint, isHit: isHit, using: &random)
        let duration = duration(of: endpoint, status: status, isHit: isHit, using: &random)
        let milliseconds = duration / 100

        buffer.appendHead(
            time, level: level(status: status, milliseconds: milliseconds),
            service: endpoint.service)
        trace.append(to: &buffer)
        appendUser(of: endpoint, status: status, to: &buffer)
        buffer.append(",\"endpoint\":\"")
        buffer.append(endpoint.path)
        buffer.append("\",\"duration_ms\":")
        buffer.append(hundredths: duration, decimals: endpoint.service.durationDecimals)
        buffer.append(",\"status_code\":")
        buffer.append(number: status)
        buffer.append(",\"message\":\"")
        var messages = statusMessages.templates(status: status, milliseconds: milliseconds)
        if messages.isEmpty {
            messages = endpoint.messages
        }
        messages[random.below(messages.count)].append(to: &buffer, using: &random)
    }

    private func status(
        of endpoint: Endpoint, isHit: Bool, using random: inout RandomSource
    ) -> Int {
        guard isHit else { return endpoint.statuses.pick(using: &random) }
        let status = incidentStatuses.pick(using: &random)
        return status == incidentStatuses.success ? endpoint.statuses.success : status
    }

    private func duration(
        of endpoint: Endpoint, status: Int, isHit: Bool, using random: inout RandomSource
    ) -> Int {
        switch status {
        case 504:
            return Incident.gatewayTimeout + random.below(Self.gatewayOverheadMax)
        case 304, 401, 429:
            return random.within(40...Self.refusalMax)
        default:
            let table = endpoint.scatters ? scattered : steady
            let median = isHit ? endpoint.median * Incident.slowdown : endpoint.median
            return table.sample(median: median, using: &random)
        }
    }

    private func level(status: Int, milliseconds: Int) -> StaticString {
        switch status {
        case 500...: "ERROR"
        case 404: "INFO"
        case 400...: "WARNING"
        default: milliseconds > StatusMessages.slowMilliseconds ? "WARNING" : "INFO"
        }
    }

    private func appendUser(of endpoint: Endpoint, status: Int, to buffer: inout LineBuffer) {
        if endpoint.isAnonymous {
            buffer.append(",\"user_id\":null")
        } else if status == 401 {
            buffer.append(",\"user_id\":\"anonymous\"")
        } else {
            buffer.append(",\"user_id\":\"")
            UserDirectory.append(user, to: &buffer)
            buffer.append(UInt8(ascii: "\""))
        }
    }
}
