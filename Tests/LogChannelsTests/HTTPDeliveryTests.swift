import LogAlerting
import LogRecords
import TestSupport
import Testing

@testable import LogChannels

/// What becomes of a notification when the receiver is not as it should be.
@Suite struct HTTPDeliveryTests {
    /// The error of a webhook whose receiver answers so.
    private func failure(
        _ answer: String, secret: String = "hook?token=verysecret"
    ) throws -> ChannelError? {
        let receiving = try Receiving([answer])
        defer { receiving.server.stop() }
        let channel = try Sample.channel("webhook_configs: [{url: '\(receiving.url)/\(secret)'}]")
        do {
            try channel.deliver(Sample.firing())
            return nil
        } catch {
            return error
        }
    }

    @Test func answersAreJudged() throws {
        func f(_ status: Int, _ isTemporary: Bool?, _ headers: String = "", after: Int64? = nil)
            throws
        {
            let error = try failure(Receiving.answer(status, "why", headers))
            #expect(error?.isTemporary == isTemporary, "\(status)")
            #expect(error?.retryAfter == after.map { $0 * Timestamp.second }, "\(status)")
            if let error {
                #expect(error.message.contains(" answered \(status)"), "\(error)")
                #expect(error.receiver == "team/webhook")
            }
        }
        try f(200, nil)
        try f(202, nil)
        try f(400, false)
        try f(401, false)
        try f(404, false, "retry-after: 5\r\n")
        try f(408, true)
        try f(429, true, "retry-after: 7\r\n", after: 7)
        try f(429, true, "retry-after: Mon, 05 Jan 2026 10:00:30 GMT\r\n", after: 30)
        try f(429, true, "retry-after: 999999\r\n", after: 3_600)
        try f(429, true, "retry-after: soon\r\n")
        try f(500, true)
        try f(503, true, "retry-after: 0\r\n", after: 0)
        try f(302, false, "location: http://127.0.0.1:1/\r\n")
        try f(307, false, "location: http://127.0.0.1:1/\r\n")
    }

    @Test func redirectsAreNotFollowed() throws {
        let other = try Receiving()
        defer { other.server.stop() }
        let error = try failure(Receiving.answer(302, "", "location: \(other.url)/\r\n"))
        #expect(error?.message.contains("does not follow") == true)
        #expect(other.requests.all.isEmpty)
    }

    @Test func answersThatRepeatASecretDoNotShowIt() throws {
        let error = try failure(
            Receiving.answer(400, "bad token=verysecret\u{1b}[2J of hook?token=verysecret"))
        #expect(error?.message.contains("verysecret") == false || error == nil, "\(error as Any)")
        #expect(error?.message.contains("\u{1b}") == false)
        let basic = try Receiving([Receiving.answer(403, "no: hunter22")])
        defer { basic.server.stop() }
        let channel = try Sample.channel(
            """
            webhook_configs:
              - url: \(basic.url)
                http_config: {authorization: {credentials: hunter22}}
            """)
        let refused = #expect(throws: ChannelError.self) { try channel.deliver(Sample.firing()) }
        #expect(refused?.message.hasSuffix("answered 403: no: <secret>") == true)
        #expect(basic.requests.all.first?.headers["authorization"] == "Bearer hunter22")
    }

    @Test func aLongAnswerIsNotKept() throws {
        let error = try failure(Receiving.answer(400, String(repeating: "x", count: 1 << 20)))
        #expect((error?.message.utf8.count ?? 0) < 400)
    }

    @Test func nobodyListens() throws {
        let closed = try Receiving()
        closed.server.stop()
        let channel = try Sample.channel("webhook_configs: [{url: '\(closed.url)/secretpath'}]")
        let error = #expect(throws: ChannelError.self) { try channel.deliver(Sample.firing()) }
        #expect(error?.isTemporary == true)
        #expect(error?.message.contains("refused") == true, "\(error as Any)")
        #expect(error?.message.contains("secretpath") == false)
    }

