internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import LogBytes
internal import LogMetrics
internal import LogSegments
internal import LogSources
internal import LogSystem
internal import NIOCore
internal import Synchronization

/// Serves one request after the other: route, key, limits, endpoint, answer.
final class RequestHandler: Sendable {
    private let context: SourceContext
    private let source: String
    private let options: HTTPOptions
    private let gate: AccessGate
    private let keys: IdempotencyTable
    private let metrics: MetricsPage?
    private let serving = Mutex(0)

    init(
        _ context: SourceContext, source: String, options: HTTPOptions, gate: AccessGate,
        metrics: MetricsPage?
    ) {
        self.context = context
        self.source = source
        self.options = options
        self.gate = gate
        self.metrics = metrics
        keys = IdempotencyTable(context.positions)
    }

    /// Serves a request and writes its answer.
    func respond(
        _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
    ) async throws {
        var dialect = Route.Dialect.text
        var isInsert = false
        var answer: HTTPAnswer
        do throws(HTTPFailure) {
            let route = try Route.find(request.method, request.uri.path)
            dialect = route.dialect
            isInsert = route.isInsert
            let caller = try admit(request, route, channel)
            if isInsert {
                try enter()
                defer { leave() }
                if request.headers[.expect]?.lowercased() == "100-continue" {
                    // Where this fails, so does the answer.
                    try? await writer.writeInformationalHead(HTTPResponse(status: .continue))
                }
                answer = try await insert(route, request, caller, channel)
            } else {
                answer = try await self.answer(route, request, channel)
            }
        } catch {
            answer = FailureAnswer.make(error, dialect, request)
        }
        if dialect == .elastic {
            answer.headers.append(("X-Elastic-Product", "Elasticsearch"))
        }
        if isInsert { context.counters.add(.requests, label: String(answer.status)) }
        var response = answer.response
        if request.method == .head { response = response.createHeadResponse() }
        try await writer.write(response: response.head, body: response.body)
    }

    private func admit(
        _ request: Request, _ route: Route, _ channel: any Channel
    ) throws(HTTPFailure) -> Caller {
        let address = channel.remoteAddress?.ipAddress ?? "unknown"
        if route.isOpen { return Caller(keyID: nil, writer: address) }
        let scope: AccessScope = route == .metrics ? .query : .ingest
        return try gate.admit(request.headers, from: address, scope: scope)
    }

    private func enter() throws(HTTPFailure) {
        let isIn = serving.withLock { count in
            guard count < options.requestsMax else { return false }
            count += 1
            return true
        }
        guard isIn else {
            throw .busy("\(options.requestsMax) requests are being served; send this again later")
        }
    }

    private func leave() { serving.withLock { $0 -= 1 } }

    // MARK: Lines

    private func insert(
        _ route: Route, _ request: Request, _ caller: Caller, _ channel: any Channel
    ) async throws(HTTPFailure) -> HTTPAnswer {
        if let reason = context.outlet.stallReason { throw .stalled(reason) }
        let parameters = try FieldParameters(
            query: { request.uri.queryParameters[$0[...]].map(String.init) },
            header: { name in HTTPField.Name(name).flatMap { request.headers[$0] } })
        let entry = try begin(request, route, caller)
        defer { if let entry { keys.end(entry) } }
        let sink = LineSink(
            context, source: source, options: options, loop: channel.eventLoop, entry: entry
        ) { self.gate.spend($0, caller) }
        if route == .jsonLines, entry?.state.withLock({ $0.isDone }) == true {
            try await sink.finish()
            return HTTPAnswer(200)
        }
        let bytesMax = route.isStreamed ? options.streamedBytesMax : options.gatheredBytesMax
        let body = try BodyReader(request, bytesMax: bytesMax)
        switch route {
        case .jsonLines: return try await JSONLinesEndpoint.insert(body, sink, parameters)
        case .bulk:
            let clock = context.clock
            return try await BulkEndpoint.insert(body, sink, parameters) {
                clock.monotonic() / 1_000_000
            }
        case .journal: return try await JournalEndpoint.insert(body, sink, parameters)
        case .loki:
            return try await LokiEndpoint.insert(
                body, sink, parameters, try await format(request, body))
        default:
            return try await OpenTelemetryEndpoint.insert(
                body, sink, parameters, try await format(request, body))
        }
    }

    /// Whether a body is JSON or protobuf: what its type says or, where that says neither, its first byte.
    private func format(
        _ request: Request, _ body: BodyReader
    ) async throws(HTTPFailure) -> BodyFormat {
        try await body.readAll()
        let type = request.headers[.contentType]?.lowercased() ?? ""
        if type.contains("json") { return .json }
        if type.contains("protobuf") { return .protobuf }
        if body.view.firstByteOfJSON == ASCII.openBrace { return .json }
        throw HTTPFailure(
            415,
            "Content-Type `\(type)` is not known here; send application/json or "
                + "application/x-protobuf")
    }

    /// Looks up the request's `Idempotency-Key`, if it has one.
    private func begin(
        _ request: Request, _ route: Route, _ caller: Caller
    ) throws(HTTPFailure) -> IdempotencyTable.Entry? {
        guard let name = HTTPField.Name("Idempotency-Key"), let key = request.headers[name] else {
            return nil
        }
        guard (1...IdempotencyTable.keyBytesMax).contains(key.utf8.count) else {
            throw HTTPFailure(
                400, "an Idempotency-Key has 1 to \(IdempotencyTable.keyBytesMax) bytes")
        }
        let scope = "\(caller.keyID ?? "")\n\(route)"
        guard let entry = keys.begin(IdempotencyTable.positionKey(scope: scope, key: key)) else {
            throw HTTPFailure(
                409, "a request with this Idempotency-Key is being served; ask again",
                retryAfter: HTTPFailure.busySeconds)
        }
        return entry
    }

    // MARK: Questions

    private func answer(
        _ route: Route, _ request: Request, _ channel: any Channel
    ) async throws(HTTPFailure) -> HTTPAnswer {
        switch route {
        case .ready: return HTTPAnswer(200, "{\"status\":\"ok\"}", contentType: HTTPAnswer.json)
        case .health:
            if let reason = context.outlet.stallReason { throw .stalled(reason) }
            return HTTPAnswer(200, "OK", contentType: HTTPAnswer.text)
        case .metrics: return try await metricsAnswer(channel)
        case .elasticInfo: return HTTPAnswer(200, ElasticAnswers.info, contentType: HTTPAnswer.json)
        case .elasticLicense:
            return HTTPAnswer(200, ElasticAnswers.license, contentType: HTTPAnswer.json)
        default: return HTTPAnswer(200, "{}", contentType: HTTPAnswer.json)
        }
    }

    private func metricsAnswer(_ channel: any Channel) async throws(HTTPFailure) -> HTTPAnswer {
        guard let metrics else { throw HTTPFailure(404, "this listener has no metrics") }
        // The ingester looks twice a second whether somebody asks; a disk that hangs holds it up.
        for _ in 0..<100 {
            if let text = metrics.fresh() {
                return HTTPAnswer(200, text, contentType: PrometheusText.contentType)
            }
            _ = await Signal().wait(for: .milliseconds(50), on: channel.eventLoop)
        }
        throw .busy("the metrics are not there yet; ask again")
    }
}
