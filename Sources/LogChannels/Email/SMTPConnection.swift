internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// What a mail server answered: `250 ok`.
struct SMTPReply: Equatable, Sendable {
    let code: Int
    /// Its lines without the code.
    let lines: [String]

    var text: String { lines.joined(separator: " ") }
}

/// A connection to a mail server, used by one thread, which waits for each answer.
///
/// Nothing that arrives before TLS is believed afterwards: bytes that come behind the answer to STARTTLS end the
/// connection (CVE-2011-0411 and its kin).
final class SMTPConnection {
    /// Why the conversation ended.
    struct Failure: Error, Equatable { let message: String }

    private let channel: any Channel
    private let replies: SMTPReplyHandler
    private let host: String
    private let timeout: TimeAmount

    /// Connects to `host`.
    ///
    /// - Parameters:
    ///   - tls: set where TLS begins with the connection.
    ///   - timeout: for connecting and for each answer, nanoseconds.
    init(host: String, port: Int, tls: TLSConfiguration?, timeout: Int64) throws(Failure) {
        self.host = host
        self.timeout = .nanoseconds(timeout)
        let replies = SMTPReplyHandler()
        self.replies = replies
        do {
            let context = try tls.map { try NIOSSLContext(configuration: $0) }
            let name = Self.serverName(host)
            channel = try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.nanoseconds(timeout))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let context {
                            try channel.pipeline.syncOperations.addHandler(
                                NIOSSLClientHandler(context: context, serverHostname: name))
                        }
                        try channel.pipeline.syncOperations.addHandler(replies)
                    }
                }
                .connect(host: host, port: port).wait()
        } catch {
            throw Failure(message: "\(host):\(port): \(Self.text(error))")
        }
    }

    /// Certificates name hosts; for an address there is no name to ask for.
    private static func serverName(_ host: String) -> String? {
        (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }

    private static func text(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError, let first = error.connectionErrors.first {
            return "\(first.error)"
        }
        if error is NIOSSLError || error is BoringSSLError {
            return "TLS failed: \(error); `tls_config` names the authority to trust"
        }
        return "\(error)"
    }

    /// Sends a line, and waits for the answer.
    func command(_ line: String) throws(Failure) -> SMTPReply {
        // Nothing that is sent as a line may be two.
        guard !line.unicodeScalars.contains(where: { $0 == "\r" || $0 == "\n" || $0 == "\0" })
        else { throw Failure(message: "a command of mail has a line break in it") }
        return try send(Array((line + "\r\n").utf8))
    }

    /// Sends bytes, and waits for the answer.
    func send(_ bytes: [UInt8]) throws(Failure) -> SMTPReply {
        let channel = self.channel
        let replies = self.replies
        do {
            return try channel.eventLoop.flatSubmit { [timeout] in
                let answer = replies.next(on: channel.eventLoop, timeout: timeout)
                channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
                return answer
            }.wait()
        } catch {
            throw failure(error)
        }
    }

    /// Waits for the server's greeting.
    func greeting() throws(Failure) -> SMTPReply {
        let channel = self.channel
        let replies = self.replies
        do {
            return try channel.eventLoop.flatSubmit { [timeout] in
                replies.next(on: channel.eventLoop, timeout: timeout)
            }.wait()
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: any Error) -> Failure {
        if let error = error as? Failure { return Failure(message: "\(host): \(error.message)") }
        return Failure(message: "\(host): \(Self.text(error))")
    }

    /// Begins TLS, after the server has agreed to.
    func startTLS(_ configuration: TLSConfiguration) throws(Failure) {
        let channel = self.channel
        let replies = self.replies
        let name = Self.serverName(host)
        do {
            let context = try NIOSSLContext(configuration: configuration)
            try channel.eventLoop.submit {
                guard replies.isEmpty else {
                    throw Failure(message: "the server sent something before TLS began")
                }
                try channel.pipeline.syncOperations.addHandler(
                    NIOSSLClientHandler(context: context, serverHostname: name), position: .first)
            }.wait()
        } catch {
            throw failure(error)
        }
    }

    /// Ends the connection, without a word.
    func close() { try? channel.close().wait() }
}

/// Gathers the lines of answers.
private final class SMTPReplyHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private var buffer: [UInt8] = []
    private var lines: [String] = []
    private var ready: [SMTPReply] = []
    private var waiting: EventLoopPromise<SMTPReply>?
    private var failure: (any Error)?

    /// A server that says more in one answer is none.
    private static let bytesMax = 64 << 10

    var isEmpty: Bool { buffer.isEmpty && lines.isEmpty && ready.isEmpty }

    /// The next answer. On the event loop.
    func next(on loop: any EventLoop, timeout: TimeAmount) -> EventLoopFuture<SMTPReply> {
        if !ready.isEmpty { return loop.makeSucceededFuture(ready.removeFirst()) }
        if let failure { return loop.makeFailedFuture(failure) }
        let promise = loop.makePromise(of: SMTPReply.self)
        waiting = promise
        let timer = loop.scheduleTask(in: timeout) { [self] in
            fail(
                SMTPConnection.Failure(
                    message: "no answer within \(timeout.nanoseconds / 1_000_000_000) s"))
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }

    private func fail(_ error: any Error) {
        if failure == nil { failure = error }
        waiting?.fail(error)
        waiting = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        buffer += unwrapInboundIn(data).readableBytesView
        while let end = buffer.firstIndex(of: 10) {
            take(String(decoding: buffer[..<end], as: UTF8.self))
            buffer.removeFirst(end + 1)
        }
        if buffer.count + lines.reduce(0, { $0 + $1.utf8.count }) > Self.bytesMax {
            fail(SMTPConnection.Failure(message: "the server's answer has no end"))
            context.close(promise: nil)
        }
    }

    private func take(_ line: String) {
        let text = line.hasSuffix("\r") ? String(line.dropLast()) : line
        guard let code = Int(text.prefix(3)), (200...599).contains(code) else {
            return fail(SMTPConnection.Failure(message: "the server does not speak SMTP"))
        }
        lines.append(String(text.dropFirst(4)))
        if text.dropFirst(3).first == "-" { return }
        let reply = SMTPReply(code: code, lines: lines)
        lines = []
        if let promise = waiting {
            waiting = nil
            promise.succeed(reply)
        } else {
            ready.append(reply)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(SMTPConnection.Failure(message: "the server closed the connection"))
    }
}
