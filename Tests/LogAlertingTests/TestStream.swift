import LogAlerting
import LogBytes
import LogRecords
import TestSupport
import Testing

/// Lines and what rules make of them. Seconds count from 2026-01-05T10:00:00Z.
enum TestStream {
    static let start: Int64 = 1_767_607_200_000_000_000
    /// Far enough ahead that no line counts as skewed.
    static let arrival = start + 100_000 * Timestamp.second

    static func time(_ seconds: Double) -> Int64 { start + Int64(seconds * 1e9) }

    static func seconds(_ time: Int64) -> Double { Double(time - start) / 1e9 }

    /// A line at `seconds`; nil for a line without a time.
    static func line(_ seconds: Double?, _ members: String) -> String {
        guard let seconds else { return "{\(members)}" }
        return "{\"timestamp\":\"\(Timestamp.text(time(seconds), digits: 9))\",\(members)}"
    }

    /// A login that failed.
    static func login(_ seconds: Double?, _ address: String = "203.0.113.9") -> String {
        line(seconds, #""event":"login_failed","client_ip":"\#(address)""#)
    }

    static func request(
        _ seconds: Double?, _ status: Int = 200, _ duration: Double = 20, service: String = "api",
        endpoint: String = "/orders"
    ) -> String {
        line(
            seconds,
            #""level":"INFO","service":"\#(service)","endpoint":"\#(endpoint)","#
                + #""status_code":\#(status),"duration_ms":\#(duration)"#)
    }

    static func rule(
        _ condition: String, name: String = "r", pending: String = "0s",
        labels: String = "{severity: critical}"
    ) throws -> AlertRule {
        let text = """
            groups:
              - name: g
                rules:
                  - alert: \(name)
                    condition: '\(condition)'
                    for: \(pending)
                    labels: \(labels)
            """
        return try #require(
            AlertConfiguration.parse(text, file: "t.yaml", channelKinds: ["stdout"]).rules.first)
    }

    /// What `rules` make of `lines` in batches of `size`.
    static func run(
        _ rules: [AlertRule], _ lines: [String], size: Int = 1_000, finish: Bool = true
    ) -> [AlertTransition] {
        run(RuleEngine(rules: rules), lines, size: size, finish: finish)
    }

    static func run(
        _ engine: RuleEngine, _ lines: [String], size: Int = 1_000, finish: Bool = true
    ) -> [AlertTransition] {
        let batch = RecordBatch()
        var result: [AlertTransition] = []
        var index = 0
        while index < lines.count {
            let text = lines[index..<min(index + size, lines.count)].joined(separator: "\n")
            let chunk = ByteChunk(holding: text)
            batch.reset(origin: UnsafePointer(chunk.base), arrivalTime: arrival)
            batch.appendLines(chunk.view, readable: chunk.readableEnd)
            result += engine.observe(batch)
            index += size
        }
        return finish ? result + engine.finish() : result
    }

    /// Whether `value` stands in the relation that is written `comparison` to `threshold`.
    static func holds(_ value: Double, _ comparison: String, _ threshold: Double) -> Bool {
        switch comparison {
        case ">": value > threshold
        case ">=": value >= threshold
        case "<": value < threshold
        case "==": value == threshold
        default: value <= threshold
        }
    }

    /// `firing 12.5 api`: state, second, group.
    static func shown(_ transitions: [AlertTransition]) -> [String] {
        transitions.map { transition in
            let group = transition.groupBy.map { transition.labels[$0] ?? "" }
            return ([transition.state.rawValue, "\(seconds(transition.eventTime))"] + group)
                .joined(separator: " ")
        }
    }
}
