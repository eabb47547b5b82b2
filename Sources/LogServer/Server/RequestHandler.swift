internal import HTTPTypes
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
    private let uploads: JournalUploads
    private let cors: CrossOrigin
    private let api: APIEndpoint?
    private let refusals: RefusalLog?

    init(
        _ context: SourceContext, source: String, options: HTTPOptions, gate: AccessGate,
        api: APIEndpoint?, refusals: RefusalLog?
    ) {
        self.refusals = refusals
        self.context = context
        self.source = source
        self.options = options
        self.gate = gate
        self.api = api
        cors = CrossOrigin(origins: options.corsOrigins)
        keys = IdempotencyTable(context.positions)
        uploads = JournalUploads(context.positions)
    }

    /// Serves a request, whatever becomes of it.
    func answer(_ exchange: Exchange) async -> HTTPAnswer {
        guard let request = IncomingRequest(exchange) else {
            return refusal(exchange, HTTPFailure(405, "this method is none of HTTP's"))
        }
        var route: Route?
        do throws(HTTPFailure) {
            if let answer = try preflight(request) { return answer }
            let found = try Route.find(request.method, request.uri.path)
            route = found
            if request.method == .post, found.isForPages { try cors.checkSender(request) }
            let caller = try admit(request, found)
            guard found.isInsert else {
                return shared(finished(try await answer(found, request, caller), route), request)
            }
            if exchange.expectsContinue { exchange.connection.sayContinue() }
            return finished(try await insert(found, request, caller), route)
        } catch {
            if let reason = error.refusal { record(error, reason, request) }
            let answer = finished(FailureAnswer.make(error, route?.dialect ?? .text), route)
            return route?.isForPages == true ? shared(answer, request) : answer
        }
    }

    /// Puts on record that a request was not let in. The key that it may bring in its address is not.
    private func record(
        _ failure: HTTPFailure, _ reason: AccessRefusal, _ request: IncomingRequest
    ) {
        let loop = request.loop
        refusals?.note(
            failure, reason, address: request.address, path: String(request.uri.path)
        ) { nanoseconds, body in
            loop.scheduleTask(in: .nanoseconds(nanoseconds)) { body() }
        }
    }

    /// What a browser hears that asks whether it may send what a page wants; nil for all other requests.
    private func preflight(_ request: IncomingRequest) throws(HTTPFailure) -> HTTPAnswer? {
        guard request.method == .options else { return nil }
        let (route, methods) = try Route.known(request.uri.path)
        return route.isForPages ? try cors.preflight(request, methods) : nil
    }

    /// The answer with what lets a page read it, where one may.
    private func shared(_ answer: HTTPAnswer, _ request: IncomingRequest) -> HTTPAnswer {
        var answer = answer
        answer.headers += cors.headers(request)
        return answer
    }

    /// The answer to a request that is not served.
    func refusal(_ exchange: Exchange, _ failure: HTTPFailure) -> HTTPAnswer {
        var route: Route?
        if let request = IncomingRequest(exchange) {
            do throws(HTTPFailure) {
                route = try Route.find(request.method, request.uri.path)
            } catch {
                return finished(FailureAnswer.make(error, .text), nil)
            }
        }
        return finished(FailureAnswer.make(failure, route?.dialect ?? .text), route)
    }

    private func finished(_ answer: HTTPAnswer, _ route: Route?) -> HTTPAnswer {
        var answer = answer
        if route?.dialect == .elastic {
            answer.headers.append(("X-Elastic-Product", "Elasticsearch"))
        }
        if route?.isInsert == true {
            context.counters.add(.requests, label: String(answer.status))
        }
        return answer
    }

    private func admit(_ request: IncomingRequest, _ route: Route) throws(HTTPFailure) -> Caller {
        if case .api(let path) = route {
            if path.isOpen {
                let caller = Caller(keyID: nil, writer: "address \(request.address)")
                try gate.countQuestion(of: caller)
                return caller
            }
            return try gate.admit(
                request.headers, from: request.address, scope: path.scope(request.method),
                offered: path.takesKeyInAddress ? request.parameter("api_key") : nil)
        }
        if route.isOpen { return Caller(keyID: nil, writer: request.address) }
        let scope: AccessScope = route == .metrics ? .query : .ingest
        return try gate.admit(request.headers, from: request.address, scope: scope)
    }

    // MARK: Lines

    private func insert(
        _ route: Route, _ request: IncomingRequest, _ caller: Caller
    ) async throws(HTTPFailure) -> HTTPAnswer {
        if let reason = context.outlet.stallReason { throw .stalled(reason) }
        let parameters = try FieldParameters(
            query: { request.uri.queryParameters[$0[...]].map(String.init) },
            header: { name in HTTPField.Name(name).flatMap { request.headers[$0] } })
        let entry = try begin(request, route, caller)
        defer { if let entry { keys.end(entry) } }
        let sink = LineSink(
            context, source: source, options: options, loop: request.loop, entry: entry
        ) { self.gate.spend($0, caller) }
        let bytesMax = route.isStreamed ? options.streamedBytesMax : options.gatheredBytesMax
        let body = try BodyReader(request, bytesMax: bytesMax)
        if let entry { try await compare(body, entry, sink, route) }
        if route.isStreamed {
            // What is read line by line holds nothing any more when all lines are on their way to the disk.
            sink.whenTaken = {
                body.drop()
                request.exchange.connection.leave(request.exchange)
            }
        }
        switch route {
        case .jsonLines: return try await JSONLinesEndpoint.insert(body, sink, parameters)
        case .bulk:
            let clock = context.clock
            return try await BulkEndpoint.insert(body, sink, parameters) {
                clock.monotonic() / 1_000_000
            }
        case .journal:
            let upload =
                entry == nil ? JournalUpload(uploads, writer: caller.keyID ?? "") : nil
            return try await JournalEndpoint.insert(body, sink, parameters, upload)
        case .loki:
            return try await LokiEndpoint.insert(
                body, sink, parameters, try await format(request, body))
        default:
            return try await OpenTelemetryEndpoint.insert(
                body, sink, parameters, try await format(request, body))
        }
    }

    /// Has the body held against that of an earlier request with its key.
    private func compare(
        _ body: BodyReader, _ entry: IdempotencyTable.Entry, _ sink: LineSink, _ route: Route
    ) async throws(HTTPFailure) {
        let earlier = entry.state.withLock { $0.mark }
        body.compare(with: earlier)
        guard !route.isStreamed else {
            // The journal's measure is entries: all that was read of the body stands for them.
            let isBytes = route != .journal
            sink.mark = { (offset) throws(HTTPFailure) in
                try body.mark(at: isBytes ? offset : body.offset)
            }
            return
        }
        try await body.readAll()
        let all = try body.markOfAll()
        try body.checkSame()
        sink.mark = { _ in all }
    }

    /// Whether a body is JSON or protobuf: what its type says or, where that says neither, its first byte.
    private func format(
        _ request: IncomingRequest, _ body: BodyReader
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
        _ request: IncomingRequest, _ route: Route, _ caller: Caller
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
        _ route: Route, _ request: IncomingRequest, _ caller: Caller
    ) async throws(HTTPFailure) -> HTTPAnswer {
        switch route {
        case .ready: return HTTPAnswer(200, "{\"status\":\"ok\"}", contentType: HTTPAnswer.json)
        case .health:
            if let reason = context.outlet.stallReason { throw .stalled(reason) }
            return HTTPAnswer(200, "OK", contentType: HTTPAnswer.text)
        case .metrics:
            let isOpen = MetricsPages.wantsOpenMetrics(request.header("Accept"))
            let kind = MetricsPages.Kind(format: isOpen ? "openmetrics" : "prometheus")
            return try await served(api).pages.answer(kind, on: request.loop)
        case .api(let path): return try await served(api).answer(path, request, caller)
        case .elasticInfo: return HTTPAnswer(200, ElasticAnswers.info, contentType: HTTPAnswer.json)
        case .elasticLicense:
            return HTTPAnswer(200, ElasticAnswers.license, contentType: HTTPAnswer.json)
        default: return HTTPAnswer(200, "{}", contentType: HTTPAnswer.json)
        }
    }

    private func served(_ api: APIEndpoint?) throws(HTTPFailure) -> APIEndpoint {
        guard let api else { throw HTTPFailure(404, "this listener only takes lines") }
        return api
    }
}
