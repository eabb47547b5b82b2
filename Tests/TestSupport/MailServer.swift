internal import NIOCore
internal import NIOPosix
public import NIOSSL

/// A mail server that keeps what it is told.
public final class MailServer: Sendable {
    /// What a client did in one connection.
    public struct Session: Sendable {
        /// The lines that it said outside of messages.
        public var commands: [String] = []
        /// The message.
        public var message = ""
        /// Whether it went on with TLS.
        public var isSecure = false
    }

    /// What it does otherwise than others.
    public struct Behaviour: Sendable {
        /// What it offers.
        public var features = ["8BITMIME"]
        /// What it offers behind STARTTLS.
        public var secureFeatures: [String]?
        /// Its certificate.
        public var tls: NIOSSLContext?
        /// TLS comes before anything else.
        public var beginsWithTLS = false
        /// Answers to commands that begin so, instead of the usual ones.
        public var answers: [String: String] = [:]
        /// Sent right behind the answer to STARTTLS, in plain text.
        public var injection = ""
        /// Nothing is ever said.
        public var isMute = false

        /// One that does as most do.
        public init() {}
    }

    /// Connections that have ended.
    public let sessions = Journal<Session>()
    private let channel: any NIOCore.Channel
    /// Where it is reached.
    public let port: Int

    /// A server that listens on the loopback.
    public init(_ behaviour: Behaviour = Behaviour()) throws {
        let sessions = self.sessions
        channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if behaviour.beginsWithTLS, let tls = behaviour.tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(behaviour, sessions))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        port = channel.localAddress?.port ?? 0
    }

    /// Ends it.
    public func stop() { try? channel.close().wait() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let behaviour: Behaviour
        private let sessions: Journal<Session>
        private var session = Session()
        private var buffer: [UInt8] = []
        private var isData = false

        init(_ behaviour: Behaviour, _ sessions: Journal<Session>) {
            self.behaviour = behaviour
            self.sessions = sessions
            session.isSecure = behaviour.beginsWithTLS
        }

        func channelActive(context: ChannelHandlerContext) {
            if !behaviour.isMute { say(context, behaviour.answers["greeting"] ?? "220 mail ready") }
        }

        private func say(_ context: ChannelHandlerContext, _ text: String) {
            context.writeAndFlush(
                wrapOutboundOut(context.channel.allocator.buffer(string: text + "\r\n")),
                promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if behaviour.isMute { return }
            buffer += unwrapInboundIn(data).readableBytesView
            while let end = buffer.firstIndex(of: 10) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                take(context, line.hasSuffix("\r") ? String(line.dropLast()) : line + "(bare LF)")
            }
        }

        private func take(_ context: ChannelHandlerContext, _ line: String) {
            if isData {
                if line == "." {
                    isData = false
                    say(context, behaviour.answers["."] ?? "250 queued")
                } else {
                    session.message +=
                        (line.hasPrefix(".") ? String(line.dropFirst()) : line) + "\n"
                }
                return
            }
            session.commands.append(line)
            if let answer = behaviour.answers.first(where: { line.hasPrefix($0.key) })?.value {
                return say(context, answer)
            }
            switch line.split(separator: " ").first ?? "" {
            case "EHLO":
                let features =
                    session.isSecure
                    ? behaviour.secureFeatures ?? behaviour.features : behaviour.features
                for feature in ["hello"] + features.dropLast() { say(context, "250-\(feature)") }
                say(context, "250 \(features.last ?? "")")
            case "STARTTLS":
                say(
                    context,
                    "220 go" + (behaviour.injection.isEmpty ? "" : "\r\n" + behaviour.injection))
                if let tls = behaviour.tls {
                    session.isSecure = true
                    try? context.pipeline.syncOperations.addHandler(
                        NIOSSLServerHandler(context: tls), position: .first)
                }
            case "AUTH":
                say(context, line == "AUTH LOGIN" ? "334 VXNlcm5hbWU6" : "235 welcome")
            case "DATA":
                isData = true
                say(context, "354 go on")
            case "QUIT":
                say(context, "221 bye")
                context.close(promise: nil)
            case "MAIL", "RCPT": say(context, "250 ok")
            default: say(context, session.commands.contains("AUTH LOGIN") ? "334 x" : "500 what")
            }
        }

        func channelInactive(context: ChannelHandlerContext) { sessions.add(session) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
