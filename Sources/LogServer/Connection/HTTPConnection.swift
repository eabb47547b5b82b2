internal import LogMetrics
internal import NIOCore
internal import NIOHTTP1

/// One connection: takes requests apart, holds a body until it is whole or long, and writes answers.
///
/// A task, and one of the loop's places, is taken only for a request that is there or comes at a pace; so a connection that is
/// idle, or whose client sends a byte a second, is this object, its decoder and its channel. One request is served at a time;
/// what a client sends behind it waits. It is touched on its loop only.
final class HTTPConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let home: ConnectionLoop
    private var context: ChannelHandlerContext?
    /// The request that is being read or served.
    private(set) var exchange: Exchange?
    /// What a client has sent before it had its answer.
    private var pipelined: [HTTPServerRequestPart] = []
    /// Bytes of a head that is not whole.
    private var headBytes = 0
    /// Half seconds in which the client has not done what is waited for.
    private(set) var idleTicks = 0
    private var drainedBytes = 0
    private var isReading = false
    private var isInputClosed = false
    private var isEnding = false
    private var isClosed = false

    init(_ home: ConnectionLoop) { self.home = home }

    var loop: any EventLoop { home.loop }

    /// What its client is known by.
    var address: String { ClientAddress.text(of: context?.channel.remoteAddress) }

    /// Half seconds that it has been waiting for its client; 0 where it is not.
    var waitedTicks: Int {
        guard let exchange else { return idleTicks }
        return exchange.phase == .held ? exchange.awaitedTicks : 0
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        home.add(self)
        if context.channel.isActive { readIfWanted() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { ended() }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        readIfWanted()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    private func ended() {
        guard context != nil else { return }
        context = nil
        home.remove(self)
        releaseHead()
        // What came whole is stored, though nobody hears the answer.
        guard let exchange, !exchange.isWhole else { return }
        fail(exchange, Self.brokenBody)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard !isClosed else { return }
        if let exchange, exchange.isWhole {
            guard pipelined.count < ConnectionLimits.pipelinedPartsMax else {
                refuse("pipelining")
                return
            }
            pipelined.append(part)
            return
        }
        take(part)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        readIfWanted()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            isInputClosed = true
            guard let exchange else { return close() }
            if !exchange.isWhole { broken(Self.brokenBody) }
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return close() }
        broken(exchange == nil ? Self.noHTTP : Self.brokenBody)
    }

    private static let brokenBody = HTTPFailure(
        400, "the body ended in the middle, or is no valid HTTP")
    private static let noHTTP = HTTPFailure(400, "this is no valid HTTP request")

    /// Nothing more can be read.
    private func broken(_ failure: HTTPFailure) {
        isEnding = true
        guard let exchange else {
            write(FailureAnswer.make(failure, .text), isLast: true)
            close(afterWriting: true)
            return
        }
        if !exchange.isWhole { fail(exchange, failure) }
    }

    // MARK: Reading

    /// Bytes have come that may be those of a head.
    func received(_ count: Int) {
        guard exchange == nil, count > 0 else { return }
        headBytes += count
        home.heldBytes += count
        if !home.hasRoom { refuse("memory") }
    }

    private func releaseHead() {
        home.heldBytes -= headBytes
        headBytes = 0
    }

    private func take(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head):
            releaseHead()
            idleTicks = 0
            let exchange = Exchange(head, self)
            self.exchange = exchange
            if exchange.expectsContinue { start(exchange) }
        case .body(var piece):
            guard let exchange else { return }
            if exchange.phase == .answered {
                drainedBytes += piece.readableBytes
                if drainedBytes > ConnectionLimits.drainBytesMax { close() }
                return
            }
            home.heldBytes += piece.readableBytes
            exchange.add(&piece)
            let isLong = exchange.pendingBytes >= ConnectionLimits.heldBytesMax
            if exchange.phase == .held, isLong || !home.hasRoom { start(exchange) }
        case .end:
            guard let exchange else { return }
            exchange.end()
            if exchange.phase == .held { start(exchange) }
            if exchange.phase == .answered { next() }
        }
    }

    /// The task has taken so many bytes.
    func released(_ count: Int, _ exchange: Exchange) { home.heldBytes -= count }

    /// Asks the socket for more where somebody is there to take it.
    func readIfWanted() {
        guard let context, !isReading, !isInputClosed, isWanted else { return }
        isReading = true
        context.read()
    }

    private var isWanted: Bool {
        guard let exchange else { return true }
        guard !exchange.isWhole else { return false }
        switch exchange.phase {
        case .held, .answered: return true
        case .queued: return false
        case .served: return exchange.isAwaited
        }
    }

    // MARK: Serving

    /// Has the request served: a body needs a place.
    private func start(_ exchange: Exchange) {
        if exchange.pending.isEmpty, exchange.isWhole {
            serve(exchange)
        } else {
            home.takePlace(exchange)
        }
    }

    /// Starts the request's task.
    func serve(_ exchange: Exchange) {
        exchange.phase = .served
        exchange.waitedTicks = 0
        exchange.awaitedTicks = 0
        let handler = home.handler
        Task(executorPreference: home.executor) {
            let answer = await handler.answer(exchange)
            if let body = answer.stream {
                await self.stream(answer, body, exchange)
            } else {
                self.answer(answer, exchange)
            }
        }
    }

    /// The request needs its place no longer.
    func leave(_ exchange: Exchange) { home.leave(exchange) }

    /// The client gets no further request in.
    func endAfterAnswer() { isEnding = true }

    /// Fails a request whose body does not come as it should. The lines that have come whole are stored by its task.
    private func fail(_ exchange: Exchange, _ failure: HTTPFailure) {
        exchange.fail(failure)
        guard exchange.phase == .held else { return }
        if exchange.hasFreshLine { start(exchange) } else { refuse(exchange, failure) }
    }

    /// Answers a request that has no task.
    private func refuse(_ exchange: Exchange, _ failure: HTTPFailure) {
        answer(home.handler.refusal(exchange, failure), exchange)
    }

    // MARK: The answer

    private func answer(_ answer: HTTPAnswer, _ exchange: Exchange) {
        guard finish(exchange) else { return }
        let isLast = mustClose(exchange)
        write(answer, isLast: isLast, isHead: exchange.head.method == .HEAD)
        done(exchange, isLast: isLast)
    }

    /// Writes an answer piece by piece, each when the client has taken the one before.
    private func stream(
        _ answer: HTTPAnswer, _ body: HTTPAnswer.Stream, _ exchange: Exchange
    ) async {
        guard finish(exchange) else { return }
        exchange.isWriting = true
        defer { exchange.isWriting = false }
        let isLast = mustClose(exchange)
        write(answer, isLast: isLast)
        var pieces = body
        while let piece = pieces.next() {
            guard let channel = context?.channel else { return }
            idleTicks = 0
            do {
                try await channel.writeAndFlush(ByteBuffer(bytes: piece))
            } catch {
                return
            }
        }
        done(exchange, isLast: isLast)
    }

    /// Takes back what the request had. False when its connection has ended, or it has been answered before.
    @discardableResult
    private func finish(_ exchange: Exchange) -> Bool {
        home.leave(exchange)
        guard exchange.phase != .answered else { return false }
        exchange.phase = .answered
        exchange.drop()
        drainedBytes = 0
        idleTicks = 0
        return context != nil
    }

    private func mustClose(_ exchange: Exchange) -> Bool {
        // Behind an upgrade or a tunnel the decoder reads nothing.
        let isOther =
            exchange.head.method == .CONNECT || exchange.head.headers.contains(name: "upgrade")
        return isEnding || isInputClosed || !exchange.head.isKeepAlive || isOther
    }

    private func done(_ exchange: Exchange, isLast: Bool) {
        exchange.isWriting = false
        if isLast { isEnding = true }
        if exchange.isWhole || isInputClosed {
            next()
        } else {
            readIfWanted()
        }
    }

    /// Goes on to the next request.
    private func next() {
        if let exchange, exchange.isWriting { return }
        if isEnding || isInputClosed && pipelined.isEmpty {
            close(afterWriting: true)
            return
        }
        exchange = nil
        idleTicks = 0
        let parts = pipelined
        pipelined = []
        for (index, part) in parts.enumerated() {
            if let exchange, exchange.isWhole {
                pipelined += parts[index...]
                break
            }
            take(part)
        }
        readIfWanted()
    }

    private func write(_ answer: HTTPAnswer, isLast: Bool, isHead: Bool = false) {
        guard let context else { return }
        let buffer = answer.buffer(context.channel.allocator, isLast: isLast, isHead: isHead)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Tells the client to send the body that it announced.
    func sayContinue() {
        guard let context else { return }
        let text = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(text), promise: nil)
    }

    // MARK: The end

    /// Closes it, once what was written is on its way.
    private func close(afterWriting: Bool) {
        guard let context, afterWriting else { return close() }
        let last = loop.makePromise(of: Void.self)
        let bound = NIOLoopBound(context, eventLoop: loop)
        last.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: last)
    }

    /// Closes it at once.
    func close() {
        isClosed = true
        context?.close(promise: nil)
    }

    private func refuse(_ reason: String) {
        guard !isClosed else { return }
        home.counters.add(.connectionsRefused, label: reason)
        close()
    }

    /// Closes it when it has answered what it is serving.
    func quiesce() {
        isEnding = true
        if exchange == nil { close() }
    }

    // MARK: The clock

    /// Called twice a second.
    func tick() {
        idleTicks += 1
        guard let exchange else {
            if idleTicks >= home.ticks(home.limits.headSeconds) {
                headBytes > 0 ? refuse("slow_head") : close()
            }
            return
        }
        switch exchange.phase {
        case .held:
            // A line that is whole does not wait for the next one.
            if exchange.hasFreshLine { start(exchange) } else { waited(exchange) }
        case .queued:
            exchange.waitedTicks += 1
            if exchange.waitedTicks >= home.ticks(home.limits.patienceSeconds) {
                refuse(
                    exchange, .busy("weir is serving as many requests as it can; try again"))
            }
        case .served: if exchange.isAwaited { waited(exchange) }
        case .answered:
            let seconds =
                exchange.isWriting
                ? ConnectionLimits.answerSeconds : ConnectionLimits.drainSeconds
            if idleTicks >= home.ticks(seconds) { close() }
        }
    }

    /// The client has been waited for, for half a second.
    private func waited(_ exchange: Exchange) {
        exchange.awaitedTicks += 1
        exchange.waitedTicks += 1
        if exchange.freshBytes >= home.limits.bodyBytesMin
            || !exchange.hasLength && exchange.hasFreshLine
        {
            exchange.waitedTicks = 0
            exchange.freshBytes = 0
            exchange.hasFreshLine = false
        }
        guard exchange.waitedTicks >= home.ticks(home.limits.bodySeconds) else { return }
        home.counters.add(.connectionsRefused, label: "slow_body")
        isEnding = true
        fail(
            exchange,
            HTTPFailure(
                408,
                "the body came too slowly: fewer than \(home.limits.bodyBytesMin) bytes in "
                    + "\(home.limits.bodySeconds) s; its whole lines are stored where it is read "
                    + "line by line"))
    }
}
