extension SystemSample {
    /// Agent Factory: a quiet hour as a baseline, then three times the calls, under which one thing after another gives way.
    static let agentFactory = SystemSample(
        name: "agent-factory", start: Instant(millisecondsSince1970: 1_705_392_000_000),
        tell: { story in
            story.tellCalls()
            story.tellAgents()
            story.tellProviders()
            story.tellPlatformDatabase()
            story.tellHealth()
            story.tellIncidents()
        })
}

/// When things happen, from 08:00 UTC on.
private enum Plan {
    static let end = 170 * minute
    static let spike = 70 * minute..<96 * minute
    /// Two of 250 calls in five minutes fail: 0.8 %; then five of a hundred.
    static let someErrors = 74 * minute..<84 * minute
    static let manyErrors = 84 * minute..<87 * minute
    static let slow = 78 * minute..<87 * minute
    static let verySlow = 87 * minute..<92 * minute
    static let down = 90 * minute..<95 * minute
    static let fullPool = 77 * minute..<86 * minute
    static let veryFullPool = 86 * minute..<98 * minute
    static let slowQueries = 79 * minute..<86 * minute
    static let verySlowQueries = 86 * minute..<96 * minute
    static let openAI = 76 * minute..<86 * minute
    static let anthropic = 100 * minute..<112 * minute
    static let burst = 88 * minute
    static let newError = 86 * minute
    static let quota = 110 * minute..<122 * minute
    static let failedLogins = 40 * minute
    static let failedDeployment = 65 * minute
}

extension Story {
    fileprivate mutating func tellCalls() {
        repeated(every: 7_500, from: 0, to: Plan.spike.lowerBound) { story, time, number in
            story.agentCall(at: time, number: number)
        }
        repeated(
            every: 1_200, from: Plan.spike.lowerBound, to: Plan.spike.upperBound
        ) { story, time, number in
            story.agentCall(at: time, number: number)
        }
        repeated(every: 7_500, from: Plan.spike.upperBound, to: 130 * minute) {
            story, time, number in
            story.agentCall(at: time, number: number)
        }
        repeated(every: minute, from: 130 * minute, to: Plan.end) { story, time, number in
            story.agentCall(at: time, number: number)
        }
    }

    private mutating func agentCall(at time: Int64, number: Int) {
        let fails =
            Plan.someErrors.contains(time) && number % 125 == 100
            || Plan.manyErrors.contains(time) && number % 20 == 10
        let median = Plan.verySlow.contains(time) ? 2_300 : Plan.slow.contains(time) ? 900 : 210
        let taken = duration(around: fails ? 30 : median)
        let paths = ["/api/v1/agents/run", "/api/v1/agents", "/api/v1/workflows/run"]
        // An error of the service is not an unknown error: its type was seen in the quiet hour.
        log("ERROR", fails, at: time, type: fails ? "TimeoutError" : nil) { line in
            line.text("method", "POST").text("endpoint", paths[number % paths.count])
                .number("status_code", fails ? 500 : 200).number("duration_ms", taken)
                .text("message", fails ? "Upstream timed out" : "Request completed")
        }
    }

    /// A line with the fields that each line has.
    private mutating func log(
        _ level: String, _ isMarked: Bool, at time: Int64, type: String? = nil,
        _ compose: (consuming JSONLine) -> JSONLine
    ) {
        let request = random.next()
        let user = user()
        let tenant = "tenant_\(random.within(1...6))"
        tell(at: time) { moment, line in
            var line = line.time("timestamp", moment).text("level", isMarked ? level : "INFO")
                .text("service", "agent-factory").hex("request_id", request)
                .text("user_id", user).text("tenant_id", tenant)
            if let type { line = line.text("error_type", type) }
            return compose(line)
        }
    }

