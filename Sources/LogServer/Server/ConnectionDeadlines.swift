internal import NIOCore
internal import NIOHTTPTypes

/// Ends connections whose client is too slow, and those whose request was answered before it was read.
///
/// It stands behind the HTTP decoder, so it sees whole heads. A client has `headSeconds` from its connection, or from the end
/// of the last answer, to a whole head, and `bodySeconds` from one piece of its body to the next, counted only while weir
/// wants to read: time that weir takes itself is not the client's.
final class ConnectionDeadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long clients may take.
    struct Limits: Sendable {
        /// From the connection, or the last answer, to a whole head: keep-alive of most clients is shorter.
        var head = TimeAmount.seconds(60)
        /// From one piece of a body to the next. A writer that streams its log in one request may be silent for a while.
        var body = TimeAmount.seconds(60)
        /// From an answer to a request that was not read whole to the end of the connection: time for the client to see it.
        var drain = TimeAmount.seconds(2)
        /// Bytes of such a body that are read and dropped before.
        var drainBytesMax = 4 << 20
    }

    private enum State {
        /// No head yet.
        case idle
        case inBody
        /// The request is whole; its answer is not.
        case answering
        /// The answer is whole, and the request is not.
        case draining
    }

    private let limits: Limits
    private let onTimeout: @Sendable (String) -> Void
    private var state = State.idle
    private var timer: Scheduled<Void>?
    private var timerDue = NIODeadline.distantFuture
    private var deadline = NIODeadline.distantFuture
    private var isReading = false
    private var drainedBytes = 0

    init(_ limits: Limits, onTimeout: @escaping @Sendable (String) -> Void) {
        self.limits = limits
        self.onTimeout = onTimeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { expect(limits.head, context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        expect(limits.head, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancel() }

    func read(context: ChannelHandlerContext) {
        if state == .inBody, !isReading { expect(limits.body, context) }
        isReading = true
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = false
        switch unwrapInboundIn(data) {
        case .head:
            state = .inBody
            deadline = .distantFuture
        case .body(let buffer):
            if state == .draining {
                drainedBytes += buffer.readableBytes
                if drainedBytes > limits.drainBytesMax {
                    context.close(promise: nil)
                    return
                }
            } else {
                deadline = .distantFuture
            }
        case .end:
            if state == .draining {
                state = .idle
                expect(limits.head, context)
            } else {
                state = .answering
                deadline = .distantFuture
            }
        }
        context.fireChannelRead(data)
    }

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        if case .end = unwrapOutboundIn(data) {
            if state == .inBody {
                state = .draining
                drainedBytes = 0
                expect(limits.drain, context)
            } else {
                state = .idle
                expect(limits.head, context)
            }
        }
        context.write(data, promise: promise)
    }

    // MARK: The timer

    /// Gives the client `time` from now on. One timer runs a connection; it looks at the deadline when it is due.
    private func expect(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        deadline = .now() + time
        if timer == nil || timerDue > deadline { schedule(deadline, context) }
    }

    private func schedule(_ time: NIODeadline, _ context: ChannelHandlerContext) {
        timer?.cancel()
        timerDue = time
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: time) {
            let (handler, context) = bound.value
            handler.timer = nil
            handler.check(context)
        }
    }

    private func check(_ context: ChannelHandlerContext) {
        guard deadline <= .now() else {
            // No deadline at the moment: a later `expect` starts a timer of its own.
            if deadline != .distantFuture { schedule(deadline, context) }
            return
        }
        deadline = .distantFuture
        if state == .inBody { onTimeout("slow_body") }
        context.close(promise: nil)
    }

    private func cancel() {
        timer?.cancel()
        timer = nil
        deadline = .distantFuture
    }
}
