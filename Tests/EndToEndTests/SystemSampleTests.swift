import Foundation
import TestSupport
import Testing

/// The logs of the systems whose rules ship with weir come from `weir-samples`, and from nowhere else.
@Suite struct SystemSampleTests {
    @Test(arguments: ["agent-factory", "boulder-fest", "brainops", "prism-ai", "rose"])
    func theGeneratorMakesTheCommittedLog(of system: String) throws {
        let scratch = try Scratch()
        let result = try WeirProcess.run("system", system, in: scratch, tool: "weir-samples")
        #expect(result.status == 0)
        #expect(result.output == Data(try Checkout.bytes("sample-logs/\(system)/lines.ndjson")))
    }

    @Test func anotherSeedGivesOtherLines() throws {
        let scratch = try Scratch()
        let result = try WeirProcess.run(
            "system", "rose", "--seed", "43", in: scratch, tool: "weir-samples")
        #expect(result.status == 0)
        #expect(result.output != Data(try Checkout.bytes("sample-logs/rose/lines.ndjson")))
    }

    @Test func anUnknownSystemIsTold() throws {
        let scratch = try Scratch()
        let result = try WeirProcess.run("system", "rosa", in: scratch, tool: "weir-samples")
        #expect(result.status != 0)
        #expect(result.errors.contains("there are brainops, boulder-fest"))
    }
}
