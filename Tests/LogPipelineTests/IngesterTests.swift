import LogAlerting
import LogBytes
import LogChannels
import LogMetrics
import LogQuery
import LogRecords
import LogSegments
import LogSources
import LogSystem
import TestSupport
import Testing

@testable import LogPipeline

@Suite struct IngesterTests {
    private static let noon: Int64 = 1_737_201_600 * Timestamp.second

    /// An ingester over a directory of its own, and what it told the operator and the alert channel.
    private final class Bench: @unchecked Sendable {
        let directory: TemporaryDirectory
        let messages = Collected()
        let alerts = Collected()
        let ingester: Ingester

        init(
            clock: any WallClock = SystemClock(), alerting: String? = nil,
            retention: String = "debug 7 days level:DEBUG\nproduction 30 days *\n"
        ) throws {
            directory = try TemporaryDirectory()
            let configuration =
                try alerting.map {
                    try AlertConfiguration.parse(
                        $0, file: "alerts.yaml", channels: .all)
                }
                ?? AlertConfiguration.makeDefault(channels: .all)
            let options = IngestOptions(
                directory: directory.path + "/data",
                policy: try RetentionPolicy(text: retention, file: "retention.conf"),
                alerting: configuration)
            let services = ChannelServices { [alerts] line in
                alerts.add(line)
            }
            ingester = try Ingester(options: options, services: services, clock: clock) {
                [messages] in messages.add($0)
            }
        }

