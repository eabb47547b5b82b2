/// Lines of level DEBUG: no endpoint, no status, and fields of their own.
struct DebugLines {
    private let statements: [MessageTemplate] = [
        "SELECT * FROM workflows WHERE id = {id}",
        #"SELECT "id", "name" FROM "users" WHERE "email" = $1 LIMIT {few}"#,
        "UPDATE jobs SET state = 'claimed' WHERE id = '{uuid}'",
        "INSERT INTO events (kind, payload) VALUES ($1, $2), ($3, $4)",
        "SELECT count(*) FROM documents WHERE owner = '{user}'",
    ]
    private let keys: [MessageTemplate] = [
        "{user}:profile", "workflow:{id}:definition", "session:{hex}", "search:{hex}:page:{few}",
    ]
    private let remarks: [MessageTemplate] = [
        "Entering step {few} of workflow {id}",
        "Parsed configuration in {decimal} ms",
        "Retrying in {ms} ms, attempt {few}",
        "Acquired lock workflow:{id} after {ms} µs",
        "Feature flag \"new-editor\" is on for {user}",
        "Connection {hex} to {host} returned to the pool",
        "Template rendered for {name} ({count} bytes)",
        "Waiting for {ip}:{port}, timeout in {ms} ms",
    ]
    private let queues: [StaticString] = ["emails", "webhooks", "exports", "thumbnails"]

    /// Appends a line up to the end of its message.
    func append(
        at time: Instant, trace: TraceID, to buffer: inout LineBuffer,
        using random: inout RandomSource
    ) {
        let services = Service.allCases
        buffer.appendHead(
            time, level: "DEBUG", service: services[random.below(services.count)])
        trace.append(to: &buffer)
        switch random.below(10) {
        case 0...2: appendCache(to: &buffer, using: &random)
        case 3...5: appendStatement(to: &buffer, using: &random)
        case 6: appendQueue(to: &buffer, using: &random)
        default:
            buffer.append(",\"message\":\"")
            remarks[random.below(remarks.count)].append(to: &buffer, using: &random)
        }
    }

    private func appendCache(to buffer: inout LineBuffer, using random: inout RandomSource) {
        let isHit = random.happens(per10000: 8200)
        buffer.append(",\"logger\":\"cache\",\"cache_key\":\"")
        keys[random.below(keys.count)].append(to: &buffer, using: &random)
        buffer.append(isHit ? "\",\"hit\":true" : "\",\"hit\":false")
        buffer.append(",\"ttl_seconds\":")
        buffer.append(number: random.within(1...3600))
        buffer.append(",\"message\":\"")
        buffer.append(isHit ? "cache hit" : "cache miss")
    }

    private func appendStatement(to buffer: inout LineBuffer, using random: inout RandomSource) {
        buffer.append(",\"logger\":\"sql\",\"rows\":")
        buffer.append(number: random.skewed(below: 500))
        buffer.append(",\"elapsed_ms\":")
        buffer.append(hundredths: random.skewed(below: 5000) + 8, decimals: 2)
        buffer.append(",\"message\":\"")
        statements[random.below(statements.count)].append(to: &buffer, using: &random)
    }

    private func appendQueue(to buffer: inout LineBuffer, using random: inout RandomSource) {
        let depth = random.skewed(below: 400)
        buffer.append(",\"queue\":{\"name\":\"")
        buffer.append(queues[random.below(queues.count)])
        buffer.append("\",\"depth\":")
        buffer.append(number: depth)
        buffer.append(",\"workers\":[")
        buffer.append(number: random.within(1...4))
        buffer.append(UInt8(ascii: ","))
        buffer.append(number: random.within(5...8))
        buffer.append("]},\"message\":\"queue depth is ")
        buffer.append(number: depth)
    }
}
