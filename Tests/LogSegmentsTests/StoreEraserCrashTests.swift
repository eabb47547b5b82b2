import LogBytes
import LogQuery
import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

/// Erasures that die: no line is lost that should stay, none is doubled, and what was erased does not come back.
@Suite struct StoreEraserCrashTests {
    /// Segments cold and fresh, one of which nothing stays, and lines in the journal.
    private func sample() throws -> ErasureSample {
        var sample = try ErasureSample()
        try sample.store([sample.makeLines(15), sample.makeLines(15)])
        try sample.compact()
        let only = "{\"timestamp\":\"2025-01-17T12:00:00Z\",\"user_id\":\"user_456\",\"x\":"
        try sample.store([["\(only)1}", "\(only)2}"], sample.makeLines(10)], sealsLast: false)
        return sample
    }

    /// What holds at any moment: the other lines are there, in order, once; the victim's are there once or not.
    private func expectSound(_ sample: ErasureSample, _ comment: Comment) throws {
        let found = try sample.stored()
        // Power may fail under the last frame of the journal: a record of the erasure, which nobody was told of.
        #expect(found.faults.allSatisfy { $0.file.hasSuffix(".journal") }, comment)
        #expect(found.lines.filter { !$0.contains(ErasureSample.victim) } == sample.rest, comment)
        #expect(Set(found.lines).count == found.lines.count, comment)
    }

    private func expectForgotten(_ sample: ErasureSample, _ comment: Comment) throws {
        let found = try sample.stored()
        #expect(found.faults.isEmpty, comment)
        #expect(found.lines == sample.rest, comment)
        #expect(try sample.files(with: ErasureSample.victim).isEmpty, comment)
    }

    @Test func deathAtEveryOperation() throws {
        let origin = try sample()
        let image = origin.disk.image
        var number = 0
        var begun = 0
        while true {
            let sample = ErasureSample(origin, on: image)
            let comment: Comment = "death at operation \(number)"
            let system = FaultyFileSystem(
                .death, at: number, over: MemoryFileSystem(sample.disk))
            _ = try? sample.erase(nil, system)
            try expectSound(sample, comment)
            if try !sample.auditLines().isEmpty { begun += 1 }
            let report = try sample.erase()
            #expect(report.isComplete, comment)
            try expectForgotten(sample, comment)
            // After success no power cut brings anything back.
            let states = CrashStates(sample.disk.trace, on: image, perPointMax: 4)
            for state in number % 3 == 0 ? states.atTheEnd(seed: UInt64(number)) : [] {
                try expectForgotten(ErasureSample(origin, on: state), comment)
            }
            let events = try sample.auditLines()
            #expect(events.last?.contains("\"event\":\"erase_finished\"") == true, comment)
            if !system.hasStruck { break }
            number += 1
        }
        #expect(number > 80 && begun > 50, "\(number) operations, \(begun) behind the first record")
    }

    /// Nothing goes before there is a durable record of who takes it.
    @Test func noPowerCutBreaksAnErasure() throws {
        let origin = try sample()
        let image = origin.disk.image
        let recorded = ErasureSample(origin, on: image)
        _ = try recorded.erase()
        var seen: Set<Int> = []
        var partial = 0
        try CrashStates(recorded.disk.trace, on: image, perPointMax: 6).forEach(seed: 5) { state in
            guard seen.insert(state.image.fingerprint).inserted else { return }
            let sample = ErasureSample(origin, on: state.image)
            let comment: Comment = "power cut at operation \(state.point)"
            try expectSound(sample, comment)
            let left = try sample.stored().lines.count
            if left < origin.lines.count {
                if left > origin.rest.count { partial += 1 }
                let audit = try sample.auditLines()
                #expect(audit.first?.contains("erase_started") == true, comment)
            }
            #expect(try sample.erase().isComplete, comment)
            try expectForgotten(sample, comment)
        }
        #expect(seen.count > 80 && partial > 20, "\(seen.count) states, \(partial) half-way")
    }

    /// A call that fails, and goes on failing or not, is told; the same erasure again does the rest.
    @Test func aFailureIsReported() throws {
        let origin = try sample()
        let image = origin.disk.image
        var failures = 0
        for number in stride(from: 0, to: 120, by: 4) {
            for fault in [FaultyFileSystem.Fault.some(5, count: 1), .forGood(28)] {
                let sample = ErasureSample(origin, on: image)
                let comment: Comment = "\(fault) at operation \(number)"
                let system = FaultyFileSystem(
                    fault, at: number, over: MemoryFileSystem(sample.disk))
                let report = try? sample.erase(nil, system)
                try expectSound(sample, comment)
                if report?.isComplete == true {
                    try expectForgotten(sample, comment)
                } else {
                    failures += 1
                }
                #expect(try sample.erase().isComplete, comment)
                try expectForgotten(sample, comment)
            }
        }
        #expect(failures > 25, "\(failures) failures")
    }
}
