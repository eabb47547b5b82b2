extension SystemSample {
    /// Prism AI: a morning on which the queue grows, the machine runs full, and the application stops answering.
    static let prismAI = SystemSample(
        name: "prism-ai", start: Instant(millisecondsSince1970: 1_741_068_000_000),
        tell: { story in
            story.tellAnswers()
            story.tellTasks()
            story.tellComponents()
            story.tellMachine()
            story.tellStrangers()
        })
}

/// When things happen, from 06:00 UTC on.
private enum Plan {
    static let end = 330 * minute
    static let busyEnd = 75 * minute
    static let slow = 10 * minute..<22 * minute
    static let verySlow = 22 * minute..<30 * minute
    static let someErrors = 34 * minute..<45 * minute
    static let manyErrors = 45 * minute..<54 * minute
    static let failingTasks = 14 * minute..<28 * minute
    static let longQueue = 18 * minute..<26 * minute
    static let veryLongQueue = 26 * minute..<48 * minute
    static let highMemory = 30 * minute..<40 * minute
    static let veryHighMemory = 40 * minute..<50 * minute
    static let highProcessor = 8 * minute..<27 * minute
    static let fullProcessor = 27 * minute..<41 * minute
    static let down = 60 * minute..<66 * minute
    static let fullDisk = 62 * minute..<66 * minute
    static let veryFullDisk = 66 * minute..<316 * minute
    static let restarts = 20 * minute..<44 * minute
}

extension Story {
    fileprivate mutating func tellAnswers() {
        repeated(every: 5 * second, from: 0, to: Plan.busyEnd) { story, time, number in
            story.answer(at: time, number: number)
        }
        repeated(every: minute, from: Plan.busyEnd, to: Plan.end) { story, time, number in
            story.answer(at: time, number: number)
        }
    }

    private mutating func answer(at time: Int64, number: Int) {
        let paths = ["/api/v1/query", "/api/v1/query", "/api/v1/query", "/api/v1/documents"]
        let path = paths[number % paths.count]
        if Plan.down.contains(time) { return }
        // One call of thirty is 3.3 % of the sixty in five minutes, one of twelve is 8.3 %.
        let fails =
            Plan.someErrors.contains(time) && number % 30 == 17
            || Plan.manyErrors.contains(time) && number % 12 == 9
        let median =
            Plan.verySlow.contains(time) ? 13_500 : Plan.slow.contains(time) ? 4_700 : 820
        let taken = duration(around: fails ? 60 : median)
        let request = random.next()
        let user = user()
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", fails ? "ERROR" : "INFO")
                .text("service", "prism-api").hex("request_id", request).text("user_id", user)
                .text("endpoint", path).number("status_code", fails ? 500 : 200)
                .number("duration_ms", taken)
                .text("message", fails ? "LLM provider refused the request" : "Answered")
        }
    }

    fileprivate mutating func tellTasks() {
        repeated(every: 20 * second, from: 2 * second, to: Plan.busyEnd) { story, time, number in
            story.task(at: time, fails: Plan.failingTasks.contains(time) && number % 5 == 2)
        }
        ticked(every: minute, from: 31 * second, to: Plan.end) { story, time, _ in
            if Plan.down.contains(time) { return }
            let length =
                Plan.veryLongQueue.contains(time)
                ? story.random.within(112...138)
                : Plan.longQueue.contains(time)
                    ? story.random.within(56...84) : story.random.within(2...21)
            story.tell(at: time) { moment, line in
                line.time("timestamp", moment).text("level", "INFO")
                    .text("service", "prism-worker").text("logger", "celery")
                    .text("event", "queue_stats").text("queue", "documents")
                    .number("queue_length", length).number("workers", 4)
                    .text("message", "\(length) tasks wait")
            }
        }
        ticked(
            every: 4 * minute, from: Plan.restarts.lowerBound + 3 * second,
            to: Plan.restarts.upperBound
        ) { story, time, number in
            story.tell(at: time) { moment, line in
                line.time("timestamp", moment).text("level", "WARNING")
                    .text("service", "prism-worker").text("logger", "celery")
                    .text("event", "worker_restarted").text("worker", "celery@w\(number % 4 + 1)")
                    .text("reason", "memory limit").text("message", "Worker restarted")
            }
        }
    }

    private mutating func task(at time: Int64, fails: Bool) {
        if Plan.down.contains(time) { return }
        let identifier = random.next()
        let taken = duration(around: 2_300)
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", fails ? "ERROR" : "INFO")
                .text("service", "prism-worker").text("logger", "celery")
                .text("event", fails ? "task_failed" : "task_succeeded")
                .text("task", "process_document").hex("task_id", identifier)
                .number("task_ms", taken)
                .text("message", fails ? "ValueError: page 3 has no text" : "Document processed")
        }
    }

    /// What the health endpoint says about each part, once a minute, and whether it answers at all.
    fileprivate mutating func tellComponents() {
        ticked(every: minute, from: 5 * second, to: Plan.end) { story, time, _ in
            let isDown = Plan.down.contains(time)
            story.probe(
                "https://prism.example/health", service: "prism-api", at: time,
                status: isDown ? nil : 200,
                milliseconds: isDown ? 5_000 : story.duration(around: 35))
        }
        ticked(every: minute, from: 7 * second, to: Plan.busyEnd) { story, time, _ in
            let isDown = Plan.down.contains(time)
            for (offset, component) in ["database", "redis", "workers"].enumerated() {
                story.tell(at: time + Int64(offset)) { moment, line in
                    line.time("timestamp", moment).text("level", isDown ? "ERROR" : "INFO")
                        .text("service", "prism-health").text("event", "component_check")
                        .text("component", component).flag("ok", !isDown)
                        .text("message", "\(component) is \(isDown ? "unreachable" : "healthy")")
                }
            }
        }
    }

    fileprivate mutating func tellMachine() {
        ticked(every: minute, from: 15 * second, to: Plan.end) { story, time, _ in
            let processor =
                Plan.fullProcessor.contains(time)
                ? 962...989 : Plan.highProcessor.contains(time) ? 871...934 : 220...510
            let memory =
                Plan.veryHighMemory.contains(time)
                ? 912...948 : Plan.highMemory.contains(time) ? 821...874 : 520...640
            story.host(
                "prism-1", at: time, cpuTenths: story.random.within(processor),
                memoryTenths: story.random.within(memory))
            let full =
                Plan.veryFullDisk.contains(time) ? 923 : Plan.fullDisk.contains(time) ? 842 : 711
            story.disk("prism-1", mount: "/var/lib/docker", at: time + second, tenths: full)
        }
    }

    fileprivate mutating func tellStrangers() {
        ticked(every: 20 * second, from: 50 * minute, to: 52 * minute) { story, time, _ in
            story.refusal("login_failed", "198.51.100.77", at: time, "Wrong password")
        }
        ticked(every: 15 * second, from: 56 * minute, to: 58 * minute) { story, time, _ in
            story.refusal("unauthorized", "198.51.100.78", at: time, "Token lacks scope admin")
        }
    }

    private mutating func refusal(
        _ event: String, _ client: String, at time: Int64, _ message: String
    ) {
        let user = user()
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", "WARNING").text("service", "prism-api")
                .text("logger", "security").text("event", event).text("client_ip", client)
                .text("user_id", user).text("message", message)
        }
    }
}
