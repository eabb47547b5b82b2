/// How often an endpoint answers with which status.
struct StatusProfile {
    private let codes: [Int]
    private let choice: WeightedChoice

    /// The status when all is well: the first one named.
    var success: Int { codes[0] }

    /// Shares by status code, success first; the shares should add up to 10,000.
    init(_ shares: KeyValuePairs<Int, Int>) {
        codes = shares.map { $0.key }
        choice = WeightedChoice(weights: shares.map { $0.value })
    }

    /// A status code.
    func pick(using random: inout RandomSource) -> Int {
        codes[choice.pick(using: &random)]
    }

    /// Endpoints that answer a question.
    static let read = StatusProfile([
        200: 9075, 304: 450, 400: 60, 401: 90, 403: 50, 404: 210, 429: 50,
        500: 6, 502: 2, 503: 4, 504: 3,
    ])

    /// Endpoints that make a thing.
    static let create = StatusProfile([
        201: 9385, 400: 160, 401: 90, 403: 50, 409: 120, 422: 130, 429: 50,
        500: 7, 502: 2, 503: 3, 504: 3,
    ])

    /// Endpoints that do something to a thing.
    static let act = StatusProfile([
        200: 9435, 400: 140, 401: 90, 403: 60, 404: 60, 409: 80, 422: 70, 429: 50,
        500: 7, 502: 2, 503: 3, 504: 3,
    ])

    /// Endpoints that remove a thing.
    static let remove = StatusProfile([
        204: 9535, 401: 90, 403: 80, 404: 220, 409: 60, 500: 6, 502: 2, 503: 4, 504: 3,
    ])

    /// Health checks.
    static let probe = StatusProfile([200: 9990, 503: 10])

    /// An endpoint during the incident: four calls of ten fail.
    static let incident = StatusProfile([
        200: 5900, 400: 60, 429: 40, 500: 800, 502: 800, 503: 1400, 504: 1000,
    ])
}
