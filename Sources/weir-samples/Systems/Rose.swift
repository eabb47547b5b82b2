extension SystemSample {
    /// Rose the Healer Shaman: the half hour before the answers that its document shows. At 12:30 the error rate over five
    /// minutes is 6.50 percent; at 12:34:56.789 there were 42 sessions and 156 voice requests.
    static let rose = SystemSample(
        name: "rose", start: Instant(millisecondsSince1970: 1_761_048_000_000),
        tell: { story in
            story.tellVoices()
            story.tellChecks()
            story.tellFailures()
            story.tellGauges()
            story.tellLast()
        })
}

/// When things happen, from 12:00 UTC on.
private enum Plan {
    static let end = 34 * minute + 56 * second
    static let slow = 3 * minute..<9 * minute
    static let circuitOpen = 10 * minute..<14 * minute
    static let highMemory = 15 * minute..<19 * minute
    /// Forty calls a minute, of which thirteen fail within one: 13 of 200 in five minutes.
    static let dense = 24 * minute..<33 * minute
    static let failing = 29 * minute..<30 * minute
    static let failures = 13
    static let voices = 156
    static let sessions = 42
}

extension Story {
    /// A line as structlog writes it.
    private mutating func log(
        at time: Int64, _ event: String, level: String, logger: String,
        _ compose: (consuming JSONLine) -> JSONLine
    ) {
        tell(at: time) { moment, line in
            compose(
                line.text("event", event).text("level", level).text("logger", logger)
                    .time("timestamp", moment))
        }
    }

    private mutating func counter(
        _ metric: String, at time: Int64, tags: [(key: String, value: String)] = []
    ) {
        log(at: time, "metric_counter", level: "info", logger: "ai_companion.core.metrics") {
            line in
            let counted = line.text("metric", metric).number("value", 1)
            return tags.isEmpty ? counted : counted.object("tags", tags)
        }
    }

    private mutating func histogram(_ metric: String, at time: Int64, tenths: Int) {
        log(at: time, "metric_histogram", level: "info", logger: "ai_companion.core.metrics") {
            line in
            line.text("metric", metric).number("value", hundredths: tenths * 10, decimals: 1)
        }
    }

    private mutating func gauge(_ metric: String, at time: Int64, tenths: Int) {
        log(at: time, "metric_gauge", level: "info", logger: "ai_companion.core.metrics") { line in
            line.text("metric", metric).number("value", hundredths: tenths * 10, decimals: 1)
        }
    }

    /// Voice requests, each with the counters and durations that the application logs for it.
    fileprivate mutating func tellVoices() {
        let durations = workflowTenths()
        let distance = Plan.end / Int64(Plan.voices)
        for number in 0..<Plan.voices {
            let time = Int64(number) * distance + 1_100
            if number % 4 == 0, number / 4 < Plan.sessions { counter("sessions_started", at: time) }
            counter("voice_requests_total", at: time + 10)
            let size = random.within(9_000...80_000)
            histogram("voice_audio_size_bytes", at: time + 20, tenths: 10 * size)
            // While the circuit breaker is open nobody asks for a voice.
            let speaks = !Plan.circuitOpen.contains(time)
            counter("api_calls_groq_success", at: time + 30)
            histogram("api_duration_ms_groq", at: time + 31, tenths: 10 * duration(around: 250))
            if number % 3 == 0 {
                counter("api_calls_elevenlabs_\(speaks ? "success" : "failure")", at: time + 40)
                counter("api_calls_qdrant_success", at: time + 41)
            }
            counter("workflow_executions_success", at: time + 50)
            histogram("workflow_duration_ms", at: time + 51, tenths: durations[number])
        }
        for number in 39..<Plan.sessions {
            counter("sessions_started", at: Plan.end - Int64(number) * 7 * second)
        }
    }

    /// Durations of which the shortest is 234.5 ms, the longest 1823.4 ms and the mean 567.8 ms, as in the document's answer.
    private mutating func workflowTenths() -> [Int] {
        var tenths = (0..<Plan.voices).map { _ in random.within(3_000...8_200) }
        let shortest = 20
        let longest = 90
        tenths[shortest] = 2_345
        tenths[longest] = 18_234
        let missing = 5_678 * Plan.voices - tenths.reduce(0, +)
        let others = tenths.indices.filter { $0 != shortest && $0 != longest }
        for index in others { tenths[index] += missing / others.count }
        tenths[others[0]] += missing % others.count
        return tenths
    }

    /// Requests as the web framework logs them.
    fileprivate mutating func tellChecks() {
        repeated(every: 7_500, from: 0, to: Plan.dense.lowerBound) { story, time, _ in
            story.request(at: time, fails: false)
        }
        ticked(
            every: 1_500, from: Plan.dense.lowerBound + 200, to: Plan.dense.upperBound
        ) { story, time, number in
            let inMinute = number % 40
            let isFailure = inMinute % 3 == 1 && inMinute / 3 < Plan.failures
            story.request(at: time, fails: isFailure && Plan.failing.contains(time))
        }
        repeated(every: 7_500, from: Plan.dense.upperBound, to: Plan.end) { story, time, _ in
            story.request(at: time, fails: false)
        }
    }

    private mutating func request(at time: Int64, fails: Bool) {
        let taken = duration(around: Plan.slow.contains(time) ? 2_400 : 380)
        let request = random.next()
        log(
            at: time, "request_completed", level: fails ? "error" : "info",
            logger: "ai_companion.interfaces.web"
        ) { line in
            line.text("service", "rose").hex("request_id", request).text("method", "POST")
                .text("endpoint", "/api/v1/voice/process").number("status_code", fails ? 500 : 200)
                .number("duration_ms", taken)
        }
        if fails {
            counter(
                "errors_total", at: time + 1,
                tags: [("error_type", "ValidationError"), ("endpoint", "/api/v1/voice/process")])
        }
    }

    fileprivate mutating func tellFailures() {
        log(
            at: Plan.circuitOpen.lowerBound, "circuit_breaker_state_changed", level: "warning",
            logger: "ai_companion.core.resilience"
        ) { $0.text("circuit", "elevenlabs").text("state", "open") }
        log(
            at: Plan.circuitOpen.upperBound, "circuit_breaker_state_changed", level: "info",
            logger: "ai_companion.core.resilience"
        ) { $0.text("circuit", "elevenlabs").text("state", "closed") }
    }

    fileprivate mutating func tellGauges() {
        ticked(every: 20 * second, from: 5 * second, to: Plan.end) { story, time, _ in
            let isOpen = Plan.circuitOpen.contains(time)
            story.gauge("circuit_breaker_open_count", at: time, tenths: isOpen ? 10 : 0)
            let memory = Plan.highMemory.contains(time) ? 833 : 452
            story.gauge("memory_usage_percent", at: time + 10, tenths: memory)
            story.gauge("memory_usage_bytes", at: time + 20, tenths: memory * 8_192_000)
        }
    }

    /// The last line carries the time of the document's answer.
    fileprivate mutating func tellLast() {
        log(
            at: 34 * minute + 56 * second + 789, "evaluation_completed", level: "info",
            logger: "ai_companion.core.monitoring_scheduler"
        ) { $0.number("thresholds", 4) }
    }
}
