internal import LogAlerting
internal import NIOSSL

/// Brings a mail to a server: TLS, login, envelope, message.
struct SMTPClient: Sendable {
    /// How the connection is made secret.
    enum Security: Equatable, Sendable {
        /// TLS from the first byte on, as on port 465.
        case implicit
        /// STARTTLS, without which nothing is sent.
        case required
        /// STARTTLS where the server has it.
        case wanted
    }

    var host: String
    var port: Int
    var security: Security
    var hello: String
    var tls: TLSConfiguration
    var user: String?
    var password: Secret?
    var identity = ""
    /// For connecting and for each answer, nanoseconds.
    var timeout: Int64

    /// Why a mail was not taken.
    struct Failure: Error, Equatable {
        let message: String
        let isTemporary: Bool
    }

    /// Sends a mail; returning means that the server has taken it over for all of `recipients`.
    func send(_ message: [UInt8], from: String, to recipients: [String]) throws(Failure) {
        let connection: SMTPConnection
        do throws(SMTPConnection.Failure) {
            connection = try SMTPConnection(
                host: host, port: port, tls: security == .implicit ? tls : nil, timeout: timeout)
        } catch {
            throw Failure(message: error.message, isTemporary: true)
        }
        defer { connection.close() }
        do throws(SMTPConnection.Failure) {
            let greeting = try connection.greeting()
            try check(greeting, 220...220, "greeting")
        } catch {
            throw Failure(message: error.message, isTemporary: true)
        }
        let features = try open(connection)
        try logIn(connection, features)
        try command(connection, "MAIL FROM:<\(from)>", 250...250)
        for recipient in recipients {
            try command(connection, "RCPT TO:<\(recipient)>", 250...251)
        }
        try command(connection, "DATA", 354...354)
        let reply = try exchange(connection) { connection throws(SMTPConnection.Failure) in
            try connection.send(Self.stuffed(message))
        }
        try judge(reply, 250...250, "the message")
        // It is taken over; how the server says goodbye is no matter.
        _ = try? connection.command("QUIT")
    }

    /// The message with a second dot before each line that begins with one, and the end behind it.
    static func stuffed(_ message: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(message.count + 64)
        var isLineStart = true
        for byte in message {
            if isLineStart, byte == UInt8(ascii: ".") { result.append(byte) }
            result.append(byte)
            isLineStart = byte == 10
        }
        if !result.suffix(2).elementsEqual([13, 10]) { result += [13, 10] }
        return result + Array(".\r\n".utf8)
    }

    // MARK: Steps

    private func open(_ connection: SMTPConnection) throws(Failure) -> [String] {
        var features = try command(connection, "EHLO \(hello)", 250...250).lines
        guard security != .implicit else { return features }
        guard features.contains(where: { $0.uppercased() == "STARTTLS" }) else {
            if security == .required {
                throw Failure(
                    message: "\(host) has no STARTTLS, and `require_tls` is true; nothing is sent",
                    isTemporary: false)
            }
            return features
        }
        try command(connection, "STARTTLS", 220...220)
        do throws(SMTPConnection.Failure) {
            try connection.startTLS(tls)
        } catch {
            throw Failure(message: error.message, isTemporary: true)
        }
        // What the server said of itself before is forgotten.
        features = try command(connection, "EHLO \(hello)", 250...250).lines
        return features
    }

    private func logIn(_ connection: SMTPConnection, _ features: [String]) throws(Failure) {
        guard let user, let password else { return }
        let secret: String
        do throws(SecretError) {
            secret = try password.reveal()
        } catch {
            throw Failure(message: error.message, isTemporary: true)
        }
        let methods =
            features.first { $0.uppercased().hasPrefix("AUTH") }?.uppercased()
            .split { $0 == " " || $0 == "=" } ?? []
        if methods.contains("PLAIN") {
            let text = "\(identity)\0\(user)\0\(secret)"
            try command(connection, "AUTH PLAIN \(Base64.encode(text))", 235...235, "the login")
        } else if methods.contains("LOGIN") {
            try command(connection, "AUTH LOGIN", 334...334, "the login")
            try command(connection, Base64.encode(user), 334...334, "the login")
            try command(connection, Base64.encode(secret), 235...235, "the login")
        } else {
            throw Failure(
                message: "\(host) has neither AUTH PLAIN nor AUTH LOGIN; weir has no other way to "
                    + "log in", isTemporary: false)
        }
    }

    // MARK: Answers

    /// - Parameter what: what errors say instead of the command, which may be secret.
    @discardableResult
    private func command(
        _ connection: SMTPConnection, _ line: String, _ wanted: ClosedRange<Int>,
        _ what: String? = nil
    ) throws(Failure) -> SMTPReply {
        let reply = try exchange(connection) { connection throws(SMTPConnection.Failure) in
            try connection.command(line)
        }
        try judge(reply, wanted, what ?? "`\(line)`")
        return reply
    }

    private func exchange(
        _ connection: SMTPConnection,
        _ body: (SMTPConnection) throws(SMTPConnection.Failure) -> SMTPReply
    ) throws(Failure) -> SMTPReply {
        do throws(SMTPConnection.Failure) {
            return try body(connection)
        } catch {
            throw Failure(message: error.message, isTemporary: true)
        }
    }

    private func check(
        _ reply: SMTPReply, _ wanted: ClosedRange<Int>, _ what: String
    ) throws(SMTPConnection.Failure) {
        guard wanted.contains(reply.code) else {
            throw SMTPConnection.Failure(message: "\(host) greets with \(reply.code) \(reply.text)")
        }
    }

    /// 4xx may be otherwise later; 5xx will not, but for a login that is refused: somebody may set the password right.
    private func judge(
        _ reply: SMTPReply, _ wanted: ClosedRange<Int>, _ what: String
    ) throws(Failure) {
        guard !wanted.contains(reply.code) else { return }
        let text = SafeText.visible(SafeText.cut(reply.text, bytes: 200))
        throw Failure(
            message: "\(host) refuses \(what): \(reply.code) \(text)",
            isTemporary: reply.code < 500 || [530, 535, 454].contains(reply.code))
    }
}
