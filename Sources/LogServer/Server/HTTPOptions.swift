/// What an HTTP listener allows.
public struct HTTPOptions: Sendable {
    /// Connections at once; beyond, the one that has been idle for longest goes or, where none is, the new one is closed.
    /// Shippers keep one to four open each; an idle one costs some kilobytes.
    public var connectionsMax = 10_000
    /// Requests at once whose bodies are read; further ones wait. Each holds at most a line and a slice.
    public var requestsMax = 256
    /// The bytes of a body, inflated; jsonline and bulk are streamed, so this is against endless ones only.
    public var streamedBytesMax = 16 << 30
    /// The bytes of a body that has to be read whole: Loki's and OpenTelemetry's. Their clients' batches stay below 4 MiB.
    public var gatheredBytesMax = 32 << 20
    /// The same of a body behind Snappy.
    static let snappyBytesMax = 64 << 20
    /// Lines a second of one key, and of one address without a key; nil: no limit.
    public var linesPerSecond: Double?
    /// Questions about health, metrics and alerts a second of one key, and of one address without a key; nil: no limit. Ten
    /// seconds' worth may come at once: a page that shows all asks for a dozen.
    public var questionsPerSecond: Double? = 50
    /// The origins whose web pages may ask from a browser, as `https://status.example.org`; `*` for all.
    public var corsOrigins: [String] = []
    /// Seconds that a client may be silent: before a head, and within a body.
    public var idleSeconds = 60
    /// Bytes that a client has to send of a body in `idleSeconds`; one that has not said how long it is may send a line instead.
    public var bodyBytesMin = 500
    /// Seconds without a byte of it after which a connection may be ended for another one, or a slow request for its place.
    public var evictSeconds = 5
    /// Seconds that a request waits for room in the pipeline before it is answered 503. A chunk comes back every few
    /// milliseconds; seconds without one are a disk that hangs or is full. Clients wait tens of seconds.
    public var patienceSeconds = 10
    /// Whether a key is needed, as it is where the data directory has some.
    public var requiresKey = false

    /// The standard limits.
    public init() {}
}
