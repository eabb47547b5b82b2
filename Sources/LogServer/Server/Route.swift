internal import HTTPTypes

/// What a path means.
enum Route: Equatable {
    case jsonLines, bulk, loki, openTelemetry, journal
    case ready, health, metrics
    /// What Elasticsearch's clients ask before they send.
    case elasticInfo, elasticLicense, elasticEmpty, elasticIndex

    /// How a failure is told to the clients of a path.
    enum Dialect {
        case text, elastic, openTelemetry
    }

    var dialect: Dialect {
        switch self {
        case .bulk, .elasticInfo, .elasticLicense, .elasticEmpty, .elasticIndex: .elastic
        case .openTelemetry: .openTelemetry
        default: .text
        }
    }

    /// Whether lines come in by it.
    var isInsert: Bool {
        switch self {
        case .jsonLines, .bulk, .loki, .openTelemetry, .journal: true
        default: false
        }
    }

    /// Whether lines are taken from its body while it comes; the others' bodies are read whole first.
    var isStreamed: Bool { self == .jsonLines || self == .bulk || self == .journal }

    /// Whether anybody may ask: what tells a load balancer that weir is there.
    var isOpen: Bool { self == .ready || self == .health }

    private static let elasticPrefix = "/insert/elasticsearch"

    /// The route of a request; throws 404 and 405.
    static func find(_ method: HTTPRequest.Method, _ path: String) throws(HTTPFailure) -> Route {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        let (route, methods) = try route(String(path))
        guard methods.contains(method) else {
            let names = methods.map(\.rawValue).joined(separator: ", ")
            var failure = HTTPFailure(405, "\(path) takes \(names), not \(method.rawValue)")
            failure.allow = names
            throw failure
        }
        return route
    }

    private static func route(
        _ path: String
    ) throws(HTTPFailure) -> (Route, [HTTPRequest.Method]) {
        switch path {
        case "/insert/jsonline": return (.jsonLines, [.post, .put])
        case "/insert/loki/api/v1/push", "/loki/api/v1/push": return (.loki, [.post])
        case "/insert/opentelemetry/v1/logs", "/v1/logs": return (.openTelemetry, [.post])
        // The first as VictoriaLogs has it, the second where systemd's own receiver has it.
        case "/insert/journald/upload", "/upload": return (.journal, [.post, .put])
        case "/insert/ready", "/insert/loki/ready", "/ready": return (.ready, [.get, .head])
        case "/health": return (.health, [.get, .head])
        case "/metrics": return (.metrics, [.get])
        default: break
        }
        let isElastic = path.hasPrefix(elasticPrefix)
        let rest = isElastic ? String(path.dropFirst(elasticPrefix.count)) : path
        if let found = elastic(rest, isRoot: isElastic) { return found }
        throw HTTPFailure(
            404,
            "there is nothing at \(path); lines go to /insert/jsonline, "
                + "/insert/elasticsearch/_bulk, /insert/loki/api/v1/push, "
                + "/insert/opentelemetry/v1/logs or /insert/journald/upload")
    }

    /// Elasticsearch's paths, at the root, too, for clients that cannot be given a prefix.
    private static func elastic(
        _ path: String, isRoot: Bool
    ) -> (Route, [HTTPRequest.Method])? {
        let parts = path.split(separator: "/")
        guard let first = parts.first else { return (.elasticInfo, [.get, .head]) }
        if first == "_bulk", parts.count == 1 { return (.bulk, [.post, .put]) }
        if parts.count == 2, parts[1] == "_bulk" { return (.bulk, [.post, .put]) }
        if first == "_license" || first == "_xpack" { return (.elasticLicense, [.get]) }
        let known = [
            "_ilm", "_index_template", "_component_template", "_template", "_ingest", "_nodes",
            "_cluster", "_cat", "_data_stream", "logstash", "_logstash", "_alias",
        ]
        if known.contains(String(first)) { return (.elasticEmpty, [.get, .head, .put, .post]) }
        // An index: it is there, whatever its name, since it needs no making.
        if parts.count == 1, !first.hasPrefix("_"), isRoot {
            return (.elasticIndex, [.head, .put, .get])
        }
        return nil
    }
}