    fileprivate mutating func tellAgents() {
        repeated(every: minute, from: 0, to: 130 * minute) { story, time, number in
            let succeeds = number % 19 != 7
            let isAgent = number % 2 == 0
            story.log("WARNING", !succeeds, at: time) { line in
                line.text("event", isAgent ? "agent_executed" : "workflow_executed")
                    .flag("ok", succeeds)
                    .text(
                        "message",
                        (isAgent ? "Agent" : "Workflow") + (succeeds ? " done" : " gave up"))
            }
        }
    }

    /// Calls to the providers of language models; while one of them is in trouble, one call of six fails.
    fileprivate mutating func tellProviders() {
        repeated(every: 12 * second, from: 60 * minute, to: 130 * minute) { story, time, number in
            let isOpenAI = number % 2 == 0
            let trouble = isOpenAI ? Plan.openAI : Plan.anthropic
            let fails = trouble.contains(time) && number / 2 % 6 == 3
            let taken = story.duration(around: 900)
            story.log("WARNING", fails, at: time) { line in
                line.text("event", "provider_call")
                    .text("provider", isOpenAI ? "openai" : "anthropic").flag("ok", !fails)
                    .number("provider_ms", taken)
                    .text("message", fails ? "Provider answered 529" : "Provider answered")
            }
        }
    }

    fileprivate mutating func tellPlatformDatabase() {
        repeated(every: 10 * second, from: 60 * minute, to: 110 * minute) { story, time, _ in
            let median =
                Plan.verySlowQueries.contains(time)
                ? 1_250 : Plan.slowQueries.contains(time) ? 460 : 38
            let taken = story.duration(around: median)
            story.log("INFO", false, at: time) { line in
                line.text("component", "database").text("event", "query")
                    .number("query_ms", taken).text("message", "SELECT … FROM agent_runs")
            }
        }
        ticked(every: minute, from: 21 * second, to: 140 * minute) { story, time, _ in
            let pool =
                Plan.veryFullPool.contains(time)
                ? 97 : Plan.fullPool.contains(time) ? 88 : story.random.within(35...62)
            story.log("INFO", false, at: time) { line in
                line.text("component", "database").text("event", "pool_stats")
                    .number("connections_active", pool).number("connections_max", 100)
                    .number("connection_pool_usage", pool)
                    .number("database_quota_percent", Plan.quota.contains(time) ? 81 : 79)
                    .text("message", "\(pool) of 100 connections in use")
            }
        }
    }

    fileprivate mutating func tellHealth() {
        ticked(every: minute, from: 5 * second, to: Plan.end) { story, time, _ in
            let isDown = Plan.down.contains(time)
            story.probe(
                "https://api.agentfactory.io/api/v1/health", service: "agent-factory", at: time,
                status: isDown ? 503 : 200, milliseconds: story.duration(around: 44))
        }
    }

    fileprivate mutating func tellIncidents() {
        // What goes wrong on a quiet day, so that these types of errors are known.
        for (offset, type) in [(3, "TimeoutError"), (5, "ValidationError"), (8, "RateLimitError")] {
            job(type, at: Int64(offset) * minute + 400)
        }
        job("ValidationError", at: 33 * minute + 700)
        job("PoolExhaustedError", at: Plan.newError + 20 * second)
        ticked(every: 3 * second, from: Plan.burst, to: Plan.burst + 45 * second) {
            story, time, _ in
            story.job("TimeoutError", at: time + 150)
        }
        ticked(every: 10 * second, from: Plan.failedLogins, to: Plan.failedLogins + minute) {
            story, time, _ in
            story.log("WARNING", true, at: time + 90) { line in
                line.text("event", "auth_failed").text("client_ip", "198.51.100.40")
                    .text("message", "Token signature is invalid")
            }
        }
        log("ERROR", true, at: Plan.failedDeployment) { line in
            line.text("event", "deployment_failed").text("component", "vercel")
                .text("message", "Build failed: type error in agents/run.ts")
        }
    }

    /// A failure of a background job: an error, but no failed request.
    private mutating func job(_ type: String, at time: Int64) {
        log("ERROR", true, at: time, type: type) { line in
            line.text("component", "jobs").text("message", "Job failed: \(type)")
        }
    }
}
