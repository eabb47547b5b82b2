internal import HTTPTypes

/// A request that is not served: its status, and a sentence that says what happened and what to do.
struct HTTPFailure: Error, Equatable {
    let status: Int
    let message: String
    /// Seconds after which the client may try again.
    var retryAfter: Int?
    /// The methods that the path knows, of a 405.
    var allow: String?
    /// Set where the client has to say who it is.
    var asksForKey = false
    /// Set where the client is not let in; that is put on record.
    var refusal: AccessRefusal?

    init(_ status: Int, _ message: String, retryAfter: Int? = nil) {
        self.status = status
        self.message = message
        self.retryAfter = retryAfter
    }

    /// The seconds after which a client comes back when weir is behind: a commit or two later.
    static let busySeconds = 1
    /// The same for a full disk, which somebody has to clear.
    static let fullSeconds = 5

    /// The pipeline does not keep up.
    static func busy(_ what: String) -> HTTPFailure {
        HTTPFailure(503, what, retryAfter: busySeconds)
    }

    /// Nothing is stored at the moment.
    static func stalled(_ reason: String) -> HTTPFailure {
        HTTPFailure(503, "nothing is stored at the moment: \(reason)", retryAfter: fullSeconds)
    }
}