        /// The stored lines that `query` finds, in the order of their time.
        func stored(_ query: String = "*") throws -> [String] {
            let found = Collected()
            let sink = try #require(OutputFormat.named("raw")).makeSink(OutputOptions()) {
                found.add($0.text)
            }
            let report = try QueryExecutor.run(
                QueryParser.parse(query, now: IngesterTests.noon),
                store: SegmentStore(directory: directory.path + "/data"), into: sink)
            #expect(report.faults.isEmpty)
            return found.all.joined().split(separator: "\n").map(String.init)
        }
    }

    private static func time(_ seconds: Int) -> String {
        Timestamp.text(noon + Int64(seconds) * Timestamp.second, digits: 3)
    }

    private static func request(_ seconds: Int, _ status: Int, level: String = "INFO") -> String {
        """
        {"timestamp":"\(time(seconds))","level":"\(level)","service":"api",\
        "endpoint":"/orders","duration_ms":5,"status_code":\(status)}
        """
    }

    @Test func everyLineOfEverySourceIsStoredOnce() throws {
        let bench = try Bench()
        let lines = (0..<90).map { Self.request($0, 200, level: $0 % 3 == 0 ? "DEBUG" : "INFO") }
        let sources = (0..<3).map { part in
            ScriptedSource("s\(part)", Array(lines[(part * 30)..<(part * 30 + 30)]))
        }
        for source in sources { source.end() }
        let summary = try bench.ingester.run(sources)
        #expect(summary.lines == 90)
        #expect(summary.bytes == lines.reduce(0) { $0 + $1.utf8.count })
        #expect(try bench.stored() == lines)
        let classes = summary.partitions.map { "\($0.key.className) \($0.lines)" }
        #expect(classes == ["debug 30", "production 60"])
        #expect(summary.endpoints.map(\.requests) == [90])
    }

    @Test func linesThatAreNoObjectsAreStoredAndCountedByReason() throws {
        let bench = try Bench()
        let source = ScriptedSource("s", ["{\"a\":", "plain text", Self.request(0, 200), "[1]"])
        source.end()
        let summary = try bench.ingester.run([source])
        #expect(summary.unparsed.values.reduce(0, +) == 3)
        #expect(summary.unparsed.count > 1)
        #expect(try bench.stored().count == 4)
    }

    @Test func alertsAreToldAndStoredInTheirClass() throws {
        let bench = try Bench()
        let lines = (0..<40).map { Self.request($0, 503) }
        let source = ScriptedSource("s", lines)
        source.end()
        let summary = try bench.ingester.run([source])
        let alerts = summary.transitions.map(\.alert)
        #expect(alerts.contains("server_error_burst"))
        #expect(try bench.stored("_class:alerts alert:server_error_burst").count == 1)
        #expect(bench.alerts.all.contains { $0.contains("server_error_burst") })
        #expect(try bench.stored() == lines)
    }

    @Test func aSourceThatFailsIsReportedAndItsLinesAreKept() throws {
        let bench = try Bench()
        let failing = ScriptedSource(
            "bad", [Self.request(0, 200)], failure: ScriptedFailure(description: "cannot read bad"))
        let sound = ScriptedSource("good", [Self.request(1, 200)])
        failing.end()
        sound.end()
        let summary = try bench.ingester.run([failing, sound])
        #expect(summary.sourceFailed)
        #expect(bench.messages.all.contains { $0.contains("cannot read bad") })
        #expect(try bench.stored().count == 2)
    }

    /// Lines without a time, which come in under a clock that was set back, would look old when it is right again.
    @Test func aClockThatIsSetBackMakesNoLineOld() throws {
        let clock = ManualClock(Self.noon)
        let bench = try Bench(clock: clock)
        clock.leap(-3_650 * Timestamp.day)
        let source = ScriptedSource("s", ["{\"id\":1}", Self.request(0, 200)])
        source.end()
        let summary = try bench.ingester.run([source])
        #expect(summary.skewedLines == 0)
        #expect(try bench.stored("_time:2025-01-18").count == 2)
    }

    @Test func noSourcesAreNoLines() throws {
        let bench = try Bench()
        #expect(try bench.ingester.run([]).lines == 0)
        #expect(try bench.stored().isEmpty)
    }

    @Test func stopEndsSourcesThatWaitAndKeepsWhatTheySaid() throws {
        let bench = try Bench()
        let source = ScriptedSource("s", [Self.request(0, 200)])
        let ended = Collected()
        WorkerThread.start {
            let summary = try? bench.ingester.run([source])
            ended.add("\(summary?.lines ?? -1)")
        }
        bench.ingester.stop()
        #expect(ended.first() == "1")
        #expect(try bench.stored().count == 1)
    }

    private static let burst = """
        groups:
          - name: g
            rules:
              - alert: burst
                condition: count(status_code:503) >= 3 over 1m
                labels: {severity: high}
        route: {receiver: out}
        receivers: [{name: out, stdout_configs: [{}]}]
        """

    @Test func anAlertOfALiveStreamEndsAlthoughNothingMoreIsWritten() throws {
        let bench = try Bench(clock: PassingClock(start: Self.noon), alerting: Self.burst)
        let source = ScriptedSource("s", (0..<5).map { Self.request($0, 503) })
        WorkerThread.start {
            // The input ends only after the alert has: nothing but silence can have ended it.
            bench.alerts.wait(for: 2)
            source.end()
        }
        let summary = try bench.ingester.run([source])
        #expect(summary.transitions.map(\.state) == [.firing, .resolved])
        #expect(try bench.stored("_class:alerts").count == 2)
    }

    @Test func anAlertOfAReplayIsStillFiringAtItsEnd() throws {
        let year = 365 * Timestamp.day
        let bench = try Bench(clock: PassingClock(start: Self.noon + year), alerting: Self.burst)
        let source = ScriptedSource("s", (0..<5).map { Self.request($0, 503) })
        let due = Collected()
        bench.ingester.observe(every: 2 * SilenceClock.grace) { _ in due.add("") }
        WorkerThread.start {
            // Two silences have passed.
            due.wait(for: 2)
            source.end()
        }
        #expect(try bench.ingester.run([source]).transitions.map(\.state) == [.firing])
    }
}

/// What threads said, for one that waits for it.
private final class Collected: @unchecked Sendable {
    private let lock = Lock()
    private var texts: [String] = []

    func add(_ text: String) {
        lock.locked {
            texts.append(text)
            lock.signal()
        }
    }

    var all: [String] { lock.locked { texts } }

    func wait(for count: Int) {
        lock.locked { while texts.count < count { _ = lock.wait() } }
    }

    func first() -> String {
        wait(for: 1)
        return all[0]
    }
}
