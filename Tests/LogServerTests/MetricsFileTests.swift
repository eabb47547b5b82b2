import Foundation
import Glibc
import LogAlerting
import LogMetrics
import LogPipeline
import LogSegments
import LogServer
import LogSources
import LogSystem
import TestSupport
import Testing

@Suite struct MetricsFileTests {
    private let directory: TemporaryDirectory
    private let disk = DiskFileSystem()

    init() throws { directory = try TemporaryDirectory() }

    /// An ingester that has stored `lines`.
    private func ingester(_ lines: [String], name: String = "a") throws -> Ingester {
        let alerting = try AlertConfiguration.parse(
            "groups: []\n", file: "alerts.yaml", channelKinds: ["stdout"])
        let options = IngestOptions(
            directory: directory.file("data-" + name),
            policy: try RetentionPolicy(text: "production 30 days *\n", file: "retention.conf"),
            alerting: alerting)
        let services = ChannelServices { _ in }
        let ingester = try Ingester(options: options, services: services) { message in
            Issue.record("\(message)")
        }
        let input = directory.file("input-" + name)
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: input))
        _ = try ingester.run([try FileSource(path: input)])
        return ingester
    }

    private struct Line: Encodable {
        let level = "INFO"
        let service: String
        let endpoint: String
        let statusCode: Int
        let durationMs: Double
    }

    private func request(
        _ service: String, _ endpoint: String, status: Int = 200, milliseconds: Double = 20
    ) throws -> String {
        let line = Line(
            service: service, endpoint: endpoint, statusCode: status, durationMs: milliseconds)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(line), as: UTF8.self)
    }

    private func content(_ path: String) throws -> String {
        String(decoding: try disk.readAll(path), as: UTF8.self)
    }

    /// Names that a log may bring and that must not break a line or a label.
    private let strangeNames = [
        "", "plain", "quo\"te", "back\\slash", "\\n", "new\nline", "tab\tcr\r", "nul\u{0}byte",
        "grüße 😀", "}", "{a=\"b\"} 1", "# HELP x y", "other", " ", "\u{2028}", "\u{7f}\u{1b}[31m",
    ]

    // MARK: What is in it

    @Test func theNumbersAreThoseOfTheStream() throws {
        var lines = try (1...40).map { number in
            try request(
                "shop", "/pay", status: number <= 3 ? 503 : 200, milliseconds: Double(number) * 50)
        }
        lines.append(try request("shop", "/orders/17", status: 404, milliseconds: 7))
        lines += ["no json", #"{"level":"DEBUG","message":"x"}"#]
        let path = directory.file("weir.prom")
        try MetricsFile(path: path).write(try ingester(lines))
        let text = try Exposition(try content(path))
        // Series are parted further, as by level: those that have the labels count together.
        func check(
            _ name: String, _ labels: [String: String], _ want: Double, of family: String? = nil
        ) {
            let samples = (text[family ?? name]?.samples ?? []).filter { sample in
                (family == nil || sample.name == name)
                    && labels.allSatisfy { sample.labels[$0.key] == $0.value }
            }
            let sum = samples.reduce(0) { $0 + $1.value }
            #expect(abs(sum - want) < 1e-6, "\(name) \(labels)")
        }
        check("weir_lines_total", [:], 43)
        check("weir_bytes_total", [:], Double(lines.reduce(0) { $0 + $1.utf8.count }))
        check("weir_records_sealed_total", [:], 43)
        check("log_lines_total", ["level": "debug"], 1)
        check("log_lines_total", ["level": "info"], 41)
        check("http_requests_total", ["status": "2xx"], 37)
        check("http_requests_total", ["status": "4xx"], 1)
        check("http_requests_total", ["status": "5xx"], 3)
        let pay = ["service": "shop", "endpoint": "/pay"]
        check("http_requests_total", pay, 40)
        check("http_errors_total", pay, 3)
        check("http_requests_total", ["service": "shop", "endpoint": "/orders/:id"], 1)
        let durations = "http_request_duration_seconds"
        check(durations + "_count", pay, 40, of: durations)
        // 50 ms to 2 s in steps of 50 ms: 41 s in all.
        check(durations + "_sum", pay, 41, of: durations)
        let refused = text["weir_lines_unparsed_total"]?.samples ?? []
        #expect(refused.reduce(0) { $0 + $1.value } == 1)
        #expect(refused.allSatisfy { $0.labels.keys.sorted() == ["reason"] })
    }

    @Test func everyFamilyIsThereFromTheStart() throws {
        let path = directory.file("weir.prom")
        try MetricsFile(path: path).write(try ingester([]))
        let text = try Exposition(try content(path))
        for counter in IngestCounter.allCases {
            let family = try #require(text[counter.rawValue])
            #expect(family.kind == "counter")
            #expect(family.help == counter.help)
        }
        #expect(text["http_request_duration_seconds"]?.kind == "histogram")
        #expect(text.value("weir_lines_total") == 0)
    }

    @Test func bucketsAreCumulativeUpToTheCount() throws {
        var random = SeededGenerator(seed: 1)
        var lines: [String] = []
        for number in 0..<600 {
            let milliseconds =
                Double(1 << random.below(19)) * Double.random(in: 0.1..<1, using: &random)
            lines.append(
                try request("s\(number % 3)", "/a", milliseconds: milliseconds))
        }
        let text = try Exposition(MetricsFile.text(try ingester(lines)).text)
        let samples = try #require(text["http_request_duration_seconds"]).samples
        for service in ["s0", "s1", "s2"] {
            let own = samples.filter { $0.labels["service"] == service }
            let buckets = own.filter { $0.name.hasSuffix("_bucket") }
            let bounds = buckets.map { $0.labels["le"] ?? "" }
            #expect(bounds.last == "+Inf")
            #expect(
                bounds.dropLast().map { Double($0) } == StreamMetrics.latencyBoundsSeconds)
            let counts = buckets.map(\.value)
            #expect(counts == counts.sorted())
            #expect(Set(counts).count > 5)
            #expect(counts.last == 200)
            #expect(own.first { $0.name.hasSuffix("_count") }?.value == counts.last)
        }
    }

    @Test func namesFromTheStreamComeBackFromTheirLabels() throws {
        var lines: [String] = []
        for name in strangeNames {
            lines.append(try request(name, "/a"))
            lines.append(try request("strange", name))
        }
        let text = try Exposition(MetricsFile.text(try ingester(lines)).text)
        let samples = try #require(text["http_requests_total"]).samples
        let services = Set(samples.compactMap { $0.labels["service"] })
        let endpoints = Set(samples.compactMap { $0.labels["endpoint"] })
        // A zero byte ends the name: it parts the two names in memory.
        for name in strangeNames where !name.contains("\u{0}") {
            #expect(services.contains(name), "\(name.debugDescription)")
        }
        #expect(endpoints.isSuperset(of: ["quo\"te", "back\\slash", "new\nline", "grüße 😀"]))
        #expect(samples.reduce(0) { $0 + $1.value } == Double(lines.count))
    }

    /// Names are cut at a limit of bytes; what is left of different names must not make a series twice.
    @Test func longNamesMakeNoSeriesTwice() throws {
        var lines: [String] = []
        for length in 240...260 {
            for end in ["é", "ж", "日", "😀", "𝔘"] {
                let name = String(repeating: "x", count: length) + end
                lines.append(try request(name, "/a"))
                lines.append(try request("s", "/" + name))
            }
        }
        // Halves of a surrogate pair are no characters, and all read alike.
        lines += ["d800", "d801", "dfff"].map { #"{"service":"\u\#($0)","endpoint":"/a"}"# }
        let text = try Exposition(MetricsFile.text(try ingester(lines)).text)
        let requests = try #require(text["http_requests_total"]).samples
        #expect(requests.reduce(0) { $0 + $1.value } == Double(lines.count))
    }

    @Test(.enabled(if: MonitoringTools.promtool != nil, MonitoringTools.hint))
    func prometheusOwnCheckerAcceptsIt() throws {
        let lines = try strangeNames.map { try request($0, "/a") }
        let path = directory.file("weir.prom")
        try MetricsFile(path: path).write(try ingester(lines))
        let (status, output) = try MonitoringTools.checkMetrics(try content(path))
        #expect(status == 0, "\(output)")
        #expect(try MonitoringTools.checkMetrics("not a metric\n").status != 0)
    }

    // MARK: How it gets there

    @Test func theFileIsReplacedInOneStep() throws {
        let path = directory.file("weir.prom")
        let system = FaultyFileSystem()
        try MetricsFile(path: path, fileSystem: system).write(try ingester([]))
        #expect(
            system.trace.map { $0.replacing(directory.path, with: "*") } == [
                "open */weir.prom.tmp", "truncate */weir.prom.tmp", "write */weir.prom.tmp",
                "fsync */weir.prom.tmp", "rename */weir.prom.tmp", "fsync directory *",
            ])
        #expect(
            try disk.list(directory.path).map(\.name) == ["data-a", "input-a", "weir.prom"])
    }

    @Test func everybodyMayReadIt() throws {
        let path = directory.file("weir.prom")
        try MetricsFile(path: path).write(try ingester([]))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let mode = try #require(attributes[.posixPermissions] as? Int)
        let mask = umask(0o022)
        umask(mask)
        #expect(mode == 0o644 & ~Int(mask))
    }

    /// Whenever a collector looks, it sees one state or the other, never a part.
    @Test func aReaderSeesWholeFilesOnly() throws {
        let path = directory.file("weir.prom")
        let small = try ingester([])
        let large = try ingester(try (0..<50).map { try request("s\($0)", "/a") }, name: "b")
        let whole = Set([small, large].map { MetricsFile.text($0).text })
        #expect(whole.count == 2)
        let file = MetricsFile(path: path)
        try file.write(small)
        let isDone = BoundedQueue<Bool>(capacity: 1)
        let reading = Background { () -> Set<String> in
            var seen: Set<String> = []
            while case .timedOut = isDone.take(until: 0) {
                seen.insert(
                    (try? DiskFileSystem().readAll(path)).map {
                        String(decoding: $0, as: UTF8.self)
                    } ?? "missing")
            }
            return seen
        }
        for _ in 0..<200 {
            try file.write(large)
            try file.write(small)
        }
        #expect(isDone.put(true))
        let seen = try reading.result()
        #expect(seen.isSubset(of: whole))
        #expect(!seen.isEmpty)
    }

    @Test func aFailureLeavesTheLastFileWhole() throws {
        let path = directory.file("weir.prom")
        let before = try ingester([])
        let after = try ingester(["x"], name: "b")
        let old = MetricsFile.text(before).text
        let new = MetricsFile.text(after).text
        let operations = ["open", "truncate", "write", "fsync", "replace", "fsync directory"]
        for (number, operation) in operations.enumerated() {
            try MetricsFile(path: path).write(before)
            let system = FaultyFileSystem(.forGood(ENOSPC), at: number)
            do {
                try MetricsFile(path: path, fileSystem: system).write(after)
                Issue.record("no error at \(operation)")
            } catch {
                #expect("\(error)".hasPrefix("cannot \(operation) \(directory.path)"))
                #expect("\(error)".hasSuffix("; free space on that file system"))
            }
            #expect(try content(path) == (number < 5 ? old : new), "\(operation)")
        }
        // What the failures left is no obstacle.
        try MetricsFile(path: path).write(after)
        #expect(try content(path) == new)
        #expect(try !disk.list(directory.path).contains { $0.name.hasSuffix(".tmp") })
    }

    @Test func anUnwritablePathIsTold() throws {
        let ingester = try ingester([])
        func check(_ path: String, _ want: String) {
            do {
                try MetricsFile(path: path).write(ingester)
                Issue.record("written: \(path)")
            } catch {
                #expect("\(error)".replacing(directory.path, with: "*") == want)
            }
        }
        check(
            directory.file("no/weir.prom"),
            "cannot open */no/weir.prom.tmp: No such file or directory")
        check(
            directory.file("input-a/weir.prom"),
            "cannot open */input-a/weir.prom.tmp: Not a directory")
        check(directory.file("data-a"), "cannot replace */data-a: Is a directory")
        try #require(symlink("/dev/null", directory.file("link.prom.tmp")) == 0)
        check(
            directory.file("link.prom"),
            "cannot open */link.prom.tmp: Too many levels of symbolic links; it is a symbolic link, "
                + "which weir does not follow there")
    }
}
