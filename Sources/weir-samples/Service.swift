/// The services that write lines.
enum Service: CaseIterable {
    case api
    case auth
    case billing
    case engine
    case search
    case notifications
    case documents
    case analytics

    /// The name in the field `service`.
    var name: StaticString {
        switch self {
        case .api: "brainops-api"
        case .auth: "auth-service"
        case .billing: "billing-service"
        case .engine: "workflow-engine"
        case .search: "search-service"
        case .notifications: "notification-service"
        case .documents: "document-store"
        case .analytics: "analytics-service"
        }
    }

    /// Digits after the point in its `duration_ms`; most loggers write whole milliseconds.
    var durationDecimals: Int {
        switch self {
        case .search: 2
        case .documents: 1
        default: 0
        }
    }
}
