internal import HTTPTypes
internal import LogBytes
internal import LogSegments
internal import LogSystem
internal import Synchronization

/// Who sends a request.
struct Caller: Sendable {
    /// The key's id; nil without a key.
    let keyID: String?
    /// What its lines are counted under: the key, or the address.
    let writer: String
}

/// Lets requests in: their key, its scope, and the rate of its writer.
final class AccessGate: Sendable {
    private struct State {
        var keys: Result<AccessKeys, AccessError>
        var read: Int64
    }

    private let directory: String
    private let isRequired: Bool
    private let limiter: RateLimiter?
    /// Counts questions instead of lines.
    private let questions: RateLimiter?
    private let clock: any WallClock
    private let state: Mutex<State>

    /// The file of keys is read again when it was read so long ago (nanoseconds): a key that was revoked is good for no
    /// longer.
    static let readInterval: Int64 = 500_000_000

    init(directory: String, options: HTTPOptions, clock: any WallClock) {
        self.directory = directory
        isRequired = options.requiresKey
        limiter = options.linesPerSecond.map(RateLimiter.init)
        questions = options.questionsPerSecond.map(RateLimiter.init)
        self.clock = clock
        state = Mutex(State(keys: Self.read(directory), read: clock.monotonic()))
    }

    private static func read(_ directory: String) -> Result<AccessKeys, AccessError> {
        do throws(AccessError) {
            return .success(try AccessKeys(directory: directory))
        } catch {
            return .failure(error)
        }
    }

    /// Whether requests need a key.
    var needsKey: Bool {
        guard !isRequired, case .success(let keys) = keys() else { return true }
        return keys.isInForce
    }

    private func keys() -> Result<AccessKeys, AccessError> {
        let now = clock.monotonic()
        return state.withLock { state in
            if now - state.read >= Self.readInterval {
                state = State(keys: Self.read(directory), read: now)
            }
            return state.keys
        }
    }

    /// Lets a request from `address` in, or throws why not.
    ///
    /// - Parameter offered: a key that stands elsewhere than in the headers.
    func admit(
        _ fields: HTTPFields, from address: String, scope: AccessScope, offered: String? = nil
    ) throws(HTTPFailure) -> Caller {
        let caller = try identify(fields, address, scope, offered)
        if scope == .ingest, let limiter,
            let seconds = limiter.delay(caller.writer, now: clock.monotonic())
        {
            var failure = HTTPFailure(
                429, "more lines than are allowed from \(caller.writer); send this again later",
                retryAfter: seconds)
            failure.refusal = .lineRate
            throw failure
        }
        if scope != .ingest { try countQuestion(of: caller) }
        return caller
    }

    /// Counts a question of `caller`, or throws that it asks too often.
    func countQuestion(of caller: Caller) throws(HTTPFailure) {
        guard let questions else { return }
        let now = clock.monotonic()
        if let seconds = questions.delay(caller.writer, now: now) {
            var failure = HTTPFailure(
                429, "more questions than are allowed from \(caller.writer); ask again later",
                retryAfter: seconds)
            failure.refusal = .questionRate
            throw failure
        }
        questions.spend(1, caller.writer, now: now)
    }

    /// Counts lines of `caller` against its rate.
    func spend(_ lines: Int, _ caller: Caller) {
        limiter?.spend(lines, caller.writer, now: clock.monotonic())
    }

    private func identify(
        _ fields: HTTPFields, _ address: String, _ scope: AccessScope, _ offered: String?
    ) throws(HTTPFailure) -> Caller {
        let keys: AccessKeys
        switch self.keys() {
        case .success(let all): keys = all
        case .failure(let error): throw HTTPFailure(503, "\(error)", retryAfter: 60)
        }
        guard isRequired || keys.isInForce else {
            return Caller(keyID: nil, writer: "address \(address)")
        }
        guard let secret = Self.secret(fields) ?? offered else {
            var failure = HTTPFailure(
                401,
                "this needs a key: send `Authorization: Bearer KEY`, the key as Basic password, or "
                    + "`X-API-Key: KEY`; `weir keys add` makes one")
            failure.asksForKey = true
            failure.refusal = .noKey
            throw failure
        }
        guard let key = keys.key(for: secret) else {
            var failure = HTTPFailure(401, "this key is not known here, or was revoked")
            failure.asksForKey = true
            failure.refusal = .unknownKey
            throw failure
        }
        guard key.allows(scope) else {
            var failure = HTTPFailure(
                403, "the key `\(key.name)` has not the scope `\(scope.rawValue)`, which this needs"
            )
            failure.refusal = .scope
            throw failure
        }
        return Caller(keyID: key.id, writer: "key \(key.name)")
    }

    /// The key that a request brings: as bearer token, as password of any user, as Elasticsearch's API key, or in a header
    /// of its own.
    static func secret(_ fields: HTTPFields) -> String? {
        for header in ["X-API-Key", "X-Admin-Key"] {
            if let name = HTTPField.Name(header), let key = fields[name] { return key }
        }
        guard let value = fields[.authorization], let space = value.firstIndex(of: " ") else {
            return nil
        }
        let rest = value[value.index(after: space)...].drop { $0 == " " }
        switch value[..<space].lowercased() {
        case "bearer": return String(rest)
        case "apikey":
            // base64 of `id:key`, or, by hand, the key itself.
            return password(rest) ?? String(rest)
        case "basic": return password(rest)
        default: return nil
        }
    }

    /// What stands behind the colon in a text in base64.
    private static func password(_ encoded: some StringProtocol) -> String? {
        var bytes = ByteWriter()
        let isText = String(encoded).withView {
            Base64.decode($0, needsPadding: false, into: &bytes)
        }
        guard isText, let text = String(validating: Array(bytes.view), as: UTF8.self),
            let colon = text.firstIndex(of: ":")
        else { return nil }
        return String(text[text.index(after: colon)...])
    }
}
