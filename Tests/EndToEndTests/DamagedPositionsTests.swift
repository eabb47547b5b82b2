import Foundation
import TestSupport
import Testing

/// `state/positions` is damaged: how far files were read is gone, and only people know what that means for them.
@Suite struct DamagedPositionsTests {
    /// A file that was read, more lines behind that, and a position file of which the end is missing.
    private func prepared() throws -> (scratch: Scratch, file: String) {
        let scratch = try Scratch()
        let file = try scratch.write("app.log", "{\"n\":1}\n{\"n\":2}\n")
        let first = try ingest(scratch, file)
        #expect(first.status == 0, "\(first.errors)")
        _ = try scratch.write("app.log", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n")
        let positions = try Data(contentsOf: url(scratch))
        try #require(positions.count > 30)
        try positions.dropLast(20).write(to: url(scratch))
        return (scratch, file)
    }

    private func url(_ scratch: Scratch) -> URL {
        URL(fileURLWithPath: scratch.data + "/state/positions")
    }

    private func ingest(
        _ scratch: Scratch, _ file: String, _ more: String...
    ) throws -> WeirProcess.Result {
        try WeirProcess.Running(
            ["ingest", "-q", "--data", scratch.data, "--file", file, "--no-follow"] + more,
            in: scratch
        ).wait()
    }

    private func stored(_ scratch: Scratch) throws -> [Substring] {
        try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch).lines.sorted()
    }

    @Test func nothingIsReadUntilSomebodySaysWhatIsRight() throws {
        let (scratch, file) = try prepared()
        let damaged = try Data(contentsOf: url(scratch))
        for _ in 0..<2 {
            let refused = try ingest(scratch, file)
            #expect(refused.status == 2)
            #expect(refused.errors.contains("\(scratch.data)/state/positions is damaged"))
            #expect(refused.errors.contains("--from start"))
            #expect(refused.errors.contains("--from end"))
        }
        #expect(try Data(contentsOf: url(scratch)) == damaged)
        #expect(try stored(scratch) == ["{\"n\":1}", "{\"n\":2}"])
        let check = try WeirProcess.run("check", "--data", scratch.data, in: scratch)
        #expect(check.status == 1)
        #expect(check.text.contains("/state/positions"))
        #expect(check.text.contains("--from end"))
    }

    @Test func fromStartReadsAgainAndFromEndLeavesOut() throws {
        for (place, want) in [("start", [1, 1, 2, 2, 3]), ("end", [1, 2])] {
            let (scratch, file) = try prepared()
            let told = try ingest(scratch, file, "--from", place)
            #expect(told.status == 0, "\(told.errors)")
            // Without a summary, too.
            #expect(told.errors.contains("state/positions is damaged and kept as"))
            #expect(try stored(scratch) == want.map { "{\"n\":\($0)}" })
            // It was damaged once: the next run goes on.
            _ = try scratch.write("app.log", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n")
            let next = try ingest(scratch, file)
            #expect(next.status == 0)
            #expect(next.errors == "")
            #expect(try stored(scratch) == (want + [4]).map { "{\"n\":\($0)}" })
        }
    }

    @Test func aRepairSetsItAsideAndSaysSo() throws {
        let (scratch, file) = try prepared()
        let repair = try WeirProcess.run("check", "--repair", "--data", scratch.data, in: scratch)
        #expect(repair.status == 0, "\(repair.text)\(repair.errors)")
        #expect((repair.text + repair.errors).contains("unless told `--from end`"))
        let next = try ingest(scratch, file, "--from", "end")
        #expect(next.status == 0)
        #expect(try stored(scratch) == ["{\"n\":1}", "{\"n\":2}"])
    }
}
