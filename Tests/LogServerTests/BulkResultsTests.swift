import Foundation
import Testing

@testable import LogServer

@Suite struct BulkResultsTests {
    private struct Answer: Decodable {
        struct Item: Decodable {
            let status: Int
        }
        let errors: Bool
        let items: [[String: Item]]
    }

    private func answer(_ results: BulkResults) throws -> (answer: Answer, longest: Int) {
        let stream = try #require(results.answer(took: 7, lineBytesMax: 100).stream)
        var all: [UInt8] = []
        var longest = 0
        var pieces = stream
        while let piece = pieces.next() {
            all += piece
            longest = max(longest, piece.count)
        }
        #expect(all.count == stream.bytes)
        return (try JSONDecoder().decode(Answer.self, from: Data(all)), longest)
    }

    @Test func resultsComeInTheirOrder() throws {
        var results = BulkResults()
        #expect(try answer(results).answer.items.isEmpty)
        let items: [(BulkResults.Action, BulkResults.Outcome, Int)] = [
            (.create, .stored, 201), (.create, .stored, 201), (.index, .stored, 201),
            (.create, .tooLong, 413), (.update, .unchangeable, 400), (.delete, .undeletable, 400),
            (.index, .empty, 400), (.create, .missing, 400),
        ]
        for (action, outcome, _) in items where !results.add(action, outcome) {
            Issue.record("\(outcome) was too many")
        }
        let answer = try answer(results).answer
        #expect(answer.errors && results.failures == 5 && results.count == 8)
        #expect(answer.items.count == items.count)
        for (item, want) in zip(answer.items, items) {
            #expect(item[want.0.rawValue]?.status == want.2)
        }
    }

    @Test func aLongAnswerComesInPieces() throws {
        var results = BulkResults()
        for _ in 0..<20_000 where !results.add(.index, .stored) {
            Issue.record("one run was too many")
        }
        let (answer, longest) = try answer(results)
        #expect(answer.items.count == 20_000 && !answer.errors)
        #expect(longest < 1 << 17)
    }

    @Test func alternationIsBoundedAndSamenessIsNot() {
        var results = BulkResults()
        for _ in 0..<3 * BulkResults.runsMax where !results.add(.create, .stored) {
            Issue.record("one run was too many")
        }
        var taken = 1
        while results.add(.create, taken % 2 == 1 ? .empty : .stored) { taken += 1 }
        #expect(taken == BulkResults.runsMax)
        // What continues the last run still fits.
        let isTaken = results.add(.create, taken % 2 == 1 ? .stored : .empty)
        #expect(isTaken)
    }
}
