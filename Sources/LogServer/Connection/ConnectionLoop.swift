internal import LogMetrics
internal import NIOCore
internal import Synchronization

/// The connections of one event loop, and what they share: places for requests, memory for what is held, and one clock.
///
/// A timer for each connection would cost more than the connection's own state; one that walks over all of them twice a second
/// costs nothing that can be measured. It is touched on its loop only.
final class ConnectionLoop: @unchecked Sendable {
    let loop: any EventLoop
    let executor: LoopExecutor
    let handler: RequestHandler
    let limits: ConnectionLimits
    let counters: MetricsRegistry
    /// Bytes of heads that are not whole, and of bodies that are held.
    var heldBytes = 0

    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var places: Int
    /// Requests that wait for a place, from `queueStart` on.
    private var queue: [Exchange] = []
    private var queueStart = 0
    private var isEnding = false
    private var ticking: RepeatedTask?

    init(
        _ loop: any EventLoop, _ handler: RequestHandler, limits: ConnectionLimits,
        counters: MetricsRegistry
    ) {
        self.loop = loop
        executor = LoopExecutor(loop)
        self.handler = handler
        self.limits = limits
        self.counters = counters
        places = limits.places
    }

    /// Begins to look at the connections; from any thread.
    func start() {
        let tick = TimeAmount.milliseconds(Int64(ConnectionLimits.tickMilliseconds))
        loop.execute { [self] in
            ticking = loop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in
                self.tick()
            }
        }
    }

    /// Whether nothing has to wait: held bodies are below the limit.
    var hasRoom: Bool { heldBytes < ConnectionLimits.loopBytesMax }

    // MARK: Connections

    func add(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = connection
        if isEnding { connection.quiesce() }
    }

    func remove(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = nil
    }

    /// Ends the connection that has been waiting for its client for the longest time, if that is long; false when there is
    /// none.
    func evict() -> Bool {
        let oldest = connections.values.max { $0.waitedTicks < $1.waitedTicks }
        guard let oldest, oldest.waitedTicks >= ticks(limits.evictSeconds) else { return false }
        counters.add(.connectionsRefused, label: "evicted")
        oldest.close()
        return true
    }

    func ticks(_ seconds: Int) -> Int { seconds * 1_000 / ConnectionLimits.tickMilliseconds }

    private func tick() {
        for connection in connections.values { connection.tick() }
        while let first = queued, first.phase != .queued { queueStart += 1 }
        if queued != nil { evictRequest() }
    }

    /// Lets no more in, closes those that are idle, and the others when they have had their answer; from any thread.
    func quiesce() {
        loop.execute { [self] in
            isEnding = true
            for connection in connections.values { connection.quiesce() }
        }
    }

    /// Closes all that are left; from any thread.
    func closeAll() {
        loop.execute { [self] in
            for connection in connections.values { connection.close() }
            ticking?.cancel()
        }
    }

    // MARK: Places

    /// Gives the request a place, at once or when one is free. Its connection is told.
    func takePlace(_ exchange: Exchange) {
        if places > 0, queued == nil {
            give(to: exchange)
            return
        }
        exchange.phase = .queued
        exchange.waitedTicks = 0
        queue.append(exchange)
        evictRequest()
    }

    /// Takes the request's place back.
    func leave(_ exchange: Exchange) {
        guard exchange.hasPlace else { return }
        exchange.hasPlace = false
        places += 1
        while places > 0, let next = queued {
            queueStart += 1
            if next.phase == .queued { give(to: next) }
        }
    }

    private var queued: Exchange? {
        if queueStart < queue.count { return queue[queueStart] }
        queue.removeAll(keepingCapacity: true)
        queueStart = 0
        return nil
    }

    private func give(to exchange: Exchange) {
        places -= 1
        exchange.hasPlace = true
        exchange.connection.serve(exchange)
    }

    /// Ends the slowest of the requests that have a place, if it is slow.
    private func evictRequest() {
        var slowest: Exchange?
        for connection in connections.values {
            guard let exchange = connection.exchange, exchange.hasPlace, exchange.isAwaited,
                exchange.awaitedTicks >= ticks(limits.evictSeconds),
                exchange.bytesPerSecond < ConnectionLimits.slowBytesPerSecond
            else { continue }
            if exchange.bytesPerSecond <= slowest?.bytesPerSecond ?? .max { slowest = exchange }
        }
        guard let slowest else { return }
        counters.add(.connectionsRefused, label: "evicted")
        slowest.connection.endAfterAnswer()
        slowest.fail(
            .busy("others wait for the place that this slow request takes; send the rest again"))
    }
}
