/// A path of a service's interface: how long it takes, what it answers, what it says.
struct Endpoint {
    /// The service, e.g. `brainops-api`.
    var service: Service
    /// The path, e.g. `/api/v1/workflows/execute`.
    var path: [UInt8]
    /// The median duration in hundredths of a millisecond.
    var median: Int
    /// Whether durations scatter much: work, not a look-up.
    var scatters: Bool
    /// What it answers in quiet times.
    var statuses: StatusProfile
    /// What it says when all is well.
    var messages: [MessageTemplate]
    /// Whether callers have no user: health checks.
    var isAnonymous: Bool

    /// An endpoint with its median duration in milliseconds.
    init(
        _ service: Service, _ path: String, _ milliseconds: Double, _ statuses: StatusProfile,
        scatters: Bool = false, isAnonymous: Bool = false, _ messages: MessageTemplate...
    ) {
        self.service = service
        self.path = Array(path.utf8)
        self.median = Int(milliseconds * 100)
        self.scatters = scatters
        self.statuses = statuses
        self.messages = messages
        self.isAnonymous = isAnonymous
    }
}
