import LogBytes
import LogRecords
import Testing

/// One realistic line of each logger of the reference page, and what it means. Beside each stands a line that looks alike and
/// means less.
@Suite struct FieldTableTests {
    private let lines: LineBatch

    init() throws { lines = try LineBatch() }

    /// When the lines arrive: 2025-01-19T00:00:00Z.
    private static let arrival: Int64 = 1_737_244_800 * Timestamp.second

    /// What a line means; what is not named must not be there.
    private func check(
        _ line: String, time: String? = nil, level: LogLevel = .unknown, message: String? = nil,
        service: String? = nil, endpoint: String? = nil, duration: String? = nil,
        status: Int? = nil, trace: String? = nil, user: String? = nil,
        location: SourceLocation = #_sourceLocation
    ) {
        let record = lines.take(line, arrivalTime: Self.arrival)
        let ownTime = record.hasOwnTime ? Timestamp.text(record.time, digits: 9) : nil
        #expect(ownTime == time, "time", sourceLocation: location)
        #expect(record.level == level, "level", sourceLocation: location)
        #expect(lines.batch.statusCode(record) == status, "status", sourceLocation: location)
        let texts: [(CanonicalField, String?)] = [
            (.message, message), (.service, service), (.endpoint, endpoint),
            (.duration, duration), (.trace, trace), (.user, user),
        ]
        for (field, want) in texts {
            var scratch = ByteWriter()
            let slot = lines.batch.shape(record).canonical[field]
            let text = slot.map { lines.batch.text(record, $0, scratch: &scratch).text } ?? ""
            #expect(text == want ?? "", "\(field)", sourceLocation: location)
        }
    }

    private static let noon = "2025-01-18T12:00:00.000000000Z"

    // MARK: Node

