/// Lines about who came in and who was refused.
struct SecurityLines {
    /// What happened.
    private enum Event {
        case loginOK
        case loginFailed
        case unauthorized

        var name: StaticString {
            switch self {
            case .loginOK: "login_ok"
            case .loginFailed: "login_failed"
            case .unauthorized: "unauthorized"
            }
        }
    }

    /// Most people know their password.
    private static let failedPer10000 = 1200
    private static let unauthorizedPer10000 = 600

    private let okMessages: [MessageTemplate] = [
        "Login succeeded", "Login succeeded with second factor", "Login of {name} succeeded",
    ]
    private let failedMessages: [MessageTemplate] = [
        "Login failed: wrong password (attempt {few})", "Login failed: account locked",
        "Login failed: second factor timeout",
    ]
    private let unauthorizedMessages: [MessageTemplate] = [
        #"Key {hex} may not use scope "billing:write""#, "Signature of webhook {uuid} is invalid",
        "Possible SQL injection in parameter \"q\": ' OR '1'='1",
    ]

    /// Appends a line about an ordinary client, up to the end of its message.
    func append(
        at time: Instant, to buffer: inout LineBuffer, using random: inout RandomSource
    ) {
        let share = random.below(10_000)
        let event: Event
        let messages: [MessageTemplate]
        if share < Self.failedPer10000 {
            event = .loginFailed
            messages = failedMessages
        } else if share < Self.failedPer10000 + Self.unauthorizedPer10000 {
            event = .unauthorized
            messages = unauthorizedMessages
        } else {
            event = .loginOK
            messages = okMessages
        }
        appendHead(event, at: time, to: &buffer)
        // Carrier-grade NAT (RFC 6598): a large block that belongs to nobody in particular.
        buffer.append("100.64.")
        buffer.append(number: random.below(256))
        buffer.append(UInt8(ascii: "."))
        buffer.append(number: random.within(1...254))
        appendUser(UserDirectory.pick(using: &random), to: &buffer)
        messages[random.below(messages.count)].append(to: &buffer, using: &random)
    }

    /// Appends a line of the brute-force series, up to the end of its message.
    func appendBruteForce(
        succeeds: Bool, at time: Instant, to buffer: inout LineBuffer,
        using random: inout RandomSource
    ) {
        appendHead(succeeds ? .loginOK : .loginFailed, at: time, to: &buffer)
        buffer.append(BruteForce.address)
        appendUser(BruteForce.victim, to: &buffer)
        let messages = succeeds ? okMessages : failedMessages
        messages[0].append(to: &buffer, using: &random)
    }

    private func appendHead(_ event: Event, at time: Instant, to buffer: inout LineBuffer) {
        let level: StaticString =
            switch event {
            case .loginOK: "INFO"
            case .loginFailed, .unauthorized: "WARNING"
            }
        buffer.appendHead(time, level: level, service: .auth)
        buffer.append(",\"logger\":\"security\",\"event\":\"")
        buffer.append(event.name)
        buffer.append("\",\"client_ip\":\"")
    }

    private func appendUser(_ user: Int, to buffer: inout LineBuffer) {
        buffer.append("\",\"user_id\":\"")
        UserDirectory.append(user, to: &buffer)
        buffer.append("\",\"message\":\"")
    }
}
