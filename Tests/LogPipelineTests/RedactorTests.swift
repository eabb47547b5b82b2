import LogBytes
import LogMetrics
import LogRecords
import TestSupport
import Testing

@testable import LogPipeline

@Suite struct RedactorTests {
    /// The text of `lines` after redaction by `rules`, with and without vector code.
    private func redacted(
        _ lines: String, _ rules: String, counters: MetricsRegistry = MetricsRegistry()
    ) throws -> String {
        let rules = try RedactionRules(rules)
        let chunk = self.chunk(lines)
        let texts = [false, true].map { isPlain in
            let redactor = Redactor(
                rules: rules, counters: isPlain ? MetricsRegistry() : counters, isPlain: isPlain)
            return text(redactor.redact(chunk))
        }
        #expect(texts[0] == texts[1], "vector and plain code differ")
        return texts[0]
    }

    private func chunk(_ text: String) -> ByteChunk {
        let bytes = Array(text.utf8)
        let chunk = ByteChunk(capacity: bytes.count + 1)
        bytes.withView { chunk.append($0) }
        return chunk
    }

    private func bytes(_ chunk: ByteChunk) -> [UInt8] { Array(chunk.view) }

    private func text(_ chunk: ByteChunk) -> String {
        String(decoding: bytes(chunk), as: UTF8.self)
    }

