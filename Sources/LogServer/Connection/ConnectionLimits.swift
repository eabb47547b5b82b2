/// What a connection may take, of time and of memory.
struct ConnectionLimits: Sendable {
    /// How often a loop looks at its connections (milliseconds). A line of a slow writer is not held for longer.
    static let tickMilliseconds = 500

    /// Seconds from the connection, or the last answer, to a whole head: keep-alive of most clients is shorter.
    var headSeconds = 60
    /// Seconds in which a client has to send `bodyBytesMin` bytes of its body or, where it has not said how long it is, a
    /// line: a writer that streams its log in one request may have little to say. Time that weir takes itself is not counted.
    var bodySeconds = 60
    /// 8 bytes a second or so: less than any line that carries a log, more than what keeps a connection busy for spite.
    var bodyBytesMin = 500
    /// Seconds that a request waits for a place.
    var patienceSeconds = 10
    /// Requests of one loop whose bodies are being read by a task.
    var places = 256
    /// A connection that has been waiting for its client for so many seconds may be ended when its place is needed.
    var evictSeconds = 5
    /// Only requests that bring less while weir waits for them lose their place to others.
    static let slowBytesPerSecond = 1_000

    /// Seconds from an answer to a request that was not read whole to the end of the connection: time for the client to see it.
    static let drainSeconds = 2
    /// Bytes of such a body that are read and dropped before.
    static let drainBytesMax = 4 << 20
    /// Seconds that a client has to take an answer in.
    static let answerSeconds = 60
    /// A body is held until it is whole, or so long: what a slow client sends costs no task, and no place.
    static let heldBytesMax = 16 << 10
    /// Heads that are not whole and bodies that are held, of one loop: beyond, bodies are given a task or wait in the kernel,
    /// and heads are refused.
    static let loopBytesMax = 8 << 20
    /// Requests that a client may send before it has the answer to the first. Clients send one.
    static let pipelinedPartsMax = 100
}
