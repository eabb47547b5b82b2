extension SystemSample {
    /// A Lo Cubano Boulder Fest: the afternoon on which the passes go on sale.
    static let boulderFest = SystemSample(
        name: "boulder-fest", start: Instant(millisecondsSince1970: 1_715_961_600_000),
        tell: { story in
            story.tellShopRequests()
            story.tellPayments()
            story.tellShopReadings()
            story.tellShopDatabase()
            story.tellShopPeople()
        })
}

/// When things happen, from 16:00 UTC on.
private enum Plan {
    static let end = 165 * minute
    static let busyEnd = 78 * minute
    static let highMemory = 5 * minute..<150 * minute
    static let declined = 12 * minute..<20 * minute
    static let databaseDown = 25 * minute..<27 * minute
    static let failing = 25 * minute..<62 * minute
    static let slow = 40 * minute..<54 * minute
    /// A deployment inside a maintenance window, during which payments fail as expected.
    static let deployment = 67 * minute..<70 * minute
}

private let pages: [(path: String, median: Int)] = [
    ("/api/tickets", 120), ("/api/tickets/validate", 60), ("/api/gallery", 210),
    ("/api/newsletter/subscribe", 180),
]

extension Story {
    fileprivate mutating func tellShopRequests() {
        repeated(every: 8 * second, from: 0, to: Plan.busyEnd) { story, time, number in
            story.page(pages[number % pages.count], at: time, number: number)
        }
        repeated(every: minute, from: Plan.busyEnd, to: Plan.end) { story, time, number in
            story.page(pages[number % pages.count], at: time, number: number)
        }
    }

    private mutating func page(_ page: (path: String, median: Int), at time: Int64, number: Int) {
        // One call of eight fails while the database is out of order and after.
        let fails = Plan.failing.contains(time) && number % 8 == 3
        let isSlow = Plan.slow.contains(time)
        let status = fails ? 500 : page.path == "/api/newsletter/subscribe" ? 201 : 200
        let taken = duration(around: isSlow ? page.median * 20 : page.median)
        let database = duration(around: isSlow ? 1_700 : 45)
        let request = random.next()
        let client = "203.0.113.\(random.within(10...250))"
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", fails ? "ERROR" : "INFO")
                .text("service", "boulder-fest").hex("request_id", request)
                .text("method", status == 201 ? "POST" : "GET").text("endpoint", page.path)
                .number("status_code", status).number("duration_ms", taken)
                .number("db_ms", database).text("client_ip", client)
                .text("message", fails ? "Query failed" : "Request completed")
        }
    }

    fileprivate mutating func tellPayments() {
        repeated(every: 10 * second, from: 3 * second, to: Plan.busyEnd) { story, time, number in
            let fails =
                Plan.declined.contains(time) && number % 12 == 5
                || Plan.deployment.contains(time) && number % 3 == 0
            story.payment(at: time, fails: fails)
        }
        repeated(every: 3 * minute, from: Plan.busyEnd, to: Plan.end) { story, time, _ in
            story.payment(at: time, fails: false)
        }
    }

    private mutating func payment(at time: Int64, fails: Bool) {
        let order = random.within(10_000...99_999)
        let cents = choice([4_500, 12_500, 18_000])
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", fails ? "ERROR" : "INFO")
                .text("service", "boulder-fest").text("category", "business")
                .text("event", fails ? "payment_failed" : "payment_succeeded")
                .text("provider", "stripe").text("order_id", "order_\(order)")
                .number("amount_cents", cents).text("currency", "usd")
                .text("message", fails ? "Stripe refused the charge" : "Pass paid")
        }
    }

    fileprivate mutating func tellShopReadings() {
        ticked(every: minute, from: 12 * second, to: Plan.end) { story, time, _ in
            let isHigh = Plan.highMemory.contains(time)
            story.host(
                "fest-1", at: time, cpuTenths: story.random.within(150...400),
                memoryTenths: isHigh
                    ? story.random.within(815...866) : story.random.within(540...620))
            let isDown = Plan.databaseDown.contains(time)
            story.probe(
                "https://boulderfest.example/api/health/check", service: "boulder-fest",
                at: time + 5 * second, status: isDown ? 503 : 200,
                milliseconds: story.duration(around: 230))
        }
    }

    fileprivate mutating func tellShopDatabase() {
        repeated(
            every: 20 * second, from: Plan.databaseDown.lowerBound,
            to: Plan.databaseDown.upperBound
        ) { story, time, _ in
            story.database("database_connection_failed", "ERROR", at: time, "connect ECONNREFUSED")
        }
        let opened = Plan.databaseDown.lowerBound + 45 * second
        database("circuit_breaker_opened", "ERROR", at: opened, "Circuit breaker opened")
        let closed = Plan.databaseDown.upperBound + 5 * second
        database("circuit_breaker_closed", "INFO", at: closed, "Circuit breaker closed")
    }

    private mutating func database(
        _ event: String, _ level: String, at time: Int64, _ message: String
    ) {
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", level).text("service", "boulder-fest")
                .text("event", event).text("dependency", "database").text("message", message)
        }
    }

    /// Lines with what must not be kept: made-up addresses of people, a card number of those that are reserved for tests, a
    /// token.
    fileprivate mutating func tellShopPeople() {
        let secrets = [
            "Confirmation sent to ana.perez@example.com",
            "Card 4242 4242 4242 4242 was declined",
            "Upstream refused: Authorization: Bearer c2FtcGxlLXRva2VuLW5vdC1yZWFs",
        ]
        for (number, message) in secrets.enumerated() {
            tell(at: Int64(number + 1) * 2 * minute + 511) { moment, line in
                line.time("timestamp", moment).text("level", "INFO")
                    .text("service", "boulder-fest").text("client_ip", "198.51.100.23")
                    .text("message", message)
            }
        }
        for (offset, action) in [(9 * minute, "threshold_changed"), (64 * minute, "deployed")] {
            tell(at: offset) { moment, line in
                line.time("timestamp", moment).text("level", "INFO")
                    .text("service", "boulder-fest").text("logger", "audit")
                    .text("actor", "admin").text("action", action)
                    .text("message", "admin: \(action)")
            }
        }
        tell(at: 63 * minute) { moment, line in
            line.time("timestamp", moment).text("level", "INFO").text("service", "boulder-fest")
                .text("event", "incident_closed").text("incident", "2024-05-17-database")
                .text("message", "Incident closed: the database ran out of file descriptors")
        }
    }
}
