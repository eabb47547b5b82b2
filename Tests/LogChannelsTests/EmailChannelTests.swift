import Foundation
import LogAlerting
import LogRecords
import TestSupport
import Testing

@testable import LogChannels

@Suite struct EmailChannelTests {
    private func channel(
        _ server: MailServer, _ more: String = "require_tls: false"
    ) throws -> any LogAlerting.Channel {
        try Sample.channel(
            """
            email_configs:
              - to: 'Ops Team <ops@example.org>, b@example.org'
                from: 'weir <weir@example.org>'
                smarthost: 127.0.0.1:\(server.port)
                send_resolved: true
            \(more.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
            """)
    }

    /// The headers of a mail, unfolded, and its parts, decoded.
    private func mail(_ message: String) -> (headers: [String: String], parts: [String]) {
        let halves = message.components(separatedBy: "\n\n")
        var headers: [String: String] = [:]
        for line in halves[0].replacingOccurrences(of: "\n ", with: " ").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[String(parts[0])] = String(parts[1].dropFirst())
        }
        let parts = message.components(separatedBy: "base64\n\n").dropFirst().compactMap {
            Data(
                base64Encoded: $0.components(separatedBy: "\n--")[0],
                options: .ignoreUnknownCharacters)
        }
        return (headers, parts.map { String(decoding: $0, as: UTF8.self) })
    }

    @Test func aMail() throws {
        let server = try MailServer()
        defer { server.stop() }
        try channel(server).deliver(Sample.firing())
        let session = try #require(server.sessions.wait(for: 1).first)
        #expect(
            session.commands == [
                "EHLO example.org", "MAIL FROM:<weir@example.org>", "RCPT TO:<ops@example.org>",
                "RCPT TO:<b@example.org>", "DATA", "QUIT",
            ])
        #expect(!session.message.contains("(bare LF)"))
        let (headers, parts) = mail(session.message)
        #expect(headers["From"] == "weir <weir@example.org>")
        #expect(headers["To"] == "Ops Team <ops@example.org>, b@example.org")
        #expect(headers["Subject"] == "[FIRING] high_error_rate (service=api)")
        #expect(headers["Date"] == "Mon, 05 Jan 2026 10:00:00 +0000")
        #expect(headers["Content-Type"]?.hasPrefix("multipart/alternative; boundary=") == true)
        #expect(parts.count == 2)
        #expect(
            parts[0]
                == """
                [FIRING] high_error_rate (service=api)

                FIRING [critical] high_error_rate
                  12.3% fail
                  error_rate is 12.3% (threshold 5%) over 5m
                  service=api
                  since 2026-01-05T09:58:00Z
                  https://wiki.example/errors
                  https://grafana.example/d/1?a=b&c=d
                  weir query 'service:api'
                    | {"status":503}

                """.replacingOccurrences(of: "\n", with: "\r\n"))
        #expect(
            parts[1].contains(#"<a href="https://grafana.example/d/1?a=b&amp;c=d">Dashboard</a>"#))
    }

    @Test func mailsOfAGroupAreAThread() throws {
        let server = try MailServer()
        defer { server.stop() }
        let channel = try channel(server)
        try channel.deliver(Sample.firing())
        try channel.deliver(Sample.firing())
        try channel.deliver(Sample.resolved())
        try channel.deliver(Sample.firing(key: "k9", group: "other"))
        let mails = server.sessions.wait(for: 4).map { mail($0.message).headers }
        // An attempt that is repeated is the same mail.
        #expect(mails[0]["Message-ID"] == mails[1]["Message-ID"])
        #expect(mails[0]["Message-ID"] != mails[2]["Message-ID"])
        #expect(mails[0]["References"] == mails[2]["References"])
        #expect(mails[2]["In-Reply-To"] == mails[2]["References"])
        #expect(mails[3]["References"] != mails[2]["References"])
        #expect(mails[0]["Message-ID"]?.hasSuffix(".weir@example.org>") == true)
    }

    @Test func whatLogsSayForgesNothing() throws {
        let server = try MailServer()
        defer { server.stop() }
        try channel(
            server,
            "require_tls: false\nheaders: {Subject: 'Ä {{ .CommonAnnotations.summary }}', X-A: '{{ .Title }}'}\n"
                + "text: '{{ .CommonAnnotations.summary }}'"
        ).deliver(Sample.hostileNotification)
        let session = try #require(server.sessions.wait(for: 1).first)
        #expect(session.commands.count == 6)
        let (headers, parts) = mail(session.message)
        #expect(headers["Bcc"] == nil)
        #expect(headers["Subject"]?.hasPrefix("=?utf-8?B?") == true)
        for line in session.message.split(separator: "\n") { #expect(line.utf8.count <= 998) }
        #expect(parts[0].hasPrefix("<!channel> <https://evil.example|x>"))
        #expect(!parts[1].contains("<!channel>") && !parts[1].contains("javascript:\""))
        #expect(!parts[1].contains("<a href=\"javascript"))
    }

    @Test func dotsAreDoubled() {
        func f(_ text: String, _ want: String) {
            #expect(
                String(decoding: SMTPClient.stuffed(Array(text.utf8)), as: UTF8.self) == want)
        }
        f("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n")
        f(".", "..\r\n.\r\n")
        f("..a\r\n", "...a\r\n.\r\n")
        f("a.b", "a.b\r\n.\r\n")
    }

    @Test func subjectsAreEncoded() {
        #expect(EncodedWords.encode("plain (x)") == "plain (x)")
        #expect(EncodedWords.encode("grün") == "=?utf-8?B?Z3LDvG4=?=")
        #expect(EncodedWords.encode("=?utf-8?B?eA==?=").hasPrefix("=?utf-8?B?PT91"))
        #expect(EncodedWords.encode("A, B", isPhrase: true).hasPrefix("=?utf-8?B?"))
        let long = EncodedWords.encode(String(repeating: "ü", count: 200))
        for word in long.components(separatedBy: "\r\n ") {
            #expect(word.utf8.count <= 75 && word.hasPrefix("=?utf-8?B?") && word.hasSuffix("?="))
        }
    }

    @Test func addresses() {
        func f(_ text: String, _ want: String?) {
            #expect(EmailAddress(text)?.header == want, "\(text)")
        }
        f("a@b.example", "a@b.example")
        f(" Ann Lee <a@b.example> ", "Ann Lee <a@b.example>")
        f("\"Lee, Ann\" <a@b.example>", "=?utf-8?B?TGVlLCBBbm4=?= <a@b.example>")
        f("a", nil)
        f("@b", nil)
        f("a@", nil)
        f("a@b\r\nRCPT TO:<c@d>", nil)
        f("a@b> c", nil)
        f("x\r\n <a@b>", nil)
    }

    @Test func refusalsAreJudged() throws {
        func f(_ command: String, _ answer: String, _ isTemporary: Bool, _ more: String = "") throws
        {
            var behaviour = MailServer.Behaviour()
            behaviour.answers[command] = answer
            let server = try MailServer(behaviour)
            defer { server.stop() }
            let error = #expect(throws: ChannelError.self) {
                try channel(server, "require_tls: false\n" + more).deliver(Sample.firing())
            }
            #expect(error?.isTemporary == isTemporary, "\(command) \(answer)")
            #expect(error?.message.contains(String(answer.prefix(3))) == true, "\(error as Any)")
        }
        try f("greeting", "554 no", true)
        try f("MAIL", "451 later", true)
        try f("RCPT", "550 nobody", false)
        try f("RCPT", "450 greylisted", true)
        try f(".", "552 too big", false)
        try f(".", "452 full", true)
    }

    @Test func aServerThatSaysNothingOrNonsense() throws {
        var mute = MailServer.Behaviour()
        mute.isMute = true
        let silent = try MailServer(mute)
        defer { silent.stop() }
        let late = #expect(throws: ChannelError.self) {
            try channel(silent, "require_tls: false\ntimeout: 50ms").deliver(Sample.firing())
        }
        #expect(late?.isTemporary == true && late?.message.contains("no answer") == true)
        let web = try LoopbackServer { $0.write("HTTP/1.1 400 x\r\n\r\n") }
        defer { web.stop() }
        let other = try Sample.channel(
            "email_configs: [{to: a@b, from: c@d, smarthost: '127.0.0.1:\(web.port)', require_tls: false}]"
        )
        let error = #expect(throws: ChannelError.self) { try other.deliver(Sample.firing()) }
        #expect(error?.message.contains("does not speak SMTP") == true, "\(error as Any)")
    }

    // MARK: TLS

    @Test(.enabled(if: TestCertificate.isPossible))
    func startTLSAndLogin() throws {
        let certificate = try TestCertificate()
        var behaviour = MailServer.Behaviour()
        behaviour.features = ["STARTTLS"]
        behaviour.secureFeatures = ["AUTH PLAIN LOGIN"]
        behaviour.tls = try certificate.context()
        let server = try MailServer(behaviour)
        defer { server.stop() }
        let login =
            "auth_username: u\nauth_password: pass\ntls_config: {ca_file: \(certificate.path)}"
        try channel(server, login).deliver(Sample.firing())
        let session = try #require(server.sessions.wait(for: 1).first)
        #expect(session.isSecure)
        #expect(
            session.commands.prefix(4) == [
                "EHLO example.org", "STARTTLS", "EHLO example.org",
                "AUTH PLAIN " + Base64.encode("\0u\0pass"),
            ])
        // Without the authority nobody is trusted, and no password sent.
        let error = #expect(throws: ChannelError.self) {
            try channel(server, "auth_username: u\nauth_password: pass").deliver(Sample.firing())
        }
        #expect(
            error?.isTemporary == true && error?.message.contains("TLS") == true, "\(error as Any)")
        #expect(server.sessions.wait(for: 2)[1].commands == ["EHLO example.org", "STARTTLS"])
    }

    @Test(.enabled(if: TestCertificate.isPossible))
    func tlsFromTheFirstByteAndTheOtherLogin() throws {
        let certificate = try TestCertificate()
        var behaviour = MailServer.Behaviour()
        behaviour.features = ["AUTH LOGIN"]
        behaviour.tls = try certificate.context()
        behaviour.beginsWithTLS = true
        behaviour.answers[Base64.encode("pass")] = "235 welcome"
        let server = try MailServer(behaviour)
        defer { server.stop() }
        try channel(
            server,
            "force_implicit_tls: true\nauth_username: u\nauth_password: pass\n"
                + "tls_config: {ca_file: \(certificate.path)}"
        ).deliver(Sample.firing())
        let session = try #require(server.sessions.wait(for: 1).first)
        #expect(
            session.commands.prefix(4) == [
                "EHLO example.org", "AUTH LOGIN", Base64.encode("u"), Base64.encode("pass"),
            ])
    }

    @Test func nothingIsSentWithoutTLSThatIsRequired() throws {
        let server = try MailServer()
        defer { server.stop() }
        let error = #expect(throws: ChannelError.self) {
            try channel(server, "require_tls: true").deliver(Sample.firing())
        }
        #expect(error?.isTemporary == false && error?.message.contains("no STARTTLS") == true)
        #expect(server.sessions.wait(for: 1).first?.commands == ["EHLO example.org"])
    }

    @Test(.enabled(if: TestCertificate.isPossible))
    func whatIsSaidBeforeTLSIsNotBelieved() throws {
        let certificate = try TestCertificate()
        var behaviour = MailServer.Behaviour()
        behaviour.features = ["STARTTLS"]
        behaviour.tls = try certificate.context()
        behaviour.injection = "250 AUTH PLAIN"
        let server = try MailServer(behaviour)
        defer { server.stop() }
        let error = #expect(throws: ChannelError.self) {
            try channel(server, "tls_config: {ca_file: \(certificate.path)}").deliver(
                Sample.firing())
        }
        #expect(error?.isTemporary == true, "\(error as Any)")
        #expect(server.sessions.wait(for: 1).first?.commands.contains("MAIL") == false)
    }

    @Test func aRefusedLoginDoesNotShowThePassword() throws {
        var behaviour = MailServer.Behaviour()
        behaviour.features = ["AUTH PLAIN"]
        behaviour.answers["AUTH"] = "535 bad credentials"
        let server = try MailServer(behaviour)
        defer { server.stop() }
        let error = #expect(throws: ChannelError.self) {
            try channel(server, "require_tls: false\nauth_username: u\nauth_password: hunter2")
                .deliver(Sample.firing())
        }
        #expect(error?.message.hasSuffix("refuses the login: 535 bad credentials") == true)
        // Somebody may set it right.
        #expect(error?.isTemporary == true)
    }
}
