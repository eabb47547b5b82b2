import LogBytes
import LogJSON
import LogRecords
import TestSupport
import Testing

/// Lines of every format, with the fields that they must be found to have.
private let examples: [(format: LineFormat, line: String, fields: [(String, String)])] = [
    (.json, #"{"level":"INFO","n":5}"#, [("level", "INFO"), ("n", "5")]),
    (.json, " \t{\"a\":1}", [("a", "1")]),
    (.json, #"{"log":{"level":"info"},"x":"{}"}"#, [("log.level", "info"), ("x", "{}")]),
    (
        .docker,
        #"{"log":"{\"level\":\"info\",\"msg\":\"say \\\"hi\\\" \u003cb\u003e\\n\",\"n\":1.50,\"a\":[\"x\",2],\"h\":{\"s\":200,\"z\":null}}\n","stream":"stdout","time":"T"}"#,
        [
            ("level", "info"), ("msg", "say \"hi\" <b>\n"), ("n", "1.50"), ("a", "[\"x\",2]"),
            ("h.s", "200"), ("h.z", ""), ("stream", "stdout"), ("time", "T"),
        ]
    ),
    (
        .docker, #"{"log":"{ \"a\" : 1 }","stream":"stdout","attrs":{"tag":"t"},"time":"T"}"#,
        [("a", "1"), ("stream", "stdout"), ("attrs.tag", "t"), ("time", "T")]
    ),
    (
        .docker, #"{"log":"plain \"text\"\n","stream":"stderr","time":"T"}"#,
        [("log", "plain \"text\""), ("stream", "stderr"), ("time", "T")]
    ),
    (
        .docker, #"{"log":"{\"cut\":\"off\n","stream":"stderr","time":"T"}"#,
        [("log", "{\"cut\":\"off"), ("stream", "stderr"), ("time", "T")]
    ),
    (
        .docker,
        #"{"log":"level=warn msg=\"a b\" d=3ms p=/\u003c\n","stream":"stderr","time":"T"}"#,
        [
            ("level", "warn"), ("msg", "a b"), ("d", "3ms"), ("p", "/<"), ("stream", "stderr"),
            ("time", "T"),
        ]
    ),
    (
        .logfmt, "level=info ready msg=x note=",
        [("level", "info"), ("ready", "true"), ("msg", "x"), ("note", "")]
    ),
    (
        .rfc3164, "2025-01-18T12:00:00+00:00 shop-1 shop: hello",
        [
            ("timestamp", "2025-01-18T12:00:00+00:00"), ("hostname", "shop-1"),
            ("app_name", "shop"),
            ("_msg", "hello"),
        ]
    ),
    (
        .cri, #"2025-01-18T12:00:00.123456789Z stdout F {"level":"warn"}"#,
        [
            ("time", "2025-01-18T12:00:00.123456789Z"), ("stream", "stdout"), ("logtag", "F"),
            ("level", "warn"),
        ]
    ),
    (
        .cri, #"2025-01-18T12:00:00.1+01:00 stderr F:x level=info msg="a \"b\"\x21" d=3ms"#,
        [
            ("time", "2025-01-18T12:00:00.1+01:00"), ("stream", "stderr"), ("logtag", "F:x"),
            ("level", "info"), ("msg", "a \"b\"!"), ("d", "3ms"),
        ]
    ),
    (
        .cri, "2025-01-18T12:00:00Z stdout F {broken",
        [
            ("time", "2025-01-18T12:00:00Z"), ("stream", "stdout"), ("logtag", "F"),
            ("_msg", "{broken"),
        ]
    ),
    (
        .cri, "2025-01-18T12:00:00Z stdout F ",
        [("time", "2025-01-18T12:00:00Z"), ("stream", "stdout"), ("logtag", "F"), ("_msg", "")]
    ),
    (
        .journald, #"{"__REALTIME_TIMESTAMP":"1737201600000000","MESSAGE":"m","PRIORITY":"3"}"#,
        [("__REALTIME_TIMESTAMP", "1737201600000000"), ("MESSAGE", "m"), ("PRIORITY", "3")]
    ),
    (
        .logfmt, #"level=info msg="hello \t world" path=/a?b=c empty= q="" "#,
        [
            ("level", "info"), ("msg", "hello \t world"), ("path", "/a?b=c"), ("empty", ""),
            ("q", ""),
        ]
    ),
    (
        .prefixed, #"caddy  | {"level":"info","ts":1.5}"#,
        [("prefix", "caddy  | "), ("level", "info"), ("ts", "1.5")]
    ),
    (
        .rfc5424,
        "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{FEFF}'su root' failed",
        [
            ("priority", "34"), ("timestamp", "2003-10-11T22:14:15.003Z"),
            ("hostname", "mymachine.example.com"), ("app_name", "su"), ("proc_id", "-"),
            ("msg_id", "ID47"), ("structured_data", "-"), ("_msg", "'su root' failed"),
        ]
    ),
    (
        .rfc5424, #"<165>1 - h app 8 ID [e@1 i="3" s="a\"]\\"][f b="c"] {"level":"error"}"#,
        [
            ("priority", "165"), ("timestamp", "-"), ("hostname", "h"), ("app_name", "app"),
            ("proc_id", "8"), ("msg_id", "ID"),
            ("structured_data", #"[e@1 i="3" s="a\"]\\"][f b="c"]"#), ("level", "error"),
        ]
    ),
    (
        .rfc5424, "<0>1 2003-10-11T22:14:15Z h a - - -",
        [
            ("priority", "0"), ("timestamp", "2003-10-11T22:14:15Z"), ("hostname", "h"),
            ("app_name", "a"), ("proc_id", "-"), ("msg_id", "-"), ("structured_data", "-"),
            ("_msg", ""),
        ]
    ),
    (
        .rfc3164, "<34>Oct 11 22:14:15 mymachine su[230]: 'su root' failed",
        [
            ("priority", "34"), ("timestamp", "Oct 11 22:14:15"), ("hostname", "mymachine"),
            ("app_name", "su"), ("proc_id", "230"), ("_msg", "'su root' failed"),
        ]
    ),
    (
        .rfc3164, "<13>Oct  1 22:14:15 root: hello",
        [
            ("priority", "13"), ("timestamp", "Oct  1 22:14:15"), ("app_name", "root"),
            ("_msg", "hello"),
        ]
    ),
    (
        .rfc3164, "Jan 18 12:00:00 host sshd[99]: Failed password",
        [
            ("timestamp", "Jan 18 12:00:00"), ("hostname", "host"), ("app_name", "sshd"),
            ("proc_id", "99"), ("_msg", "Failed password"),
        ]
    ),
    (
        .rfc3164, #"2025-01-18T12:00:00.123456+01:00 host app: @cee: {"n":1}"#,
        [
            ("timestamp", "2025-01-18T12:00:00.123456+01:00"), ("hostname", "host"),
            ("app_name", "app"), ("n", "1"),
        ]
    ),
    (
        .gelf, #"{"version":"1.1","host":"h","short_message":"m","_user_id":9}"#,
        [("version", "1.1"), ("host", "h"), ("short_message", "m"), ("_user_id", "9")]
    ),
]

/// Lines that look like a format and are text.
private let texts = [
    "", "just words", "{broken", "x=1 y=2", "level=info and words", "level=info", "a=b msg",
    "<34>no syslog", "<192>Oct 11 22:14:15 h a: m", "<34>1 yesterday h a - - -",
    "<034>Oct 11 22:14:15 h a: m", "Jan 18 12:00:00 no tag here", "Jan 38 1x:00:00 h a: m",
    "2025-01-18T12:00:00Z stdin F x", "2025-01-18T12:00:00Z stdout X x",
    "2025-01-18T12:00:00Z ERROR failed: x",
    "2025-01-18T12:00:00+00:00 ERROR failed: x", "2025-01-18 12:00:00 LOG: said {\"a\": 1}",
    "text {\"a\":1} more", "text {\"a\":1", "msg=\"open",
    "<34>1 2003-10-11T22:14:15Z h a - - [open",
]

@Suite struct LineFormatTests {
    private func fields(_ lines: LineBatch, _ record: Record) -> [String] {
        var scratch = ByteWriter()
        return lines.batch.shape(record).fields.enumerated().map { index, field in
            let text = lines.batch.text(record, FieldSlot(field: index), scratch: &scratch).text
            return "\(field.path)=\(text)"
        }
    }

    @Test func eachFormatHasItsFields() throws {
        let lines = try LineBatch()
        for example in examples {
            let record = lines.take(example.line)
            #expect(lines.batch.shape(record).format == example.format, "\(example.line)")
            #expect(
                fields(lines, record) == example.fields.map { "\($0.0)=\($0.1)" }, "\(example.line)"
            )
            #expect(lines.batch.unparsed.isEmpty, "\(example.line)")
        }
    }

    @Test func whatIsNotQuiteAFormatIsText() throws {
        let lines = try LineBatch()
        for text in texts {
            let record = lines.take(text)
            #expect(lines.batch.shape(record).format == .text, "\(text)")
            #expect(fields(lines, record) == ["_msg=\(text)"])
            #expect(lines.batch.unparsed.values.reduce(0, +) == 1)
        }
    }

    /// The examples, and lines that differ from them in a few bytes.
    private func mutated(_ random: inout SeededGenerator) -> [UInt8] {
        let bases = examples.map(\.line) + texts
        var line = Array((bases.randomElement(using: &random) ?? "").utf8)
        let bytes = Array("\"\\{}[]:,= <>|-n0u\t\u{1}é".utf8)
        for _ in 0..<Int.random(in: 0...3, using: &random) where !line.isEmpty {
            let place = Int.random(in: 0..<line.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: line.remove(at: place)
            case 1: line.insert(bytes.randomElement(using: &random) ?? 0, at: place)
            case 2: line[place] = bytes.randomElement(using: &random) ?? 0
            default: line.removeSubrange(place...)
            }
        }
        return line
    }

    /// In memory whose next page nobody may read. What a line is found to be must not depend on the lines before it, and
    /// reading it again in the format that it was found to be in must find the same: journal and segments rely on it.
    @Test func anyLineComesBackAndIsReadTheSameAgain() throws {
        var random = SeededGenerator(seed: 7)
        let lines = try LineBatch()
        let again = try LineBatch()
        var formats = Set<LineFormat>()
        for _ in 0..<40_000 {
            let line = mutated(&random)
            let record = lines.take(line)
            let format = lines.batch.shape(record).format
            #expect(lines.rebuilt(record) == line)
            let alone = try LineBatch(capacity: 1 << 12)
            for (other, wanted) in [(alone, nil), (again, format)] as [(LineBatch, LineFormat?)] {
                other.batch.format = wanted
                let second = other.take(line)
                #expect(other.batch.shape(second).format == format)
                #expect(other.batch.shape(second).fields == lines.batch.shape(record).fields)
                #expect(fields(other, second) == fields(lines, record))
                #expect(second.time == record.time && second.level == record.level)
            }
            formats.insert(format)
        }
        #expect(formats == Set(LineFormat.allCases))
    }

    @Test func aFormatMayBeForced() throws {
        let lines = try LineBatch()
        lines.batch.format = .logfmt
        #expect(fields(lines, lines.take("x=1 y=2")) == ["x=1", "y=2"])
        #expect(lines.batch.shape(lines.take(#"{"a":1}"#)).format == .text)
        lines.batch.format = .text
        #expect(fields(lines, lines.take(#"{"a":1}"#)) == [#"_msg={"a":1}"#])
        lines.batch.format = .json
        #expect(lines.batch.shape(lines.take("level=info msg=x")).format == .text)
        #expect(lines.batch.shape(lines.take(#"{"a":1}"#)).format == .json)
    }
}
