internal import LogJSON
internal import LogRecords

/// What came of one check.
struct ProbeResult: Sendable, Equatable {
    /// The answer's status; nil when there was none.
    var status: Int?
    /// Why there was none, or why it does not count as well; nil when all is well.
    var error: String?
    /// From the start to the answer's head, nanoseconds.
    var duration: Int64

    /// The logger that the lines name.
    static let logger = "weir.probe"

    /// The line that records it.
    func line(_ plan: ProbePlan, time: Int64) -> String {
        var json = JSONObjectWriter()
        let milliseconds = (Double(duration) / 1e4).rounded() / 100
        json.add("timestamp", text: Timestamp.text(time, digits: 3))
        json.add("level", text: error == nil ? "INFO" : "ERROR")
        json.add("logger", text: Self.logger)
        json.add("service", text: plan.service ?? Self.host(plan.url))
        json.add("event", text: "probe")
        json.add("method", text: "GET")
        json.add("endpoint", text: plan.url)
        if let status { json.add("status_code", number: status) }
        json.add("duration_ms", number: milliseconds)
        json.add("ok", error == nil)
        if let error { json.add("error", text: error) }
        let came = status.map { "answered \($0)" } ?? "did not answer"
        json.add(
            "message",
            text: "\(plan.url) \(came) in \(milliseconds) ms" + (error.map { ": \($0)" } ?? ""))
        return json.text
    }

    /// The host of an address.
    private static func host(_ url: String) -> String {
        let rest = url.drop { $0 != "/" }.dropFirst(2)
        return String(rest.prefix { $0 != "/" && $0 != "?" }.split(separator: "@").last ?? rest)
    }
}
