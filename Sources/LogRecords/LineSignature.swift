/// Which logger wrote a line, as far as the names in it say. A name such as `duration` or a number as `level` means different
/// things to different loggers; without their signature it means nothing.
struct LineSignature: OptionSet {
    let rawValue: UInt32

    /// Serilog's compact format.
    static let clef = LineSignature(rawValue: 1 << 0)
    /// Serilog's JsonFormatter.
    static let serilog = LineSignature(rawValue: 1 << 1)
    /// zap's production encoder, and Caddy, which uses it: `ts` is a number.
    static let zap = LineSignature(rawValue: 1 << 2)
    /// zerolog: `message`, and `time` as text.
    static let zerolog = LineSignature(rawValue: 1 << 3)
    /// Go's slog and logrus: `time` as text, `level`, `msg`, in the order of the one or the other.
    static let goNanoseconds = LineSignature(rawValue: 1 << 4)
    /// The Elastic Common Schema.
    static let ecs = LineSignature(rawValue: 1 << 5)
    static let traefik = LineSignature(rawValue: 1 << 6)
    static let envoy = LineSignature(rawValue: 1 << 7)
    static let lograge = LineSignature(rawValue: 1 << 8)
    static let echo = LineSignature(rawValue: 1 << 9)
    /// pino and bunyan: `level` is a number.
    static let node = LineSignature(rawValue: 1 << 10)
    static let gelf = LineSignature(rawValue: 1 << 11)
    static let mongo = LineSignature(rawValue: 1 << 12)
    static let postgres = LineSignature(rawValue: 1 << 13)
    /// Python's logging: `levelname` or `asctime`.
    static let python = LineSignature(rawValue: 1 << 14)
    /// Something that only a request has: a method, a status, a time taken.
    static let request = LineSignature(rawValue: 1 << 15)
    /// A level or a time under one of the common names.
    static let log = LineSignature(rawValue: 1 << 16)
    static let journald = LineSignature(rawValue: 1 << 17)
    /// Rust's tracing.
    static let tracing = LineSignature(rawValue: 1 << 18)
    /// PHP's Monolog.
    static let monolog = LineSignature(rawValue: 1 << 19)
    /// zap's development encoder with short keys.
    static let zapShort = LineSignature(rawValue: 1 << 20)
    static let openTelemetry = LineSignature(rawValue: 1 << 21)

    /// The fields as the tests see them.
    private struct Names {
        /// Whether the last value under each path is no string.
        var isToken: [String: Bool] = [:]
        var order: [String] = []

        func has(_ names: String...) -> Bool { names.allSatisfy { isToken[$0] != nil } }
        func hasAny(_ names: [String]) -> Bool { names.contains { isToken[$0] != nil } }
        func token(_ name: String) -> Bool { isToken[name] == true }
        func text(_ name: String) -> Bool { isToken[name] == false }
    }

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// What the fields of the application's own line say.
    init(fields: [ShapeField], inner: Range<Int>) {
        var names = Names()
        var isJSON = true
        for index in inner {
            names.isToken[fields[index].path] = fields[index].kind.isToken
            names.order.append(fields[index].path)
            switch fields[index].kind {
            case .text, .quoted, .embeddedText: isJSON = false
            default: break
            }
        }
        self = []
        addApplications(names, isJSON: isJSON)
        addLoggers(names, isJSON: isJSON)
        let contents = inner.lazy.compactMap { FieldContainer.content(of: fields[$0].path) }
        if names.hasAny(Self.requestNames) || contents.contains(where: Self.requestNames.contains) {
            insert(.request)
        }
        if names.hasAny([
            "level", "timestamp", "@timestamp", "time", "ts", "severity", "log_level", "lvl",
        ]) {
            insert(.log)
        }
    }

    private static let requestNames = [
        "status", "status_code", "statusCode", "http_status", "method", "http_method",
        "request_method", "requestMethod", "verb", "response_code", "duration_ms", "latency",
        "response_time", "request_time", "http.method", "http.status_code", "req.method",
        "http.request.method", "res.statusCode", "durationMs", "responseTime", "duration",
        "elapsed",
    ]

    private mutating func addApplications(_ names: Names, isJSON: Bool) {
        if names.has("DownstreamStatus") || names.has("OriginDuration", "RequestPath") {
            insert(.traefik)
        }
        if names.has("start_time", "response_code") || names.has("response_flags", "path") {
            insert(.envoy)
        }
        if names.has("controller", "action", "status") { insert(.lograge) }
        if names.has("latency_human") { insert(.echo) }
        if names.has("version", "host", "short_message") { insert(.gelf) }
        if names.has("s", "c", "msg"), names.hasAny(["t.$date", "t.$date.$numberLong"]) {
            insert(.mongo)
        }
        if names.has("error_severity") { insert(.postgres) }
        if names.hasAny(["__REALTIME_TIMESTAMP", "__CURSOR"]) || names.has("MESSAGE", "PRIORITY") {
            insert(.journald)
        }
    }

    private mutating func addLoggers(_ names: Names, isJSON: Bool) {
        if names.has("@t"), names.hasAny(["@mt", "@m", "@i", "@l"]) { insert(.clef) }
        if names.has("Timestamp", "Level", "MessageTemplate") { insert(.serilog) }
        if names.token("ts"), names.has("logger") || names.has("level", "msg") { insert(.zap) }
        if names.text("time"), names.has("level", "message"), !names.has("msg") {
            insert(.zerolog)
        }
        if isJSON, names.text("time"), names.text("level"), names.text("msg"),
            isSlog(names) || isLogrus(names)
        {
            insert(.goNanoseconds)
        }
        if names.hasAny(["ecs.version", "ecs"]) || names.has("@timestamp", "log.level") {
            insert(.ecs)
        }
        let isNode =
            names.token("level")
            && (names.has("time", "msg") || names.has("time", "pid", "hostname")
                || names.has("v", "hostname", "pid"))
        if isNode { insert(.node) }
        if names.hasAny(["levelname", "asctime", "levelno"]) { insert(.python) }
        if names.has("fields.message", "target") { insert(.tracing) }
        if names.has("L", "T", "M") { insert(.zapShort) }
        if names.has("timeUnixNano") || names.has("severityNumber") { insert(.openTelemetry) }
        if names.has("level_name", "channel", "datetime") { insert(.monolog) }
    }

    /// slog writes time, level, perhaps the source, and the message, in this order.
    private func isSlog(_ names: Names) -> Bool {
        guard names.order.count >= 3, names.order[0] == "time", names.order[1] == "level" else {
            return false
        }
        return names.order.dropFirst(2).first { !$0.hasPrefix("source.") } == "msg"
    }

    /// logrus writes its fields in the order of their names.
    private func isLogrus(_ names: Names) -> Bool {
        let tops = names.order.map { $0.prefix { $0 != "." } }
        return zip(tops, tops.dropFirst()).allSatisfy { $0 <= $1 }
    }

    /// The unit of a bare `duration`, `latency`, …, for those loggers that have one.
    var durationUnit: ValueTransform? {
        if contains(.clef) || contains(.serilog) || contains(.envoy) || contains(.lograge) {
            return .milliseconds
        }
        if contains(.echo) || contains(.traefik) || contains(.ecs) { return .nanoseconds }
        if contains(.zap) { return .seconds }
        if contains(.zerolog) || contains(.node) { return .milliseconds }
        return contains(.goNanoseconds) ? .wholeNanoseconds : nil
    }
}
