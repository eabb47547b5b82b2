internal import AsyncHTTPClient
internal import LogMetrics
internal import LogSystem
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Asks an address from time to time whether it is well, and writes a line for each check: rules and reports are made from them.
public struct ProbeSource: LineSource {
    /// `probe`.
    public let name = "probe"
    private let plan: ProbePlan
    private let timetable = Timetable()

    /// A probe by `plan`.
    public init(_ plan: ProbePlan) { self.plan = plan }

    /// `--probe 'https://example.org/health every 60s timeout 5s expect 200'`.
    static let kind = LineSourceKind(
        option: "probe", help: "A check of an address from time to time, a line for each."
    ) { ProbeSource(try ProbePlan($0)) }

    /// Checks until `stop`; the first time at once.
    public func run(in context: SourceContext) throws {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .nanoseconds(plan.timeout)
        // Each check begins from nothing, as a new visitor does.
        configuration.connectionPool.idleTimeout = .nanoseconds(1)
        let client = HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        defer { try? client.syncShutdown() }
        var due = context.clock.monotonic()
        while timetable.wait(until: due, context.clock) {
            let time = context.clock.now()
            let result = check(client, context.clock)
            context.counters.add(.probes, label: result.error == nil ? "ok" : "failed")
            let line = result.line(plan, time: time)
            guard
                HostMetricsSource.send([line], as: name, className: nil, to: context.outlet)
            else { return }
            due = max(due + plan.interval, context.clock.monotonic())
        }
    }

    /// Ends `run` after the check that is under way.
    public func stop() { timetable.stop() }

    private func check(_ client: HTTPClient, _ clock: any WallClock) -> ProbeResult {
        let start = clock.monotonic()
        var result = ProbeResult(duration: 0)
        do {
            let request = try HTTPClient.Request(
                url: plan.url, headers: ["user-agent": "weir-probe", "connection": "close"])
            let answer = client.execute(
                request: request, delegate: StatusOnly(),
                deadline: .now() + .nanoseconds(plan.timeout))
            let status = try answer.wait()
            result.status = status
            if !plan.expected.contains(status) {
                result.error = "expected \(Self.text(plan.expected)), got \(status)"
            }
        } catch {
            result.error = Self.text(error, plan)
        }
        result.duration = clock.monotonic() - start
        return result
    }

    private static func text(_ statuses: ClosedRange<Int>) -> String {
        statuses.count == 1
            ? "\(statuses.lowerBound)" : "\(statuses.lowerBound) to \(statuses.upperBound)"
    }

    /// What went wrong, in words.
    private static func text(_ error: any Error, _ plan: ProbePlan) -> String {
        if let error = error as? HTTPClientError {
            let late: [HTTPClientError] = [
                .deadlineExceeded, .connectTimeout, .readTimeout, .tlsHandshakeTimeout,
            ]
            if late.contains(error) { return "no answer within \(Double(plan.timeout) / 1e9) s" }
        }
        if let error = error as? NIOConnectionError, let first = error.connectionErrors.first {
            return "\(first.error)"
        }
        return "\(error)"
    }

    /// Takes the head of an answer and lets the rest go by.
    private final class StatusOnly: HTTPClientResponseDelegate, @unchecked Sendable {
        private var status = 0

        func didReceiveHead(
            task: HTTPClient.Task<Int>, _ head: HTTPResponseHead
        ) -> EventLoopFuture<Void> {
            status = Int(head.status.code)
            return task.eventLoop.makeSucceededVoidFuture()
        }

        func didFinishRequest(task: HTTPClient.Task<Int>) throws -> Int { status }
    }
}
