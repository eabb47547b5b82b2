/// A name under which loggers write a canonical field.
struct CanonicalAlias {
    /// What JSON kinds the value may have.
    enum Kind {
        case any, token, text
    }

    let field: CanonicalField
    let path: String
    let transform: ValueTransform
    /// The signature of the loggers that write this name with this meaning; empty where no other meaning is known.
    let signature: LineSignature
    let kind: Kind
    /// The order of preference.
    private(set) var rank = 0

    init(
        _ field: CanonicalField, _ path: String, _ transform: ValueTransform = .none,
        _ signature: LineSignature = [], kind: Kind = .any
    ) {
        self.field = field
        self.path = path
        self.transform = transform
        self.signature = signature
        self.kind = kind
    }

    /// Whether a value of this kind in a line with this signature is meant.
    func accepts(_ valueKind: ValueKind, _ lineSignature: LineSignature) -> Bool {
        switch kind {
        case .any: break
        case .token: guard valueKind.isToken else { return false }
        case .text: guard !valueKind.isToken else { return false }
        }
        return lineSignature.isSuperset(of: signature)
    }

    /// The transform for value `index` of a line: some depend on what stands beside it, or on its kind.
    func adjusted(for fields: [ShapeField], _ index: Int) -> ValueTransform {
        switch transform {
        case .secondsBeforeNanoseconds:
            guard index + 1 < fields.count else { return .none }
            let next = fields[index + 1].path.lowercased()
            return next.hasSuffix("nanos") || next.hasSuffix("nanoofsecond") ? transform : .none
        case .byteArray:
            return fields[index].kind.isToken ? transform : .none
        default:
            return transform
        }
    }

    /// Every known name, by path; in each list the preferred first.
    static let byPath: [String: [CanonicalAlias]] = {
        var table: [String: [CanonicalAlias]] = [:]
        for group in [times, levels, messages, services, endpoints, durations, statuses, others] {
            for (rank, alias) in group.enumerated() {
                var alias = alias
                alias.rank = rank
                table[alias.path, default: []].append(alias)
            }
        }
        return table
    }()

    private static func names(
        _ field: CanonicalField, _ paths: String..., signature: LineSignature = []
    ) -> [CanonicalAlias] {
        paths.map { CanonicalAlias(field, $0, .none, signature) }
    }

    private static let times: [CanonicalAlias] =
        names(
            .time, "_time", "timestamp", "@timestamp", "ts", "StartUTC", "time_iso8601", "time",
            "t.$date", "t.$date.$numberLong", "@t", "asctime", "Timestamp", "start_time",
            "EdgeStartTimestamp", "__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP")
        + [
            CanonicalAlias(.time, "timeUnixNano", .nonZeroTime),
            CanonicalAlias(.time, "time_unix_nano", .nonZeroTime),
            CanonicalAlias(.time, "observedTimeUnixNano", .nonZeroTime),
            CanonicalAlias(.time, "observed_time_unix_nano", .nonZeroTime),
            CanonicalAlias(.time, "timestampSeconds", .secondsBeforeNanoseconds),
            CanonicalAlias(.time, "timestamp.seconds", .secondsBeforeNanoseconds),
            CanonicalAlias(.time, "instant.epochSecond", .secondsBeforeNanoseconds),
        ]
        + names(
            .time, "record.time.timestamp", "record.time.repr", "msec", "timeMillis", "time_local",
            "datetime", "date_time", "dateTime", "Time", "eventTime", "event_time", "eventtime",
            "log_time", "logTime", "timestamp_ms", "timestampMs", "timestamp_ns", "receivedAt",
            "requestTime", "EdgeEndTimestamp", "date")
        + [
            CanonicalAlias(.time, "created", .none, .python),
            CanonicalAlias(.time, "T", .none, .zapShort),
        ]

    private static let levels: [CanonicalAlias] =
        [
            CanonicalAlias(.level, "level", .syslogLevel, .gelf),
            CanonicalAlias(.level, "level", .pinoLevel, .node, kind: .token),
            CanonicalAlias(.level, "level", kind: .text),
            CanonicalAlias(.level, "severityNumber", .openTelemetryLevel),
            CanonicalAlias(.level, "severity_number", .openTelemetryLevel),
            CanonicalAlias(.level, "severity", kind: .text),
            CanonicalAlias(.level, "severityText", kind: .text),
            CanonicalAlias(.level, "severity_text", kind: .text),
            CanonicalAlias(.level, "log.level", kind: .text),
            CanonicalAlias(.level, "levelname", kind: .text),
            CanonicalAlias(.level, "error_severity", kind: .text),
            CanonicalAlias(.level, "@l", .serilogLevel),
            CanonicalAlias(.level, "Level", .serilogLevel, .serilog),
            CanonicalAlias(.level, "s", .none, .mongo),
            CanonicalAlias(.level, "PRIORITY", .syslogLevel),
            CanonicalAlias(.level, "record.level.name"),
        ]
        + [
            "lvl", "loglevel", "logLevel", "LogLevel", "log_level", "Level", "level_name",
            "levelName", "Severity", "SeverityText", "severity_label", "loglevelname",
            "syslogseverity-text", "log.severity", "logger_level", "priority",
        ].map { CanonicalAlias(.level, $0, kind: .text) }
        + [
            CanonicalAlias(.level, "level_value", .logbackLevel),
            CanonicalAlias(.level, "levelno", .pythonLevel),
            CanonicalAlias(.level, "record.level.no", .pythonLevel),
            CanonicalAlias(.level, "syslogseverity", .syslogLevel),
            CanonicalAlias(.level, "L", .none, .zapShort),
        ]

