extension SystemSample {
    /// BrainOps: eight hours of one working day, the busy part and the incident between 16:00 and 18:00 UTC, which is from 8 to
    /// 10 in the morning in the office: whatever happens before 17:00 happens after hours.
    static let brainOps = SystemSample(
        name: "brainops", start: Instant(millisecondsSince1970: 1_737_453_600_000),
        tell: { story in
            story.tellRequests()
            story.tellHouseReadings()
            story.tellProbes()
            story.tellDatabase()
            story.tellSecurity()
            story.tellBackups()
        })
}

/// When things happen, from 10:00 UTC on.
private enum Plan {
    static let end = 8 * hour
    static let busy = 6 * hour
    static let loginGuesses = busy + 20 * minute
    static let injection = busy + 24 * minute
    static let slow = busy + 46 * minute..<busy + 66 * minute
    static let down = busy + 50 * minute..<busy + 68 * minute
    static let fullPool = busy + 49 * minute..<busy + 60 * minute
    static let nightMemory = busy + 5 * minute..<busy + 30 * minute
    static let dayMemory = busy + 75 * minute..<busy + 100 * minute
    static let export = busy + 72 * minute
    static let rateLimits = busy + 74 * minute..<busy + 76 * minute
    static let newLocation = busy + 78 * minute
    static let fullStorage = busy + 80 * minute..<busy + 95 * minute
    static let longQuery = busy + 85 * minute
}

/// A kind of request.
private struct Call {
    let service: String
    let path: String
    let median: Int
    let message: String
}

private let execute = Call(
    service: "brainops-api", path: "/api/v1/workflows/execute", median: 125,
    message: "Workflow executed successfully")
private let otherCalls = [
    Call(
        service: "brainops-api", path: "/api/v1/workflows", median: 31,
        message: "Listed workflows"),
    Call(
        service: "brainops-api", path: "/api/v1/users/profile", median: 14,
        message: "Profile loaded"),
    Call(
        service: "auth-service", path: "/api/v1/auth/token", median: 18, message: "Token issued"),
    Call(
        service: "billing-service", path: "/api/v1/invoices", median: 38,
        message: "Listed invoices"),
]

extension Story {
    fileprivate mutating func tellRequests() {
        repeated(every: 2 * minute, from: 0, to: Plan.busy) { story, time, number in
            story.call(number % 2 == 0 ? execute : story.choice(otherCalls), at: time)
        }
        repeated(every: 6 * second, from: Plan.busy, to: Plan.end) { story, time, number in
            // Every second call runs a workflow: enough for a p95 of five minutes.
            story.call(number % 2 == 0 ? execute : story.choice(otherCalls), at: time)
        }
    }