    private func check(
        _ rules: String, _ line: String, _ want: String,
        _ place: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try redacted(line + "\n", rules) == want + "\n", sourceLocation: place)
    }

    @Test func emailAddresses() throws {
        func f(_ line: String, _ want: String, _ at: SourceLocation = #_sourceLocation) throws {
            try check("email", line, want, at)
        }
        try f("mail from ann.b+tag@example.co.uk, ok", "mail from [email], ok")
        try f(#"{"user":"a@b.de","n":1}"#, #"{"user":"[email]","n":1}"#)
        try f("user=a@b.de to=<c@d.org>", "user=[email] to=<[email]>")
        try f("a@b.de", "[email]")
        try f("a@b.de.", "[email].")
        try f("jürgen@müller.de grüßt", "[email] grüßt")
        // What hides in escapes.
        try f(#"{"m":"x\u0040y.org"}"#, #"{"m":"[email]"}"#)
        try f(#"{"m":"{\"to\":\"x@y.org\"}"}"#, #"{"m":"{\"to\":\"[email]\"}"}"#)
        try f(#"{"m":"a\nb@c.org"}"#, #"{"m":"a\n[email]"}"#)
        try f(#"{"m":"{\"to\":\"x\\u0040y.org\"}"}"#, #"{"m":"{\"to\":\"[email]\"}"}"#)
        try f("/find?q=ann%40example.org&p=2", "/find?q=[email]&p=2")
        try f("/find?q=ann%2540example.org", "/find?q=[email]")
        // What is none.
        try f("root@localhost", "root@localhost")
        try f("pkg@1.2.3 and @decorator a@", "pkg@1.2.3 and @decorator a@")
        try f("ssh git@10.0.0.1", "ssh git@10.0.0.1")
    }

    @Test func paymentCards() throws {
        func f(_ line: String, _ want: String, _ at: SourceLocation = #_sourceLocation) throws {
            try check("card", line, want, at)
        }
        try f("paid with 4111111111111111.", "paid with [card].")
        try f("4111 1111 1111 1111 12/27", "[card] 12/27")
        try f("on 2025-01-18 5500-0000-0000-0004", "on 2025-01-18 [card]")
        try f("amex 3782 822463 10005", "amex [card]")
        try f(#"{"pan":"6011000990139424","n":1}"#, #"{"pan":"[card]","n":1}"#)
        try f(#"{"pan":6011000990139424,"n":1}"#, #"{"pan":"[card]","n":1}"#)
        try f(#"{"m":"\u0034111111111111111"}"#, #"{"m":"[card]"}"#)
        try f("q=4111%201111%201111%201111&x", "q=[card]&x")
        try f("q=4111+1111+1111+1111&x", "q=[card]&x")
        try f(
            "4111111111111111 4012888888881881 x4111111111111111",
            "[card] [card] x4111111111111111")
        // A wrong check digit, an epoch, a trace id, a decimal number, a longer number.
        for text in [
            "4111111111111112", "1737201600000000", "1737201600123456789",
            "4bf92f3577b34da6a3ce929d0e0e4736", "0.4111111111111111", "94111111111111111",
            "4111  1111 1111 1111",
        ] {
            try f(text, text)
        }
    }

    @Test func networkAddresses() throws {
        func f(_ line: String, _ want: String, _ at: SourceLocation = #_sourceLocation) throws {
            try check("ip", line, want, at)
        }
        try f("from 192.168.17.204 port 22", "from 192.168.17.0 port 22")
        try f(#"{"ip":"10.1.2.3"}"#, #"{"ip":"10.1.2.0"}"#)
        try f("10.1.2.3:8080, 10.1.2.4.", "10.1.2.0:8080, 10.1.2.0.")
        try f("10.1.2.0", "10.1.2.0")
        try f("[2001:db8:85a3:8d3:1319:8a2e:370:7348]:443", "[2001:db8:85a3::]:443")
        try f("2001:db8::1 and fe80::1ff:fe23:4567:890a", "2001:db8:: and fe80::")
        try f("::1", "::1")
        try f("::ffff:10.1.2.3", "::ffff:10.1.2.0")
        try f("host=10%2e1%2e2%2e3", "host=10%2e1%2e2%2e0")
        for text in [
            "2025-01-18T12:00:00.123Z", "1.2.3", "1.2.3.4.5", "300.1.1.1", "v1.2.3.4",
            "std::vector",
            "a:b:c:d", "00:1b:44:11:3a:b7", #"{"a":1,"b":2,"c":3,"d":4}"#, "12.5 13.25 14.125",
        ] {
            try f(text, text)
        }
    }

    @Test func secrets() throws {
        func f(_ line: String, _ want: String, _ at: SourceLocation = #_sourceLocation) throws {
            try check("secret", line, want, at)
        }
        try f("Authorization: Bearer abcdef0123456789", "Authorization: [secret]")
        try f(#"{"h":"bearer abcdef0123456789"}"#, #"{"h":"bearer [secret]"}"#)
        try f("sent Basic dXNlcjpwYXNz to x", "sent Basic [secret] to x")
        try f(
            "Basic authentication failed, bearer of bad news",
            "Basic authentication failed, bearer of bad news")
        try f("key AKIAIOSFODNN7EXAMPLE!", "key [secret]!")
        try f("xAKIAIOSFODNN7EXAMPLE AKIA123", "xAKIAIOSFODNN7EXAMPLE AKIA123")
        try f("t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_9", "t=[secret]")
        try f("eyJust a word", "eyJust a word")
        let token = String(repeating: "a1", count: 18)
        try f("git ghp_\(token) push", "git [secret] push")
        try f(
            #"{"k":"-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----"}"#,
            #"{"k":"-----BEGIN RSA PRIVATE KEY-----[secret]-----END RSA PRIVATE KEY-----"}"#)
        try f("/v1?api_key=s3cr3t&page=2", "/v1?api_key=[secret]&page=2")
        try f(#"{"Password":"hunter2","user":"ann"}"#, #"{"Password":"[secret]","user":"ann"}"#)
        try f("password reset for ann", "password reset for ann")
    }

    @Test func namedFields() throws {
        func f(_ line: String, _ want: String, _ at: SourceLocation = #_sourceLocation) throws {
            try check("field:ssn,field:Card.Holder", line, want, at)
        }
        try f(#"{"ssn":"1-2","a":"ssn"}"#, #"{"ssn":"[redacted]","a":"ssn"}"#)
        try f(#"{"SSN" : 12.5e3}"#, #"{"SSN" : "[redacted]"}"#)
        try f(#"{"ssn":true,"x":[1]}"#, #"{"ssn":"[redacted]","x":[1]}"#)
        try f(#"{"ssn":{"a":["}",{}]},"b":1}"#, #"{"ssn":"[redacted]","b":1}"#)
        try f(#"{"ssn":null,"b":""}"#, #"{"ssn":null,"b":""}"#)
        try f(#"{"ssn":""}"#, #"{"ssn":""}"#)
        try f(#"{"card.holder":"Ann"}"#, #"{"card.holder":"[redacted]"}"#)
        try f(#"{"s\u0073n":"1"}"#, #"{"s\u0073n":"[redacted]"}"#)
        try f(#"{"ssn":"a\"b\\","c":1}"#, #"{"ssn":"[redacted]","c":1}"#)
        // JSON in a JSON string, once and twice.
        try f(
            #"{"m":"{\"ssn\":\"1\\\"2\",\"n\":1}"}"#, #"{"m":"{\"ssn\":\"[redacted]\",\"n\":1}"}"#)
        try f(#"{"m":"{\"ssn\":17}"}"#, #"{"m":"{\"ssn\":\"[redacted]\"}"}"#)
        try f(
            #"{"m":"{\"i\":\"{\\\"ssn\\\":\\\"1\\\"}\"}"}"#,
            #"{"m":"{\"i\":\"{\\\"ssn\\\":\\\"[redacted]\\\"}\"}"}"#)
        try f(
            "level=info ssn=1-2 ssn=\"a b\" x=1", "level=info ssn=[redacted] ssn=\"[redacted]\" x=1"
        )
        try f("Ssn: 123, next", "Ssn: [redacted], next")
        try f("my_ssn=1 ssn_x=2 ssn", "my_ssn=1 ssn_x=2 ssn")
        try f(#"{"ssn":"not closed"#, #"{"ssn":"[redacted]"#)
    }

    @Test func manyAreCountedByRule() throws {
        let counters = MetricsRegistry()
        let lines = "a@b.de c@d.de\n{\"pin\":1}\nnothing\n4111111111111111\n"
        #expect(
            try redacted(lines, "email,card,field:pin", counters: counters)
                == "[email] [email]\n{\"pin\":\"[redacted]\"}\nnothing\n[card]\n")
        #expect(
            counters.values(.redactions) == ["email": 2, "card": 1, "field:pin": 1])
    }

    @Test func aChunkWithoutFindingsIsTheSame() throws {
        let redactor = Redactor(
            rules: try RedactionRules("email,card,secret,ip"), counters: MetricsRegistry())
        let clean = chunk("{\"a\":1}\n")
        #expect(redactor.redact(clean) === clean)
        let dirty = chunk("a@b.de\n")
        #expect(redactor.redact(dirty) !== dirty)
    }

    @Test func linesWithNewlinesStayOneAndCutsAreKept() throws {
        let chunk = chunk("a@b.de\none x@y.de\ntwo\nlast z@y.de\n")
        chunk.oneLineRanges = [7..<22]
        chunk.cutLines = 1
        chunk.cutBytes = 5
        let redactor = Redactor(rules: try RedactionRules("email"), counters: MetricsRegistry())
        let copy = redactor.redact(chunk)
        #expect(text(copy) == "[email]\none [email]\ntwo\nlast [email]\n")
        #expect(copy.oneLineRanges == [8..<24])
        #expect(copy.cutLines == 1 && copy.cutBytes == 5)
        let batch = RecordBatch()
        batch.reset(over: copy, arrivalTime: 0)
        batch.appendLines(of: copy)
        #expect(batch.records.count == 3)
    }

    /// What is redacted in a line does not depend on what stands around it in the chunk; JSON stays JSON.
    @Test func everyPlaceInAChunkIsSearched() throws {
        let secrets = [
            (#"{"m":"a@b.de"}"#, #"{"m":"[email]"}"#), ("4111 1111 1111 1111", "[card]"),
            ("10.1.2.3", "10.1.2.0"), ("2001:db8::1", "2001:db8::"),
            ("2001:db8:85a3:8d3:1319:8a2e:370:7348", "2001:db8:85a3::"),
            ("ssn=7", "ssn=[redacted]"),
            ("AKIAIOSFODNN7EXAMPLE", "[secret]"),
        ]
        for before in 0..<200 {
            var lines = String(repeating: "-", count: before) + "\n"
            var want = lines
            for (line, replaced) in secrets {
                lines += line + "\n"
                want += replaced + "\n"
            }
            #expect(try redacted(lines, "email,card,ip,secret,field:ssn") == want)
        }
    }

    @Test func anyBytesAreTakenWithoutATrap() throws {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array(#"{}[]":,\u0040%2540.@12345678901 abcssn=-:4111é"#.utf8)
        let rules = try RedactionRules("email,card,ip,secret,field:ssn,field:a")
        for _ in 0..<3_000 {
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            let chunk = ByteChunk(capacity: bytes.count + 1)
            bytes.withView { chunk.append($0) }
            let texts = [false, true].map { isPlain in
                let redactor = Redactor(
                    rules: rules, counters: MetricsRegistry(), isPlain: isPlain)
                return self.bytes(redactor.redact(chunk))
            }
            #expect(texts[0] == texts[1])
            // Nothing is left to be found the second time, but what a mark has brought together.
            #expect(bytes.count(where: { $0 == 10 }) == texts[0].count(where: { $0 == 10 }))
        }
    }

    @Test func rulesAreReadAndWrongOnesTold() throws {
        func error(_ text: String) -> String? {
            do throws(RedactionError) {
                _ = try RedactionRules(text)
                return nil
            } catch {
                return error.description
            }
        }
        let rules = try RedactionRules("email, ip,field:User.Name,field:user.name")
        #expect(rules.kinds == [.email, .ip])
        #expect(rules.fields == ["user.name"])
        #expect(
            error("emial")
                == "`emial` is no rule of redaction: there are `email`, `card`, `secret`, `ip` and "
                + "`field:NAME`")
        #expect(error("")?.hasPrefix("`` is no rule") == true)
        #expect(error("field:")?.hasPrefix("`field:` names no field") == true)
        #expect(error("field:a b")?.hasPrefix("`field:a b` names no field") == true)
        #expect(try RedactionRules(all: ["email", "card"]).kinds == [.email, .card])
    }
}
