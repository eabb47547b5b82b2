import Foundation
import TestSupport
import Testing

/// `weir parse`, as people debug their logs with it and conformance runs use it.
@Suite(.serialized) struct ParseTests {
    @Test func eachLineIsOneObject() throws {
        let scratch = try Scratch()
        let input = """
            {"timestamp":"2025-01-18T12:00:00Z","level":"INFO","service":"api","endpoint":"/x",\
            "duration_ms":125,"status_code":200,"trace_id":"t","message":"caf\\u00e9 \\"x\\"","n":{"a":null}}
            plain text
            {"a":tru}
            """
        let result = try WeirProcess.run("parse", in: scratch, input: Data(input.utf8))
        #expect(result.status == 1)
        #expect(
            result.lines.map(String.init) == [
                #"{"ok":true,"format":"json","_time":"2025-01-18T12:00:00.000000000Z","level":"info","#
                    + #""service":"api","endpoint":"/x","duration_ms":125,"status_code":200,"trace_id":"t","#
                    + #""_msg":"café \"x\"","fields":{"timestamp":"2025-01-18T12:00:00Z","level":"INFO","#
                    + #""service":"api","endpoint":"/x","duration_ms":"125","status_code":"200","#
                    + #""trace_id":"t","message":"café \"x\"","n.a":""}}"#,
                #"{"ok":true,"format":"text","_msg":"plain text","fields":{"_msg":"plain text"}}"#,
                #"{"ok":false,"error":"json_bad_literal","offset":8}"#,
            ])
    }

    @Test func aForcedFormatRefusesWhatIsNone() throws {
        let scratch = try Scratch()
        let text = Data("x=1 y=2\n".utf8)
        let own = try WeirProcess.run("parse", in: scratch, input: text)
        #expect(own.status == 0 && own.text.contains(#""format":"text""#))
        let forced = try WeirProcess.run("parse", "--format", "logfmt", in: scratch, input: text)
        #expect(forced.status == 0 && forced.text.contains(#""fields":{"x":"1","y":"2"}"#))
        let wrong = try WeirProcess.run("parse", "--format", "json", in: scratch, input: text)
        #expect(wrong.status == 1 && wrong.text.contains(#""ok":false"#))
        let unknown = try WeirProcess.run("parse", "--format", "xml", in: scratch, input: text)
        #expect(unknown.status == 2 && unknown.errors.contains("logfmt"))
    }

    @Test func aForcedFormatOfIngestHoldsInSegmentsToo() throws {
        let scratch = try Scratch()
        let lines = Data("x=1 y=2\nx=3 y=4\n".utf8)
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, "--format", "logfmt", in: scratch, input: lines)
        #expect(result.status == 0)
        for query in [
            "x:=3", "x:=3 | sort by (y)", "* | sort by (y desc) | filter x:=3 | fields x, y",
        ] {
            let found = try WeirProcess.run("query", "--data", scratch.data, query, in: scratch)
            #expect(found.lines.count == 1, "\(query): \(found.text)")
        }
    }

    @Test func theWholeOfJSONsTestSuite() throws {
        guard let files = try Conformance.files(in: "json/test_parsing") else { return }
        let scratch = try Scratch()
        var seen: [Character: Int] = [:]
        for file in files where file.name.hasSuffix(".json") {
            let kind = file.name.first ?? "?"
            let result = try WeirProcess.run(
                "parse", "--whole", in: scratch, input: Data(file.bytes))
            switch kind {
            case "y": #expect(result.status == 0, "\(file.name)")
            case "n": #expect(result.status == 1, "\(file.name)")
            default: #expect(result.status == 0 || result.status == 1, "\(file.name)")
            }
            seen[kind, default: 0] += 1
        }
        #expect(seen["y"] == 95 && seen["n"] == 188 && seen["i"] == 35)
    }
}
