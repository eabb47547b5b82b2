import Foundation
import Testing

/// Lines in, measured, alerted on, stored, found again: the main job, by the real binary on the sample logs.
@Suite struct MainJobTests {
    private let names = ["house", "caddy", "nginx", "postgresql"]

    private func ingestedSamples(_ scratch: Scratch) throws -> (Data, WeirProcess.Result) {
        var input = Data()
        for name in names { input += try sampleLog(name) }
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: input)
        #expect(result.status == 0)
        return (input, result)
    }

    @Test func everyByteOfTheSamplesComesBack() throws {
        let scratch = try Scratch()
        let (input, _) = try ingestedSamples(scratch)
        let query = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
        #expect(query.status == 0)
        #expect(sortedLines(query.output) == sortedLines(input))
    }

    @Test func queriesFindWhatALookAtTheLinesFinds() throws {
        let scratch = try Scratch()
        let (input, _) = try ingestedSamples(scratch)
        let objects = try sortedLines(input).map {
            try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any])
        }
        func count(_ query: String) throws -> Int {
            let result = try WeirProcess.run("query", "--data", scratch.data, query, in: scratch)
            #expect(result.status == (result.lines.isEmpty ? 1 : 0))
            return result.lines.count
        }
        func number(_ value: Any?) -> Double { (value as? NSNumber)?.doubleValue ?? -1 }

        let slow = objects.filter {
            $0["level"] as? String == "ERROR"
                && $0["endpoint"] as? String == "/api/v1/payments/charge"
                && number($0["duration_ms"]) > 1_000
        }
        #expect(slow.count > 5)
        #expect(
            try count("level:ERROR endpoint:=\"/api/v1/payments/charge\" duration_ms:>1000")
                == slow.count)

        let words = objects.filter { object in
            let message = object["message"] as? String ?? object["msg"] as? String ?? ""
            return message.split { !($0.isLetter || $0.isNumber || $0 == "_") }.contains("timeout")
        }
        #expect(words.count > 5)
        #expect(try count("timeout") == words.count)

        // Canonical fields of three other loggers: seconds become milliseconds, `request.uri` is the endpoint.
        let nginx = objects.filter { number($0["request_time"]) > 0.1 }
        #expect(nginx.count > 0)
        #expect(try count("request_time:* duration_ms:>100") == nginx.count)
        let caddy = objects.filter {
            ($0["request"] as? [String: Any])?["uri"] as? String == "/api/v1/auth/token"
                || $0["request_uri"] as? String == "/api/v1/auth/token"
                || $0["endpoint"] as? String == "/api/v1/auth/token"
        }
        #expect(try count("endpoint:=\"/api/v1/auth/token\"") == caddy.count)
        let errors = objects.filter {
            ["ERROR", "FATAL"].contains($0["error_severity"] as? String ?? "")
        }
        #expect(errors.count > 10)
        #expect(try count("level:in(ERROR, FATAL) error_severity:*") == errors.count)
        #expect(try count("level:ERROR level:INFO") == 0)
    }

    @Test func statisticsAgreeWithTheLines() throws {
        let scratch = try Scratch()
        let (input, _) = try ingestedSamples(scratch)
        var durations: [Double] = []
        for line in sortedLines(input) {
            let object = try JSONSerialization.jsonObject(with: line) as? [String: Any]
            if object?["endpoint"] as? String == "/api/v1/search",
                let duration = object?["duration_ms"] as? NSNumber
            {
                durations.append(duration.doubleValue)
            }
        }
        let result = try WeirProcess.run(
            "query", "--data", scratch.data, "-o", "json",
            "endpoint:=\"/api/v1/search\" | stats by (endpoint) count() as n, quantile(0.95, duration_ms) as p95",
            in: scratch)
        let row = try #require(
            try JSONSerialization.jsonObject(with: result.output) as? [String: String])
        #expect(row["n"] == "\(durations.count)")
        let p95 = try #require(Double(row["p95"] ?? ""))
        let sorted = durations.sorted()
        let rank = Int((0.95 * Double(sorted.count)).rounded(.down))
        #expect(p95 >= sorted[rank - 1] && p95 <= sorted[rank + 1])
    }

    @Test func theIncidentAndTheAttackRaiseTheirAlerts() throws {
        let scratch = try Scratch()
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: try sampleLog("house"))
        for wanted in [
            "FIRING [critical] high_error_rate", "service=billing-service",
            "FIRING [warning] slow_responses", "endpoint=/api/v1/payments/charge",
            "FIRING [high] server_error_burst", "FIRING [warning] failed_logins",
            "client_ip=203.0.113.7", "RESOLVED [critical] high_error_rate",
        ] {
            #expect(result.text.contains(wanted), "no alert with \(wanted)")
        }
        let stored = try WeirProcess.run(
            "query", "--data", scratch.data, "_class:alerts event:in(alert_firing, alert_resolved)",
            in: scratch)
        #expect(stored.lines.count == result.lines.count)
        #expect(result.errors.contains("read: 3,500 lines"))
        #expect(result.errors.contains("/api/v1/workflows/execute"))
    }

    @Test func statsAndRetentionShowTheClasses() throws {
        let scratch = try Scratch()
        _ = try ingestedSamples(scratch)
        let stats = try WeirProcess.run("stats", "--data", scratch.data, in: scratch)
        #expect(stats.status == 0)
        for name in ["audit", "debug", "production", "security", "alerts"] {
            #expect(stats.lines.contains { $0.hasPrefix(name) }, "no class \(name)")
        }
        #expect(stats.text.contains("0 lines in the journal"))
        let retention = try WeirProcess.run(
            "retention", "--data", scratch.data, "--dry-run", in: scratch)
        #expect(retention.status == 0)
        #expect(retention.lines.contains { $0.hasPrefix("debug") && $0.contains("expired since") })
        let again = try WeirProcess.run("stats", "--data", scratch.data, in: scratch)
        #expect(again.output == stats.output)
    }

    @Test func theGeneratorMakesTheCommittedSample() throws {
        let scratch = try Scratch()
        let result = try WeirProcess.run(in: scratch, tool: "weir-samples")
        #expect(result.output == (try sampleLog("house")))
    }
}