    private static let messages: [CanonicalAlias] =
        names(.message, "_msg", "message", "msg", "@m", "@mt", "@message")
        + [CanonicalAlias(.message, "MESSAGE", .byteArray)]
        + names(
            .message, "RenderedMessage", "Message", "MessageTemplate", "textPayload",
            "short_message", "body.stringValue", "record.message", "fields.message",
            "log.message", "log_message", "logMessage", "body", "Body", "text", "content")
        + [
            CanonicalAlias(.message, "event", .none, .log, kind: .text),
            CanonicalAlias(.message, "full_message", .none, .gelf),
            CanonicalAlias(.message, "M", .none, .zapShort),
        ]

    private static let services: [CanonicalAlias] =
        names(
            .service, "service", "service.name", "service_name", "serviceName", "ServiceName",
            "resource.service.name", "app_name", "appName")
        + [
            CanonicalAlias(.service, "dbname", .none, .postgres),
            CanonicalAlias(.service, "application_name", .none, .postgres),
            CanonicalAlias(.service, "c", .none, .mongo),
            CanonicalAlias(.service, "name", .none, .node),
            CanonicalAlias(.service, "name", .none, .python),
            CanonicalAlias(.service, "host", .none, .gelf),
            CanonicalAlias(.service, "record.name"),
            CanonicalAlias(.service, "target", .none, .tracing),
        ]
        + names(
            .service, "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "logger", "route_name", "app",
            "application", "Application", "Properties.Application", "syslog.appname",
            "resource.attributes.service.name", "resource.labels.service_name",
            "kubernetes.container_name", "logger_name", "loggerName")
        + [
            CanonicalAlias(.service, "channel", .none, .monolog),
            CanonicalAlias(.service, "N", .none, .zapShort),
        ]

    private static let endpoints: [CanonicalAlias] =
        names(
            .endpoint, "endpoint", "request.uri", "req.url", "http.route", "url.path",
            "request_uri", "uri", "RequestPath", "meta.req.url", "httpRequest.requestUrl",
            "http.target", "http.path", "http.request.path", "request_path", "requestPath",
            "ClientRequestURI", "ClientRequestPath", "Properties.RequestPath", "attr.ns",
            "_path", "http.url", "request.path", "request.url", "url.original", "req.path",
            "requestUri", "request_url", "requestUrl", "http_path", "rawPath")
        + ["path", "url", "route", "_uri", "_url"].map {
            CanonicalAlias(.endpoint, $0, .none, .request, kind: .text)
        }
        + [
            CanonicalAlias(
                .endpoint, "attributes", .openTelemetryPath, .openTelemetry, kind: .token)
        ]

    private static let durations: [CanonicalAlias] = [
        .init(.duration, "duration_ms", .milliseconds),
        .init(.duration, "event.duration", .nanoseconds),
        .init(.duration, "attr.durationMillis", .milliseconds),
        .init(.duration, "responseTime", .milliseconds, .node),
        .init(.duration, "meta.responseTime", .milliseconds),
        .init(.duration, "request_time", .seconds),
        .init(.duration, "httpRequest.latency", .durationWithUnit),
        .init(.duration, "message", .postgresDuration, .postgres),
        .init(.duration, "OriginResponseDurationMs", .milliseconds),
        .init(.duration, "Duration", .nanoseconds, .traefik),
        .init(.duration, "http.server.request.duration", .seconds),
        .init(.duration, "record.metrics.durationMs", .milliseconds),
        .init(.duration, "State.ElapsedMilliseconds", .milliseconds),
        .init(.duration, "ElapsedMilliseconds", .milliseconds),
        .init(.duration, "EdgeTimeToFirstByteMs", .milliseconds),
        .init(.duration, "upstream_response_time", .secondsList),
    ]

    private static let statuses: [CanonicalAlias] =
        names(
            .status, "status_code", "http.response.status_code", "http.status_code",
            "res.statusCode",
            "response.status_code", "response.status", "meta.res.statusCode", "statusCode",
            "httpRequest.status", "StatusCode", "Properties.StatusCode", "DownstreamStatus",
            "response_code", "EdgeResponseStatus", "http_status", "http_status_code", "httpStatus",
            "httpStatusCode", "responseStatus", "response_status", "_status_code", "_status",
            "res.status", "status")
        + [
            CanonicalAlias(
                .status, "attributes", .openTelemetryStatus, .openTelemetry, kind: .token)
        ]

    private static let others: [CanonicalAlias] =
        [
            "trace_id", "traceId", "trace.id", "traceID", "TraceId", "@tr",
            "logging.googleapis.com/trace", "otelTraceID", "dd.trace_id", "xray_trace_id",
            "_trace_id", "traceid", "request_id", "requestId", "RequestId", "request.id",
            "x_request_id", "X-Request-ID", "RayID", "req.id", "reqId", "req_id",
            "correlation_id", "correlationId", "CorrelationId", "http.request.id",
            "function_request_id", "awsRequestId", "_request_id",
        ].map { CanonicalAlias(.trace, $0, .identifier) }
        + [CanonicalAlias(.trace, "id", .identifier, .echo)]
        + names(
            .user, "user_id", "userId", "user.id", "usr.id", "enduser.id", "userID", "UserId",
            "_user_id", "user.name")
        + [CanonicalAlias(.user, "user", .none, .postgres)]
}
