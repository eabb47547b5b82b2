internal import LogBytes
internal import LogMetrics
internal import NIOCore
internal import NIOTLS

/// The end of a TLS connection's pipeline: cuts what has been decrypted into lines and hands them on.
final class TLSLineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: TLSServer
    private var framer: LineFramer
    private var isEstablished = false
    private var handshake: Scheduled<Void>?
    private var hasReleased = false

    init(_ server: TLSServer) {
        self.server = server
        framer = LineFramer(
            server.settings.framing, lineBytesMax: server.handoff.blockBytesMax - 1,
            budget: .shared)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        handshake = context.eventLoop.scheduleTask(in: .seconds(TLSServer.handshakeSeconds)) {
            [server] in
            server.refuse("tls", "no TLS handshake within \(TLSServer.handshakeSeconds) s")
            channel.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        server.readCount += 1
        let buffer = unwrapInboundIn(data)
        let pieceMax = server.handoff.blockBytesMax
        // The bytes are nobody's but ours: NIOSSL, which keeps the buffer, goes on writing at its start. Asking for mutable
        // bytes would copy all of it first.
        let isOpen = buffer.withUnsafeReadableBytes { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
                return true
            }
            let base = UnsafeMutablePointer(mutating: start)
            var done = 0
            while done < bytes.count {
                let count = min(bytes.count - done, pieceMax)
                guard framer.take(base + done, count, server.handoff) else { return false }
                done += count
            }
            return true
        }
        release(buffer)
        if !isOpen { context.close(promise: nil) }
    }

    /// Lets the memory of what was read go, where it is worth a system call: the first time, for what the buffer was before, and
    /// after reads that have touched more than a page.
    private func release(_ buffer: ByteBuffer) {
        guard !hasReleased || buffer.readableBytes >= SpentPages.pageBytes else { return }
        hasReleased = true
        SpentPages.release(buffer)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        server.handoff.flushCounts()
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            isEstablished = true
            handshake?.cancel()
        } else if event is IdleStateHandler.IdleStateEvent {
            server.refuse("idle", "nothing came for \(server.settings.idleSeconds ?? 0) s")
            context.close(promise: nil)
        } else if case .inputClosed? = event as? ChannelEvent {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Many clients end the connection without TLS's own farewell: that is no failure of the handshake.
        if !isEstablished {
            handshake?.cancel()
            server.refuse("tls", "the TLS handshake failed: \(Self.reason(error))")
        }
        context.close(promise: nil)
    }

    /// The words of BoringSSL in an error, without the place in its source.
    private static func reason(_ error: any Error) -> String {
        let text = "\(error)"
        let mark = "OPENSSL_internal:"
        guard let start = text.firstRange(of: mark)?.upperBound else { return text }
        return text[start...].prefix { $0 != " " }.lowercased().replacing("_", with: " ")
    }

    func channelInactive(context: ChannelHandlerContext) {
        handshake?.cancel()
        if framer.finish(server.handoff) == true { server.context.counters.add(.unterminated) }
        server.handoff.flushCounts()
        context.fireChannelInactive()
    }
}
