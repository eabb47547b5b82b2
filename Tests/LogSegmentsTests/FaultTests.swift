import LogBytes
import LogQuery
import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Every operation of the disk fails, once, for good, or as the last one before death: what was acknowledged is there, once.
@Suite struct FaultTests {
    private let lines = (0..<24).map { number in
        "{\"timestamp\":\"2025-01-1\(number % 3 + 7)T12:00:00Z\",\"level\":\"\(number % 4 == 0 ? "DEBUG" : "INFO")\",\"n\":\(number)}"
    }

    /// Writes all lines through `system`, trying each step a second time; the number of lines that were acknowledged. With
    /// `laterCommits` a commit that fails is left to the next one, with appends in between, and nothing is ever sealed.
    private func ingest(
        _ directory: String, _ system: FaultyFileSystem, laterCommits: Bool = false
    ) throws -> Int {
        let policy = try testPolicy()
        var acknowledged = 0
        do {
            let writer = try StoreWriter(directory: directory, policy: policy, fileSystem: system)
            var written = 0
            for start in stride(from: 0, to: lines.count, by: 4) {
                let batch = LineBatch(Array(lines[start..<start + 4]), policy: policy)
                try twice { () throws(StoreError) in try writer.append([batch.batch]) }
                written = start + 4
                if start % 8 == 4, laterCommits {
                    if (try? writer.commit()) != nil { acknowledged = written }
                } else if start % 8 == 4 {
                    try twice { () throws(StoreError) in try writer.commit() }
                    acknowledged = written
                }
                if start == 12, !laterCommits {
                    try twice { () throws(StoreError) in _ = try writer.seal() }
                    acknowledged = written
                }
            }
            if laterCommits { return acknowledged }
            try twice { () throws(StoreError) in _ = try writer.close() }
            acknowledged = written
        } catch {
            #expect(error is StoreError)
        }
        return acknowledged
    }

    private func twice(_ body: () throws(StoreError) -> Void) throws {
        do throws(StoreError) {
            try body()
        } catch {
            try body()
        }
    }

    /// Runs the ingest with a fault at every operation in turn and looks at what is there afterwards.
    private func runAll(
        _ fault: FaultyFileSystem.Fault, laterCommits: Bool = false
    ) throws -> Int {
        var number = 0
        while true {
            let directory = try TemporaryDirectory()
            let system = FaultyFileSystem(fault, at: number)
            let acknowledged = try ingest(
                directory.path, system, laterCommits: laterCommits)
            if !system.hasStruck {
                #expect(acknowledged == lines.count)
                try check(directory.path, acknowledged, "no fault")
                return number
            }
            try check(directory.path, acknowledged, "\(fault) at operation \(number)")
            number += 1
        }
    }

    private func check(_ directory: String, _ acknowledged: Int, _ what: String) throws {
        // A reader first, before anything is repaired; there may be no directory yet.
        if acknowledged > 0 {
            let seen = try storedLines(directory)
            expectPrefix(seen.lines, acknowledged, "\(what), read at once")
        }
        let writer = try StoreWriter(directory: directory, policy: try testPolicy())
        #expect(writer.recovery.damages.isEmpty, "\(what): \(writer.recovery.damages)")
        _ = try writer.close()
        let stored = try storedLines(directory)
        #expect(stored.faults.isEmpty, "\(what)")
        expectPrefix(stored.lines, acknowledged, "\(what), after recovery")
    }

    private func expectPrefix(_ found: [String], _ acknowledged: Int, _ what: String) {
        #expect(found.count >= acknowledged, "\(what): acknowledged \(acknowledged)")
        #expect(found == Array(lines.prefix(found.count)), "\(what)")
    }

    @Test func anOperationThatFailsOnceCostsNothing() throws {
        #expect(try runAll(.some(EIO, count: 1)) > 30)
        #expect(try runAll(.some(ENOSPC, count: 1)) > 30)
    }

    @Test func operationsThatFailInARowCostNothingThatWasAcknowledged() throws {
        for count in 2...4 {
            #expect(try runAll(.some(EIO, count: count)) > 30)
            #expect(try runAll(.some(EIO, count: count), laterCommits: true) > 20)
        }
    }

    @Test func aDiskThatFailsForGoodKeepsWhatItAcknowledged() throws {
        #expect(try runAll(.forGood(EIO)) > 30)
        #expect(try runAll(.forGood(ENOSPC)) > 30)
    }

    @Test func deathAtAnyOperationLosesNothingAcknowledgedAndDoublesNothing() throws {
        #expect(try runAll(.death) > 30)
    }

    @Test func changedRetentionBetweenDeathAndRecoveryMovesNoLineTwice() throws {
        var number = 0
        while true {
            let directory = try TemporaryDirectory()
            let system = FaultyFileSystem(.death, at: number)
            let acknowledged = try ingest(directory.path, system)
            if !system.hasStruck { break }
            let other = try testPolicy("everything 1 year *\n")
            let writer = try StoreWriter(directory: directory.path, policy: other)
            _ = try writer.close()
            expectPrefix(try storedLines(directory.path).lines, acknowledged, "death at \(number)")
            number += 1
        }
        #expect(number > 30)
    }
}
