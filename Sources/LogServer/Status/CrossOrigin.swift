internal import HTTPTypes
internal import HummingbirdCore

/// Which web pages may read answers: those of the origins that the operator names, and no others.
struct CrossOrigin: Sendable {
    let origins: [String]

    /// How long a browser remembers what it was told (seconds).
    private static let ageSeconds = 600

    private func allows(_ origin: String) -> Bool {
        origins.contains("*") || origins.contains(origin)
    }

    /// The headers of an answer to a page that may read it.
    func headers(_ request: IncomingRequest) -> [(name: String, value: String)] {
        guard !origins.isEmpty else { return [] }
        guard let origin = request.header("Origin"), allows(origin) else {
            return [("Vary", "Origin")]
        }
        return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
    }

    /// The answer to a browser that asks before it sends what a page wants; nil where pages have no business here.
    func preflight(
        _ request: IncomingRequest, _ methods: [HTTPRequest.Method]
    ) throws(HTTPFailure) -> HTTPAnswer? {
        guard let origin = request.header("Origin"), !origins.isEmpty,
            request.header("Access-Control-Request-Method") != nil
        else { return nil }
        guard allows(origin) else { throw Self.stranger(origin) }
        var answer = HTTPAnswer(204)
        answer.headers = headers(request)
        answer.headers += [
            ("Access-Control-Allow-Methods", methods.map(\.rawValue).joined(separator: ", ")),
            (
                "Access-Control-Allow-Headers",
                "Authorization, Content-Type, X-API-Key, X-Admin-Key"
            ),
            ("Access-Control-Max-Age", String(Self.ageSeconds)),
        ]
        return answer
    }

    /// Refuses what a page of a stranger sends in the name of its reader, whose browser may reach what the stranger cannot.
    func checkSender(_ request: IncomingRequest) throws(HTTPFailure) {
        guard let origin = request.header("Origin"), !allows(origin) else { return }
        if let host = request.header("Host"), origin.hasSuffix("://" + host) { return }
        throw Self.stranger(origin)
    }

    private static func stranger(_ origin: String) -> HTTPFailure {
        var failure = HTTPFailure(
            403, "pages of \(origin) are not let in; --cors-origin names those")
        failure.refusal = .origin
        return failure
    }
}

extension IncomingRequest {
    /// The value of a header.
    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

    /// The value of a parameter of the address; nil where it is missing or empty.
    func parameter(_ name: String) -> String? {
        let value = uri.queryParameters[name[...]].map(String.init)
        return value?.isEmpty == true ? nil : value
    }

    /// A whole number among the parameters.
    func number(
        _ name: String, in range: ClosedRange<Int>, default standard: Int
    ) throws(HTTPFailure) -> Int {
        guard let text = parameter(name) else { return standard }
        guard let number = Int(text), range.contains(number) else {
            throw HTTPFailure(
                400,
                "`\(name)` is a number from \(range.lowerBound) to \(range.upperBound), not `\(text)`"
            )
        }
        return number
    }
}
