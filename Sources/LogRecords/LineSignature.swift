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

    /// A set of the names that signatures look for.
    struct Names: OptionSet {
        let rawValue: UInt64

        init(rawValue: UInt64) { self.rawValue = rawValue }

        /// The set of `name` alone, empty when no signature looks for it.
        init(_ name: String) { rawValue = Self.bits[name].map { 1 << $0 } ?? 0 }

        init(all names: [String]) {
            self = names.reduce(into: []) { $0.formUnion(Names($1)) }
        }

        /// Every name, by its bit.
        static let all = [
            "DownstreamStatus", "OriginDuration", "RequestPath", "start_time",
            "response_code", "response_flags", "path", "controller", "action", "status",
            "latency_human", "version", "host", "short_message", "s", "c", "msg", "t.$date",
            "t.$date.$numberLong", "error_severity", "__REALTIME_TIMESTAMP", "__CURSOR",
            "MESSAGE", "PRIORITY", "@t", "@mt", "@m", "@i", "@l", "Timestamp", "Level",
            "MessageTemplate", "ts", "logger", "level", "time", "message", "ecs.version",
            "ecs", "@timestamp", "log.level", "pid", "hostname", "v", "levelname", "asctime",
            "levelno", "fields.message", "target", "L", "T", "M", "timeUnixNano",
            "severityNumber", "level_name", "channel", "datetime", "timestamp", "severity",
            "log_level", "lvl",
        ]

        private static let bits: [String: Int] = {
            precondition(all.count <= 64, "BUG: more names than bits")
            return Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
        }()
    }

    /// What a line must have, and may not have, to bear a signature.
    private struct Rule {
        let signature: LineSignature
        let all: Names
        let any: Names
        /// Names whose values must be tokens, or strings.
        let tokens: Names
        let texts: Names
        let none: Names

        init(
            _ signature: LineSignature, all: [String] = [], any: [String] = [],
            tokens: [String] = [], texts: [String] = [], none: [String] = []
        ) {
            self.signature = signature
            self.all = Names(all: all + tokens + texts)
            self.any = Names(all: any)
            self.tokens = Names(all: tokens)
            self.texts = Names(all: texts)
            self.none = Names(all: none)
        }

        func holds(_ present: Names, tokens isToken: Names) -> Bool {
            present.isSuperset(of: all) && (any.isEmpty || !present.isDisjoint(with: any))
                && isToken.isSuperset(of: tokens) && isToken.isDisjoint(with: texts)
                && present.isDisjoint(with: none)
        }
    }

    private static let rules: [Rule] = [
        Rule(.traefik, all: ["DownstreamStatus"]),
        Rule(.traefik, all: ["OriginDuration", "RequestPath"]),
        Rule(.envoy, all: ["start_time", "response_code"]),
        Rule(.envoy, all: ["response_flags", "path"]),
        Rule(.lograge, all: ["controller", "action", "status"]),
        Rule(.echo, all: ["latency_human"]),
        Rule(.gelf, all: ["version", "host", "short_message"]),
        Rule(.mongo, all: ["s", "c", "msg"], any: ["t.$date", "t.$date.$numberLong"]),
        Rule(.postgres, all: ["error_severity"]),
        Rule(.journald, any: ["__REALTIME_TIMESTAMP", "__CURSOR"]),
        Rule(.journald, all: ["MESSAGE", "PRIORITY"]),
        Rule(.clef, all: ["@t"], any: ["@mt", "@m", "@i", "@l"]),
        Rule(.serilog, all: ["Timestamp", "Level", "MessageTemplate"]),
        Rule(.zap, all: ["logger"], tokens: ["ts"]),
        Rule(.zap, all: ["level", "msg"], tokens: ["ts"]),
        Rule(.zerolog, all: ["level", "message"], texts: ["time"], none: ["msg"]),
        Rule(.ecs, any: ["ecs.version", "ecs"]),
        Rule(.ecs, all: ["@timestamp", "log.level"]),
        Rule(.node, all: ["time", "msg"], tokens: ["level"]),
        Rule(.node, all: ["time", "pid", "hostname"], tokens: ["level"]),
        Rule(.node, all: ["v", "hostname", "pid"], tokens: ["level"]),
        Rule(.python, any: ["levelname", "asctime", "levelno"]),
        Rule(.tracing, all: ["fields.message", "target"]),
        Rule(.zapShort, all: ["L", "T", "M"]),
        Rule(.openTelemetry, any: ["timeUnixNano", "severityNumber"]),
        Rule(.monolog, all: ["level_name", "channel", "datetime"]),
        Rule(
            .log,
            any: [
                "level", "timestamp", "@timestamp", "time", "ts", "severity", "log_level", "lvl",
            ]),
    ]

    /// What slog and logrus have in common.
    private static let goRule = Rule(.goNanoseconds, texts: ["time", "level", "msg"])

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// What the fields of the application's own line say; `meaning` knows each path.
    init(fields: [ShapeField], inner: Range<Int>, meanings: [PathMeaning]) {
        var present: Names = []
        var tokens: Names = []
        var isJSON = true
        var isRequest = false
        for index in inner {
            let names = meanings[index].signature
            if !names.isEmpty {
                // Of double keys the last one counts.
                present.formUnion(names)
                if fields[index].kind.isToken {
                    tokens.formUnion(names)
                } else {
                    tokens.subtract(names)
                }
            }
            isRequest = isRequest || meanings[index].isRequest
            switch fields[index].kind {
            case .text, .quoted, .embeddedText: isJSON = false
            default: break
            }
        }
        self = isRequest ? .request : []
        for rule in Self.rules where rule.holds(present, tokens: tokens) {
            formUnion(rule.signature)
        }
        if isJSON, Self.goRule.holds(present, tokens: tokens) {
            let order = fields[inner].map(\.path)
            if Self.isSlog(order) || Self.isLogrus(order) { insert(.goNanoseconds) }
        }
    }

    static let requestNames: Set<String> = [
        "status", "status_code", "statusCode", "http_status", "method", "http_method",
        "request_method", "requestMethod", "verb", "response_code", "duration_ms", "latency",
        "response_time", "request_time", "http.method", "http.status_code", "req.method",
        "http.request.method", "res.statusCode", "durationMs", "responseTime", "duration",
        "elapsed",
    ]

    /// slog writes time, level, perhaps the source, and the message, in this order.
    private static func isSlog(_ order: [String]) -> Bool {
        guard order.count >= 3, order[0] == "time", order[1] == "level" else { return false }
        return order.dropFirst(2).first { !$0.hasPrefix("source.") } == "msg"
    }

    /// logrus writes its fields in the order of their names.
    private static func isLogrus(_ order: [String]) -> Bool {
        let tops = order.map { $0.prefix { $0 != "." } }
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