    @Test func theConnectionIsReset() throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 ok\r\ncontent-length: 100\r\n\r\nhalf")
            connection.reset()
        }
        defer { server.stop() }
        let channel = try Sample.channel(
            "webhook_configs: [{url: 'http://127.0.0.1:\(server.port)/'}]")
        let error = #expect(throws: ChannelError.self) { try channel.deliver(Sample.firing()) }
        #expect(error?.isTemporary == true)
    }

    @Test func theAnswerDoesNotCome() throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            // Until the other side has had enough.
            _ = connection.read()
        }
        defer { server.stop() }
        let channel = try Sample.channel(
            "webhook_configs: [{url: 'http://127.0.0.1:\(server.port)/', timeout: 50ms}]")
        let error = #expect(throws: ChannelError.self) { try channel.deliver(Sample.firing()) }
        #expect(error?.isTemporary == true)
        #expect(error?.message.hasSuffix("no answer within 50ms") == true, "\(error as Any)")
    }

    @Test func theOtherSideSpeaksNoTLS() throws {
        let server = try LoopbackServer { connection in
            _ = connection.read()
            connection.write("HTTP/1.1 400 plain\r\n\r\n")
        }
        defer { server.stop() }
        let channel = try Sample.channel(
            "webhook_configs: [{url: 'https://127.0.0.1:\(server.port)/'}]")
        let error = #expect(throws: ChannelError.self) { try channel.deliver(Sample.firing()) }
        #expect(error?.isTemporary == true)
        #expect(error?.message.contains("TLS") == true, "\(error as Any)")
    }

    // MARK: Addresses that the operator did not write

    @Test func anAddressFromALabelMustBePublic() throws {
        func f(_ url: String, _ service: String, _ message: String) throws {
            let channel = try Sample.channel("http_configs: [{url: '\(url)', body: x}]")
            let alert = Sample.alert(service: service)
            let error = #expect(throws: ChannelError.self) {
                try channel.deliver(Sample.firing(alerts: [alert]))
            }
            #expect(error?.isTemporary == false)
            #expect(error?.message.contains(message) == true, "\(error as Any)")
        }
        let receiving = try Receiving()
        defer { receiving.server.stop() }
        let port = receiving.server.port
        try f("{{ .CommonLabels.service }}", "http://127.0.0.1:\(port)/", "is no https address")
        try f("https://{{ .CommonLabels.service }}/", "127.0.0.1:\(port)", "is not public")
        try f("https://{{ .CommonLabels.service }}/", "localhost:\(port)", "is not public")
        try f("https://{{ .CommonLabels.service }}/", "2130706433:\(port)", "is not public")
        try f("https://{{ .CommonLabels.service }}/", "[::1]:\(port)", "is not public")
        try f("https://{{ .CommonLabels.service }}/", "[::ffff:127.0.0.1]:\(port)", "is not public")
        try f("https://{{ .CommonLabels.service }}/", "10.0.0.1", "is not public")
        try f("https://x{{ .CommonLabels.service }}/", "@127.0.0.1", "is not public")
        #expect(receiving.requests.all.isEmpty)
    }

    @Test func privateRanges() {
        func f(_ bytes: [UInt8], _ want: Bool) {
            #expect(PublicAddress.isPublic(bytes) == want, "\(bytes)")
        }
        f([8, 8, 8, 8], true)
        f([172, 15, 0, 1], true)
        f([172, 16, 0, 1], false)
        f([172, 31, 255, 1], false)
        f([172, 32, 0, 1], true)
        f([169, 254, 169, 254], false)
        f([100, 64, 0, 1], false)
        f([100, 128, 0, 1], true)
        f([192, 168, 1, 1], false)
        f([0, 0, 0, 0], false)
        f([224, 0, 0, 1], false)
        f([255, 255, 255, 255], false)
        func six(_ head: [UInt8]) -> [UInt8] {
            head + [UInt8](repeating: 1, count: 16 - head.count)
        }
        f(six([0x2A, 0x00]), true)
        f(six([0x20, 0x01, 0x48]), true)
        f(six([0xFE, 0x80]), false)
        f(six([0xFD]), false)
        f(six([0x20, 0x02]), false)
        f(six([0x20, 0x01, 0x00]), false)
        f(six([0x20, 0x01, 0x0D, 0xB8]), false)
        f([UInt8](repeating: 0, count: 15) + [1], false)
        f([], false)
    }

    @Test func addressesAreTakenApart() throws {
        let address = try WebAddress("https://us%20er:p%40ss@example.org:8443/a?b=c#d")
        #expect(address.url == "https://example.org:8443/a?b=c")
        #expect(address.shown == "https://example.org:8443")
        #expect(address.authorization == "Basic " + Base64.encode("us er:p@ss"))
        #expect(try WebAddress("http://[::1]").shown == "http://[::1]")
        func f(_ text: String, _ message: String) {
            let fault = #expect(throws: WebAddress.Fault.self) { try WebAddress(text) }
            #expect(fault?.message.contains(message) == true, "\(text)")
        }
        f("ftp://x/", "begins with http:// or https://")
        f("x", "begins with http:// or https://")
        f("http://", "no host")
        f("http://x:99999/", "the port")
        f("http://x/\r\nBcc: y", "no blanks")
        f("http://::1/", "stands in [ ]")
        f("http://%zz@x/", "not well encoded")
    }
}
