import Foundation
import TestSupport
import Testing

/// A Prometheus of a test's own, which scrapes one page every second.
final class RealPrometheus {
    /// The series that a query answers: labels, and samples with their times.
    struct Series: Decodable {
        let metric: [String: String]
        private let value: Sample?
        private let values: [Sample]?

        var samples: [Sample] { (value.map { [$0] } ?? []) + (values ?? []) }

        /// The last value, NaN where there is none.
        var number: Double { samples.last?.number ?? .nan }

        /// The values of labels, in the order of their names.
        func labels(_ names: [String]) -> [String] { names.map { metric[$0] ?? "" } }
    }

    struct Sample: Decodable {
        let time: Double
        let number: Double

        init(from decoder: any Decoder) throws {
            var parts = try decoder.unkeyedContainer()
            time = try parts.decode(Double.self)
            number = Double(try parts.decode(String.self)) ?? .nan
        }
    }

    /// The exemplars of one series.
    struct Exemplars: Decodable {
        struct One: Decodable {
            let labels: [String: String]
            let value: String
            let timestamp: Double
        }

        let seriesLabels: [String: String]
        let exemplars: [One]
    }

    private struct Answer<Result: Decodable>: Decodable {
        let status: String
        let data: Result
    }

    private struct Vector: Decodable {
        let result: [Series]
    }

    private let running: WeirProcess.Running
    private let scratch: Scratch
    private var address = ""

    static let isThere = MonitoringTools.prometheus != nil && ClientProgram.all("curl")

    /// Starts one whose jobs scrape these paths of `target`, and waits until it answers.
    init(
        _ target: String, jobs: [(name: String, path: String, parameters: String)],
        in scratch: Scratch
    )
        throws
    {
        self.scratch = scratch
        var text = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
        for job in jobs {
            text += """
                  - job_name: \(job.name)
                    static_configs: [{targets: ['\(target)']}]
                    metrics_path: \(job.path)
                    params: \(job.parameters)

                """
        }
        let server: String = try #require(MonitoringTools.prometheus)
        running = try WeirProcess.Running(
            [
                "--config.file=" + (try scratch.write("prometheus.yml", text)),
                "--storage.tsdb.path=" + scratch.fresh("tsdb").path,
                "--web.listen-address=127.0.0.1:0", "--enable-feature=exemplar-storage",
            ], in: scratch, executable: server)
        try running.waitUntil("Prometheus serves") {
            let said = running.errors
            guard said.contains("Server is ready to receive web requests"),
                let match = said.firstMatch(of: /"Listening on" address=([0-9.:]+)/)
            else { return false }
            address = String(match.1)
            return true
        }
    }

    /// Ends it. What it kept is removed with the scratch folder.
    func stop() {
        running.process.terminate()
        running.process.waitUntilExit()
    }

    private func ask<Result: Decodable>(
        _ path: String, _ parameters: [String], as type: Result.Type
    ) throws -> Result {
        let curl = try WeirProcess.Running(
            ["-sS", "-G", "http://\(address)/api/v1/\(path)"]
                + parameters.flatMap { ["--data-urlencode", $0] },
            in: scratch, executable: ClientProgram.path("curl"))
        let result = try curl.wait()
        do {
            return try JSONDecoder().decode(Answer<Result>.self, from: result.output).data
        } catch {
            Issue.record("\(parameters): \(result.text) \(result.errors)")
            throw error
        }
    }

    /// The answer to an instant query, at the present time or at another.
    func query(_ query: String, at time: Double? = nil) throws -> [Series] {
        let time = time.map { ["time=\($0)"] } ?? []
        return try ask("query", ["query=" + query] + time, as: Vector.self).result
    }

    /// All exemplars of the last hour.
    func exemplars(_ query: String) throws -> [Exemplars] {
        let now = Date().timeIntervalSince1970
        return try ask(
            "query_exemplars", ["query=" + query, "start=\(now - 3_600)", "end=\(now + 60)"],
            as: [Exemplars].self)
    }

    /// Asks until an answer is as it should be; the limit only ends a test that has failed.
    func waitUntil(_ what: String, _ condition: () throws -> Bool) throws {
        try running.waitUntil(what, condition)
    }
}