    @Test func pino() {
        check(
            #"""
            {"level":30,"time":1737201600123,"pid":7,"hostname":"web-1","reqId":"req-1",\#
            "req":{"id":"r-9","method":"GET","url":"/api/users/8231?x=1","headers":{"host":"h"}},\#
            "res":{"statusCode":200},"responseTime":12,"msg":"request completed"}
            """#,
            time: "2025-01-18T12:00:00.123000000Z", level: .info, message: "request completed",
            endpoint: "/api/users/8231?x=1", duration: "12", status: 200, trace: "r-9")
        check(
            #"{"level":50,"time":1737201600123,"name":"shop","msg":"lost"}"#,
            time: "2025-01-18T12:00:00.123000000Z", level: .error, message: "lost",
            service: "shop")
        check(
            #"{"level":"warn","time":"2025-01-18T12:00:00.000Z","msg":"x"}"#, time: Self.noon,
            level: .warn, message: "x")
        check(
            #"{"level":35,"time":1737201600000,"msg":"own level"}"#, time: Self.noon, level: .info,
            message: "own level")
        // A number as level without pino's other names, and pino's name of a duration in another line.
        check(#"{"level":30,"responseTime":12}"#)
        check(#"{"level":7,"time":1737201600000,"msg":"x"}"#, time: Self.noon, message: "x")
    }

    @Test func bunyan() {
        check(
            #"""
            {"name":"renovate","hostname":"gitlab","pid":7,"level":40,"req":{"method":"GET","url":"/v1"},\#
            "res":{"statusCode":404},"latency":7.5,"msg":"slow","time":"2025-01-18T12:00:00.123Z","v":0}
            """#,
            time: "2025-01-18T12:00:00.123000000Z", level: .warn, message: "slow",
            service: "renovate", endpoint: "/v1", duration: "7.5", status: 404)
    }

    @Test func winston() {
        check(
            #"""
            {"level":"info","message":"HTTP GET /v1/items","meta":{"req":{"url":"/v1/items?q=1",\#
            "method":"GET"},"res":{"statusCode":201},"responseTime":3},"timestamp":"2025-01-18T12:00:00.000Z"}
            """#,
            time: Self.noon, level: .info, message: "HTTP GET /v1/items",
            endpoint: "/v1/items?q=1", duration: "3", status: 201)
        check(#"{"level":"http","message":"x"}"#, level: .info, message: "x")
        check(#"{"level":"silly","message":"x"}"#, level: .trace, message: "x")
    }

    // MARK: Go

    @Test func zapProduction() {
        check(
            #"""
            {"level":"error","ts":1737201600.1234567,"logger":"shop.orders","caller":"a/b.go:7",\#
            "msg":"failed","duration":0.0123,"trace_id":"t1"}
            """#,
            time: "2025-01-18T12:00:00.123456700Z", level: .error, message: "failed",
            service: "shop.orders", duration: "12.3", trace: "t1")
        check(
            #"{"level":"dpanic","ts":1737201600,"msg":"x","latency":1e-05}"#, time: Self.noon,
            level: .critical, message: "x", duration: "0.01")
        // Development: a time and a duration as text.
        check(
            #"{"level":"DEBUG","ts":"2025-01-18T12:00:00.000Z","msg":"x","duration":"12.3ms"}"#,
            time: Self.noon, level: .debug, message: "x", duration: "12.3")
        check(
            #"{"level":"DEBUG","ts":"2025-01-18T12:00:00.000Z","msg":"x","duration":12.3}"#,
            time: Self.noon, level: .debug, message: "x")
    }

    @Test func logrus() {
        check(
            #"{"duration":12300000,"level":"warning","msg":"slow","time":"2025-01-18T13:00:00+01:00"}"#,
            time: Self.noon, level: .warn, message: "slow", duration: "12.3")
        check(
            #"{"duration":12.5,"level":"panic","msg":"x","time":"2025-01-18T12:00:00Z"}"#,
            time: Self.noon, level: .critical, message: "x")
        // Not in the order of the names: another logger, whose unit nobody knows.
        check(
            #"{"level":"info","duration":12,"msg":"x","time":"2025-01-18T12:00:00Z"}"#,
            time: Self.noon, level: .info, message: "x")
    }

    @Test func slog() {
        check(
            #"""
            {"time":"2025-01-18T12:00:00.123456789Z","level":"ERROR+2","msg":"x","duration":12300000,\#
            "path":"/v1","method":"GET"}
            """#,
            time: "2025-01-18T12:00:00.123456789Z", level: .error, message: "x", endpoint: "/v1",
            duration: "12.3")
        for (word, want): (String, LogLevel) in [
            ("DEBUG-4", .trace), ("DEBUG", .debug), ("INFO+2", .info), ("WARN+1", .warn),
            ("ERROR+4", .critical), ("INFO-", .unknown), ("ERROR+x", .unknown),
        ] {
            check(
                #"{"time":"2025-01-18T12:00:00Z","level":"\#(word)","msg":"x"}"#, time: Self.noon,
                level: want, message: "x")
        }
    }

    @Test func zerolog() {
        check(
            #"""
            {"level":"info","service":"api","duration":12.5,"status":200,"url":"/v1?x=1","method":"GET",\#
            "time":"2025-01-18T12:00:00Z","message":"done"}
            """#,
            time: Self.noon, level: .info, message: "done", service: "api",
            endpoint: "/v1?x=1", duration: "12.5", status: 200)
        for time in ["1737201600", "1737201600000", "1737201600000000", "1737201600000000000"] {
            check(
                #"{"level":"info","duration":12.5,"time":\#(time),"message":"unix time"}"#,
                time: Self.noon, level: .info, message: "unix time")
        }
    }

    @Test func echo() {
        check(
            #"""
            {"time":"2025-01-18T12:00:00.000000001Z","id":"abc","remote_ip":"::1","host":"h","method":"GET",\#
            "uri":"/v1/a?b=c","user_agent":"x","status":200,"error":"","latency":12300000,\#
            "latency_human":"12.3ms","bytes_in":0,"bytes_out":2}
            """#,
            time: "2025-01-18T12:00:00.000000001Z", endpoint: "/v1/a?b=c", duration: "12.3",
            status: 200, trace: "abc")
    }

    @Test func caddyAndTraefik() {
        check(
            #"""
            {"level":"info","ts":1737201600.5,"logger":"http.log.access","msg":"handled request",\#
            "request":{"method":"GET","uri":"/api?q=1"},"user_id":"","duration":0.001674508,"status":304}
            """#,
            time: "2025-01-18T12:00:00.500000000Z", level: .info, message: "handled request",
            service: "http.log.access", endpoint: "/api?q=1", duration: "1.674508", status: 304)
        check(
            #"""
            {"ClientAddr":"10.0.0.1:1","DownstreamStatus":502,"Duration":12300000,"OriginDuration":12000000,\#
            "RequestMethod":"GET","RequestPath":"/v1/x?y=1","ServiceName":"shop@docker",\#
            "StartUTC":"2025-01-18T12:00:00.000000001Z","level":"info","msg":"","time":"2025-01-18T12:00:01Z",\#
            "trace_id":"abc"}
            """#,
            time: "2025-01-18T12:00:00.000000001Z", level: .info, service: "shop@docker",
            endpoint: "/v1/x?y=1", duration: "12.3", status: 502, trace: "abc")
    }

    // MARK: Python

    @Test func structlog() {
        check(
            #"""
            {"path":"/v1","status_code":200,"duration_ms":12.5,"event":"done","logger":"shop.orders",\#
            "level":"warning","timestamp":"2025-01-18T12:00:00.000001Z"}
            """#,
            time: "2025-01-18T12:00:00.000001000Z", level: .warn, message: "done",
            service: "shop.orders", endpoint: "/v1", duration: "12.5", status: 200)
        check(#"{"event":"login_failed"}"#)
        check(#"{"event":"login_failed","level":"info","message":"m"}"#, level: .info, message: "m")
    }

    @Test func pythonJSONLogger() {
        check(
            #"{"asctime": "2025-01-18 12:00:00,123", "levelname": "CRITICAL", "name": "shop", "message": "x"}"#,
            time: "2025-01-18T12:00:00.123000000Z", level: .critical, message: "x",
            service: "shop")
        check(
            #"{"levelno": 30, "name": "shop", "message": "x"}"#, level: .warn, message: "x",
            service: "shop")
        check(#"{"name":"Jane"}"#)
    }

    @Test func loguru() {
        check(
            #"""
            {"text": "2025-01-18 12:00:00.123 | SUCCESS | x\n", "record": {"elapsed": {"repr": "0:00:00.01", \#
            "seconds": 0.01}, "extra": {"endpoint": "/v1", "status_code": 200, "duration_ms": 12.5}, \#
            "level": {"icon": "x", "name": "SUCCESS", "no": 25}, "message": "x", "name": "__main__", \#
            "time": {"repr": "2025-01-18 12:00:00.123456+00:00", "timestamp": 1737201600.123456}}}
            """#,
            time: "2025-01-18T12:00:00.123456000Z", level: .info, message: "x",
            service: "__main__", endpoint: "/v1", duration: "12.5", status: 200)
        // A level of one's own has a number.
        check(
            #"{"record":{"level":{"name":"PAYMENT","no":41},"message":"x"}}"#, level: .error,
            message: "x")
    }

    // MARK: .NET and Java

    @Test func serilog() {
        check(
            #"""
            {"@t":"2025-01-18T12:00:00.1234567Z","@mt":"HTTP {M} took {E}","@m":"HTTP GET took 12","M":"GET",\#
            "RequestPath":"/v1","StatusCode":500,"Elapsed":12.3456,"@l":"Error","@tr":"abc","@sp":"d","@@x":1}
            """#,
            time: "2025-01-18T12:00:00.123456700Z", level: .error, message: "HTTP GET took 12",
            endpoint: "/v1", duration: "12.3456", status: 500, trace: "abc")
        check(
            #"{"@t":"2025-01-18T12:00:00Z","@mt":"Hello {Name}","Name":"x"}"#, time: Self.noon,
            level: .info, message: "Hello {Name}")
        check(
            #"{"@t":"2025-01-18T12:00:00Z","@m":"x","@l":"Verbose"}"#, time: Self.noon,
            level: .trace, message: "x")
        check(
            #"""
            {"Timestamp":"2025-01-18T12:00:00.0000000+00:00","Level":"Warning","MessageTemplate":"Slow {Elapsed}",\#
            "Properties":{"RequestPath":"/v1","StatusCode":200,"Elapsed":1234.5}}
            """#,
            time: Self.noon, level: .warn, message: "Slow {Elapsed}", endpoint: "/v1",
            duration: "1234.5", status: 200)
    }

    @Test func logstashLogback() {
        check(
            #"""
            {"@timestamp":"2025-01-18T13:00:00.000+01:00","@version":"1","message":"x","logger_name":"com.shop.A",\#
            "thread_name":"main","level":"INFO","level_value":20000,"traceId":"abc"}
            """#,
            time: Self.noon, level: .info, message: "x", service: "com.shop.A", trace: "abc")
        check(#"{"message":"x","level_value":40000}"#, level: .error, message: "x")
    }

    /// The dotted key `log.level` beside a nested `log`.
    @Test func elasticCommonSchema() {
        check(
            #"""
            {"@timestamp":"2025-01-18T12:00:00.000Z","log.level":"error","message":"x","ecs.version":"1.6.0",\#
            "event":{"duration":12500000},"http":{"request":{"method":"GET"},"response":{"status_code":200}},\#
            "log":{"logger":"app"},"service":{"name":"shop"},"trace":{"id":"abc"},"url":{"path":"/v1"},\#
            "user":{"id":"u1"}}
            """#,
            time: Self.noon, level: .error, message: "x", service: "shop", endpoint: "/v1",
            duration: "12.5", status: 200, trace: "abc", user: "u1")
        check(
            #"{"@timestamp":"2025-01-18T12:00:00.000Z","log":{"level":"warn"},"message":"x"}"#,
            time: Self.noon, level: .warn, message: "x")
    }

    // MARK: Servers

    @Test func nginx() {
        check(
            #"""
            {"time_iso8601":"2025-01-18T12:00:00+00:00","request_uri":"/v1?x","status":"502",\#
            "request_time":"1.250","upstream_response_time":"0.1, 0.2","request_id":"abc"}
            """#,
            time: Self.noon, endpoint: "/v1?x", duration: "1250", status: 502, trace: "abc")
        check(
            #"{"msec":"1737201600.123","uri":"/","status":200,"upstream_response_time":"0.100, 0.250 : 1"}"#,
            time: "2025-01-18T12:00:00.123000000Z", endpoint: "/", duration: "1350", status: 200)
        check(
            #"{"time_local":"18/Jan/2025:13:00:00 +0100","upstream_response_time":"-"}"#,
            time: Self.noon)
    }

    @Test func envoyAndLograge() {
        check(
            #"""
            {"start_time":"2025-01-18T12:00:00.000Z","method":"GET","path":"/v1?x=1","response_code":503,\#
            "duration":12,"route_name":"shop","request_id":"abc","response_flags":"UF"}
            """#,
            time: Self.noon, service: "shop", endpoint: "/v1?x=1", duration: "12", status: 503,
            trace: "abc")
        check(
            #"""
            {"method":"GET","path":"/v1","format":"html","controller":"A","action":"b","status":200,\#
            "duration":12.34,"view":1.2,"db":3.4}
            """#,
            endpoint: "/v1", duration: "12.34", status: 200)
        check(#"{"path":"/usr/bin/python"}"#)
    }

    @Test func postgreSQL() {
        check(
            #"""
            {"timestamp":"2025-01-18 13:00:00.500 CET","user":"app","dbname":"shop","pid":8309,\#
            "error_severity":"LOG","state_code":"00000","message":"duration: 12.345 ms  statement: SELECT 1"}
            """#,
            time: "2025-01-18T12:00:00.500000000Z", level: .info,
            message: "duration: 12.345 ms  statement: SELECT 1", service: "shop",
            duration: "12.345", user: "app")
        // An abbreviation of several zones: the time of arrival counts.
        check(
            #"{"timestamp":"2025-01-18 13:00:00.500 CST","pid":1,"error_severity":"PANIC","message":"x"}"#,
            level: .critical, message: "x")
    }

    @Test func mongoDB() {
        check(
            #"""
            {"t":{"$date":"2025-01-18T12:00:00.000+00:00"},"s":"W","c":"COMMAND","id":51803,"ctx":"conn9",\#
            "msg":"Slow query","attr":{"ns":"shop.orders","durationMillis":123,"errCode":200}}
            """#,
            time: Self.noon, level: .warn, message: "Slow query", service: "COMMAND",
            endpoint: "shop.orders", duration: "123")
        check(
            #"{"t":{"$date":"2025-01-18T12:00:00.000+00:00"},"s":"D2","c":"X","msg":"x"}"#,
            time: Self.noon, level: .trace, message: "x", service: "X")
        check(#"{"s":"E","c":"x"}"#)
    }

    // MARK: Collectors and clouds

    @Test func journald() {
        check(
            #"""
            {"__REALTIME_TIMESTAMP":"1737201600123456","PRIORITY":"3","MESSAGE":"lost","_PID":"7",\#
            "_SYSTEMD_UNIT":"shop.service","SYSLOG_IDENTIFIER":"shop"}
            """#,
            time: "2025-01-18T12:00:00.123456000Z", level: .error, message: "lost",
            service: "shop.service")
        check(
            #"{"__REALTIME_TIMESTAMP":"1737201600000000","PRIORITY":"0","MESSAGE":[72, 195, 188,255]}"#,
            time: Self.noon, level: .emerg, message: "Hü\u{FFFD}")
        check(
            #"{"__REALTIME_TIMESTAMP":"1737201600000000","PRIORITY":"8","MESSAGE":[72,256]}"#,
            time: Self.noon, message: "[72,256]")
    }

    @Test func googleCloud() {
        check(
            #"""
            {"severity":"WARNING","textPayload":"x","timestampSeconds":1737201600,"timestampNanos":123456789,\#
            "httpRequest":{"requestUrl":"https://shop/v1?x","status":404,"latency":"0.0123s"},\#
            "logging.googleapis.com/trace":"projects/p/traces/abc"}
            """#,
            time: "2025-01-18T12:00:00.123456789Z", level: .warn, message: "x",
            endpoint: "https://shop/v1?x", duration: "12.3", status: 404,
            trace: "projects/p/traces/abc")
        check(
            #"{"timestamp":{"seconds":1737201600,"nanos":5},"severity":"DEFAULT","message":"x"}"#,
            time: "2025-01-18T12:00:00.000000005Z", message: "x")
        check(
            #"{"instant":{"epochSecond": 1737201600,"nanoOfSecond": 222000123}, "level":"INFO"}"#,
            time: "2025-01-18T12:00:00.222000123Z", level: .info)
    }

    @Test func amazonAndCloudflare() {
        check(
            #"{"timestamp":"2025-01-18T12:00:00Z","level":"ERROR","message":"x","requestId":"r-1"}"#,
            time: Self.noon, level: .error, message: "x", trace: "r-1")
        check(
            #"""
            {"time":"2025-01-18T12:00:00.000Z","type":"platform.report","record":{"requestId":"r-1",\#
            "status":"success","metrics":{"durationMs":101.51,"billedDurationMs":300}}}
            """#,
            time: Self.noon, duration: "101.51", trace: "r-1")
        check(
            #"""
            {"EdgeStartTimestamp":1737201600000000000,"ClientRequestURI":"/v1?x","EdgeResponseStatus":200,\#
            "OriginResponseDurationMs":12,"RayID":"abc"}
            """#,
            time: Self.noon, endpoint: "/v1?x", duration: "12", status: 200, trace: "abc")
    }

    @Test func openTelemetry() {
        check(
            #"""
            {"timeUnixNano":"1737201600123456789","observedTimeUnixNano":"1737201601000000000",\#
            "severityNumber":17,"severityText":"Error","body":{"stringValue":"x"},"traceId":"abc"}
            """#,
            time: "2025-01-18T12:00:00.123456789Z", level: .error, message: "x", trace: "abc")
        check(
            #"""
            {"timeUnixNano":"0","observedTimeUnixNano":"1737201600000000001","severityNumber":0,\#
            "severityText":"WARN","body":{"stringValue":"x"},"attributes":{"http.route":"/v1/{id}",\#
            "http.response.status_code":"404","service.name":"shop"}}
            """#,
            time: "2025-01-18T12:00:00.000000001Z", level: .warn, message: "x", service: "shop",
            endpoint: "/v1/{id}", status: 404)
    }

    @Test func graylog() {
        check(
            #"""
            {"version":"1.1","host":"web-1","short_message":"x","timestamp":1737201600.123,"level":4,\#
            "_path":"/v1","_status":500}
            """#,
            time: "2025-01-18T12:00:00.123000000Z", level: .warn, message: "x", service: "web-1",
            endpoint: "/v1", status: 500)
    }

    /// Rust's tracing, and lines that put everything into one object.
    @Test func containers() {
        check(
            #"""
            {"timestamp":"2025-01-18T12:00:00.000000Z","level":"INFO","fields":{"message":"x","latency_ms":7,\#
            "status":200},"target":"shop::orders"}
            """#,
            time: Self.noon, level: .info, message: "x", service: "shop::orders", duration: "7",
            status: 200)
        check(
            #"{"ts": "2013-09-06T20:00:48.124817Z", "@fields": { "lvl": "TRACE", "msg": "trace test"}}"#,
            time: "2013-09-06T20:00:48.124817000Z", level: .trace, message: "trace test")
        check(#"{"data":{"status":"500","level":"info","message":"x"}}"#)
    }

    /// Names of weir itself, as other stores export them.
    @Test func canonicalNames() {
        check(
            #"{"_time":"2025-01-18T12:00:00Z","_msg":"a","message":"b","level":"info","user_id":"u"}"#,
            time: Self.noon, level: .info, message: "a", user: "u")
        check(
            #"{"timestamp":null,"time":"soon","ts":"2025-01-18T12:00:00Z","level":"?","severity":"ERROR"}"#,
            time: Self.noon, level: .error)
    }
}