    private mutating func call(_ call: Call, at time: Int64) {
        let isSlow = Plan.slow.contains(time) && call.path == execute.path
        // While the pool of connections is exhausted, half of what needs the database fails.
        let fails =
            Plan.down.contains(time) && call.service == execute.service
            && random.happens(per10000: 5_000)
        let status = fails ? 503 : 200
        let taken = duration(around: isSlow && !fails ? call.median * 24 : call.median)
        let trace = random.next()
        let user = user()
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", fails ? "ERROR" : "INFO")
                .text("service", call.service).hex("trace_id", trace).text("user_id", user)
                .text("endpoint", call.path).number("duration_ms", taken)
                .number("status_code", status)
                .text("message", fails ? "No connection to the database" : call.message)
        }
        guard call.path == execute.path, !fails else { return }
        workflow(at: time + 1, trace: trace, taken: taken)
    }

    /// What the engine says about the workflow of a call: it asks a provider of language models, and ends.
    private mutating func workflow(at time: Int64, trace: UInt64, taken: Int) {
        let provider = random.happens(per10000: 6_000) ? "openai" : "anthropic"
        let succeeds = !random.happens(per10000: 300)
        let tokens = random.within(200...4_000)
        if random.happens(per10000: 4_000) {
            tell(at: time) { moment, line in
                line.time("timestamp", moment).text("level", "INFO")
                    .text("service", "workflow-engine").hex("trace_id", trace)
                    .text("event", "ai_api_call").text("provider", provider)
                    .number("tokens", tokens).text("message", "Answer from \(provider)")
            }
        }
        tell(at: time + 1) { moment, line in
            line.time("timestamp", moment).text("level", succeeds ? "INFO" : "WARNING")
                .text("service", "workflow-engine").hex("trace_id", trace)
                .text("event", succeeds ? "workflow_completed" : "workflow_failed")
                .number("workflow_ms", taken * 9)
                .text("message", succeeds ? "Workflow completed" : "Workflow failed in step 3")
        }
    }

    /// What the service says about itself, and what the machines do.
    fileprivate mutating func tellHouseReadings() {
        ticked(every: 5 * minute, from: 7 * second, to: Plan.busy) { story, time, _ in
            story.readings(at: time)
        }
        ticked(every: minute, from: Plan.busy + 7 * second, to: Plan.end) { story, time, _ in
            story.readings(at: time)
        }
    }

    private mutating func readings(at time: Int64) {
        let isHigh = Plan.nightMemory.contains(time) || Plan.dayMemory.contains(time)
        let memory = isHigh ? random.within(826...874) : random.within(610...690)
        host("app-2", at: time, cpuTenths: random.within(180...420), memoryTenths: memory)
        let pool = Plan.fullPool.contains(time) ? 100 : random.within(28...46)
        let sockets = random.within(110...190)
        let hits = random.within(88...96)
        tell(at: time + 20) { moment, line in
            line.time("timestamp", moment).text("level", "INFO").text("service", "brainops-api")
                .text("event", "runtime_stats").number("active_connections", sockets)
                .number("database_connections_active", pool)
                .number("database_connections_max", 100).number("database_pool_percent", pool)
                .number("cache_hit_ratio", hundredths: hits, decimals: 2)
                .text("message", "\(sockets) sockets, \(pool) of 100 connections")
        }
    }

    /// The four endpoints of the document's section 5, each in its own rhythm.
    fileprivate mutating func tellProbes() {
        let api = "https://api.brainops.com"
        ticked(every: minute, from: 5 * second, to: Plan.end) { story, time, _ in
            let isDown = Plan.down.contains(time)
            story.probe(
                api + "/health", service: "api.brainops.com", at: time,
                status: isDown ? nil : 200,
                milliseconds: isDown ? 5_000 : story.duration(around: 41))
        }
        ticked(every: 5 * minute, from: 11 * second, to: Plan.end) { story, time, _ in
            story.probe(
                api + "/api/v1/health", service: "api.brainops.com", at: time, status: 200,
                milliseconds: story.duration(around: 48))
            story.probe(
                "https://app.brainops.com", service: "app.brainops.com", at: time + 2 * second,
                status: 200, milliseconds: story.duration(around: 88))
        }
        ticked(every: 15 * minute, from: 17 * second, to: Plan.end) { story, time, number in
            // One failure that the next check does not confirm: nobody is told.
            let fails = number == 26
            story.probe(
                "https://docs.brainops.com", service: "docs.brainops.com", at: time,
                status: fails ? 502 : 200, milliseconds: story.duration(around: 97))
        }
    }

    /// Statements that PostgreSQL took long over, in its own format.
    fileprivate mutating func tellDatabase() {
        repeated(every: 4 * minute, from: Plan.busy, to: Plan.end) { story, time, number in
            story.statement(
                at: time, microseconds: story.duration(around: 260) * 1_000 + 117, number: number)
        }
        statement(at: Plan.longQuery, microseconds: 31_204_551, number: 90)
        statement(at: Plan.longQuery + 40 * second, microseconds: 47_880_034, number: 91)
    }

    private mutating func statement(at time: Int64, microseconds: Int, number: Int) {
        let fraction = microseconds % 1_000
        let digits = (fraction < 100 ? "0" : "") + (fraction < 10 ? "0" : "") + "\(fraction)"
        let process = 8_300 + number
        tell(at: time) { moment, line in
            line.text("timestamp", Self.postgreSQLTime(moment)).text("user", "brainops")
                .text("dbname", "brainops").number("pid", process)
                .text("remote_host", "10.0.0.5").text("session_id", "6b01140a.\(process)")
                .number("line_num", 4).text("ps", "SELECT").text("error_severity", "LOG")
                .text(
                    "message",
                    "duration: \(microseconds / 1_000).\(digits) ms  statement: "
                        + "SELECT * FROM executions WHERE state = 'queued' ORDER BY created_at"
                ).text("application_name", "brainops-api").text("backend_type", "client backend")
                .number("query_id", 0)
        }
    }

    /// `2025-01-21 17:25:00.000 UTC`: PostgreSQL's spelling.
    private static func postgreSQLTime(_ moment: Instant) -> String {
        var buffer = LineBuffer(capacity: 24)
        buffer.append(moment)
        let text = String(decoding: buffer.bytes, as: UTF8.self)
        return text.replacing("T", with: " ").replacing("Z", with: " UTC")
    }

    fileprivate mutating func tellSecurity() {
        repeated(every: 6 * minute, from: Plan.busy, to: Plan.end) { story, time, _ in
            let client = "100.64.3.\(story.random.within(2...250))"
            story.security("login_ok", "INFO", client, at: time, "Login succeeded")
        }
        security("login_failed", "WARNING", "100.64.9.14", at: Plan.busy, "Wrong password")
        ticked(
            every: 15 * second, from: Plan.loginGuesses, to: Plan.loginGuesses + 2 * minute
        ) { story, time, number in
            story.security(
                "login_failed", "WARNING", "203.0.113.7", at: time,
                "Wrong password (attempt \(number + 1))")
        }
        security(
            "sql_injection", "WARNING", "203.0.113.9", at: Plan.injection,
            "Possible SQL injection in parameter \"q\": ' OR '1'='1")
        ticked(
            every: 10 * second, from: Plan.rateLimits.lowerBound, to: Plan.rateLimits.upperBound
        ) { story, time, _ in
            story.security(
                "rate_limit_exceeded", "WARNING", "100.64.7.21", at: time,
                "More than 100 requests a minute")
        }
        ticked(every: 10 * minute, from: 3 * minute, to: Plan.end) { story, time, number in
            story.keyUse(number % 2 == 0 ? "key_7" : "key_9", "Berlin, DE", at: time)
        }
        keyUse("key_7", "Recife, BR", at: Plan.newLocation)
        tell(at: Plan.export) { moment, line in
            line.time("timestamp", moment).text("level", "INFO").text("service", "brainops-api")
                .text("logger", "audit").flag("audit", true).text("event", "bulk_export")
                .text("user_id", "user_131").number("rows", 48_210)
                .text("message", "user_131 exported 48210 rows of contacts")
        }
    }

    private mutating func security(
        _ event: String, _ level: String, _ client: String, at time: Int64, _ message: String
    ) {
        let user = user()
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", level).text("service", "auth-service")
                .text("logger", "security").text("event", event).text("client_ip", client)
                .text("user_id", user).text("message", message)
        }
    }

    private mutating func keyUse(_ key: String, _ location: String, at time: Int64) {
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", "INFO").text("service", "auth-service")
                .text("logger", "security").text("event", "api_key_used").text("key_id", key)
                .text("location", location).text("message", "\(key) used from \(location)")
        }
    }

    /// Every six hours the database is saved; the second time it fails and is done again an hour later. What is saved fills
    /// the disk.
    fileprivate mutating func tellBackups() {
        for time in [5 * minute, Plan.busy + 70 * minute] {
            tell(at: time) { moment, line in
                line.time("timestamp", moment).text("level", "INFO").text("service", "backup")
                    .text("event", "backup_completed").text("kind", "database")
                    .text("message", "Database saved")
            }
        }
        tell(at: Plan.busy + 5 * minute) { moment, line in
            line.time("timestamp", moment).text("level", "ERROR").text("service", "backup")
                .text("event", "backup_failed").text("kind", "database")
                .text("message", "Connection to the database lost")
        }
        ticked(every: 5 * minute, from: 9 * second, to: Plan.end) { story, time, _ in
            let full = Plan.fullStorage.contains(time) ? 812 : 793
            story.disk("backup-1", mount: "/backup", at: time, tenths: full)
        }
    }
}
