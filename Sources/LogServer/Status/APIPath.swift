internal import HTTPTypes
internal import LogSegments

/// The paths that tell of weir's health, metrics and alerts, in the words of the systems that ask.
enum APIPath: String, CaseIterable, Sendable {
    case health = "/api/v1/health"
    case healthDetailed = "/api/v1/health/detailed"
    case healthCheck = "/api/health/check"
    case metrics = "/api/v1/monitoring/metrics"
    case status = "/api/v1/monitoring/status"
    case alerts = "/api/v1/monitoring/alerts"
    case evaluate = "/api/v1/monitoring/evaluate"
    case uptime = "/api/v1/monitoring/uptime"
    case metricsExport = "/api/monitoring/metrics"
    case alertManagement = "/api/monitoring/alerts"
    case uptimeReport = "/api/monitoring/uptime"

    /// The methods that it takes.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .health, .healthCheck: [.get, .head]
        case .evaluate: [.post]
        case .alertManagement: [.get, .post]
        default: [.get]
        }
    }

    /// Whether anybody may ask: what tells an uptime monitor that weir is well.
    var isOpen: Bool { self == .health || self == .healthCheck }

    /// The scope that a key needs.
    func scope(_ method: HTTPRequest.Method) -> AccessScope { method == .post ? .admin : .query }

    /// Whether a key may stand in the address, as one of the systems writes it. Addresses end up in the logs of proxies, so
    /// no other path takes it.
    var takesKeyInAddress: Bool { rawValue.hasPrefix("/api/monitoring/") }

    /// All of them, for messages.
    static let list = allCases.map(\.rawValue).joined(separator: ", ")
}
