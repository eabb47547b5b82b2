import Foundation
import Testing

/// `weir ingest --tee`, `--redact`: what goes through and what stays.
@Suite struct PassingOnTests {
    @Test func teePassesEveryByteOn() throws {
        let scratch = try Scratch()
        let input = Data("{\"a\":1}\r\n\nno newline at the end".utf8)
        let result = try WeirProcess.run(
            "ingest", "--tee", "--data", scratch.data, in: scratch, input: input)
        #expect(result.status == 0)
        #expect(result.output == input)
        let stored = try WeirProcess.run(
            "query", "*", "-o", "raw", "--data", scratch.data, in: scratch)
        #expect(stored.output == input + Data("\n".utf8))
    }

    @Test func redactedLinesAreStoredRedactedAndCounted() throws {
        let scratch = try Scratch()
        let metrics = scratch.fresh("metrics").path
        let result = try WeirProcess.run(
            "ingest", "--redact", "email", "--redact", "field:pin", "--data", scratch.data,
            "--metrics-file", metrics, in: scratch,
            input: Data("{\"mail\":\"ann@example.org\",\"pin\":1234}\nplain\n".utf8))
        #expect(result.status == 0, "\(result.errors)")
        let stored = try WeirProcess.run(
            "query", "*", "-o", "raw", "--data", scratch.data, in: scratch)
        #expect(stored.text == "{\"mail\":\"[email]\",\"pin\":\"[redacted]\"}\nplain\n")
        let text = try String(contentsOfFile: metrics, encoding: .utf8)
        #expect(text.contains("weir_redactions_total{rule=\"email\"} 1\n"))
        #expect(text.contains("weir_redactions_total{rule=\"field:pin\"} 1\n"))
        let wrong = try WeirProcess.run(
            "ingest", "--redact", "mail", "--data", scratch.data, in: scratch, input: Data())
        #expect(wrong.status == 2)
        #expect(wrong.errors.contains("`mail` is no rule of redaction"))
    }
}
