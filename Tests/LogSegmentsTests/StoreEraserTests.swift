import LogBytes
import LogQuery
import LogRecords
import LogSystem
import TestSupport
import Testing

@testable import LogSegments

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct StoreEraserTests {
    private let victim = ErasureSample.victim

    private func expectForgotten(_ sample: ErasureSample, _ comment: Comment? = nil) throws {
        let stored = try sample.stored()
        #expect(stored.lines == sample.rest, comment)
        #expect(stored.faults.isEmpty, comment)
        #expect(try sample.files(with: victim).isEmpty, comment)
        let summary = try StoreCheck(
            directory: ErasureSample.directory, fileSystem: MemoryFileSystem(sample.disk)
        ).run { #expect($0.severity == .notice, comment) }
        #expect(summary.lines == sample.rest.count + (try sample.auditLines().count), comment)
    }

    @Test func theRestStaysByteForByte() throws {
        for isCold in [false, true] {
            var sample = try ErasureSample()
            try sample.store([
                sample.makeLines(100), randomLines(300, seed: 7), sample.makeLines(60),
            ])
            if isCold { try sample.compact() }
            let old = sample.segments
            #expect(try !sample.files(with: victim).isEmpty)
            let report = try sample.erase()
            let gone = sample.lines.filter { $0.contains(victim) }
            #expect(report.total == gone.count)
            #expect(report.rawBytes == gone.reduce(0) { $0 + $1.utf8.count })
            #expect(report.isComplete && report.warnings.isEmpty)
            #expect(report.segmentsRewritten > 2 && report.segmentsRemoved == 0)
            // What had no match is the same file; what had one is not.
            let stayed = Set(old).intersection(sample.segments)
            #expect(stayed.count == old.count - report.segmentsRewritten)
            try expectForgotten(sample, "cold: \(isCold)")
            #expect(try sample.erase().total == 0)
        }
    }

    @Test func aSegmentWithoutAMatchIsNotTouched() throws {
        var sample = try ErasureSample()
        try sample.store([["{\"n\":1}", "{\"n\":2}"], ["{\"n\":3,\"user_id\":\"user_456\"}"]])
        let first = try #require(sample.segments.first)
        let bytes = sample.disk.image[first]
        let report = try sample.erase()
        #expect(report.total == 1)
        #expect(sample.disk.image[first] == bytes)
        try expectForgotten(sample)
    }

    /// Lines in two parts and lines that are like no other are stored whole, and their keys are not in the shapes.
    @Test func linesThatAreStoredWhole() throws {
        var sample = try ErasureSample()
        let time = "2025-01-18T12:00:00Z"
        var lines = (0..<40).map { number in
            let user = number % 4 == 0 ? victim : "nobody"
            return
                "\(time) stdout P {\"user_id\":\"\(user)\",\"m\":\"a\n\(time) stdout F b\(number)\"}"
        }
        lines += (0..<40).map { "some text \($0) of \($0 % 3 == 0 ? victim : "nobody")" }
        try sample.store([lines])
        let report = try sample.erase(ErasureSample.request("user_id:=user_456 or _msg:user_456"))
        #expect(report.total == 10 + 14)
        try expectForgotten(sample)
    }

    /// A key may name somebody as a value does: it is in the footer of the segment, with the shape.
    @Test func keysOfErasedLinesGoWithThem() throws {
        for isCold in [false, true] {
            var sample = try ErasureSample()
            let named = (0..<5).map { "{\"cart\":{\"user_456\":\($0)},\"who\":\"x\"}" }
            let others = (0..<5).map { "{\"cart\":{\"user_7\":\($0)},\"n\":1}" }
            try sample.store([others + named + ["{}"], named + ["{}", "{}"]])
            if isCold { try sample.compact() }
            let report = try sample.erase(ErasureSample.request("who:=x"))
            #expect(report.total == 10)
            try expectForgotten(sample, "cold: \(isCold)")
        }
    }

    @Test func aSegmentOfWhichNothingStaysGoesWithItsDay() throws {
        var sample = try ErasureSample()
        let time = "\"timestamp\":\"2025-01-17T12:00:00Z\""
        try sample.store([
            ["{\(time),\"level\":\"DEBUG\",\"user_id\":\"user_456\"}", "{\(time),\"n\":1}"],
            ["{\(time),\"user_id\":\"user_456\"}"],
        ])
        let report = try sample.erase()
        #expect(report.segmentsRemoved == 2 && report.segmentsRewritten == 0)
        #expect(!sample.segments.contains { $0.contains("/debug/") })
        let system = MemoryFileSystem(sample.disk)
        #expect(try system.list("/data/segments/debug").isEmpty)
        #expect(try system.list("/data/segments/production/2025-01-17").count == 1)
        try expectForgotten(sample)
    }

    @Test func linesThatAreOnlyInTheJournal() throws {
        var sample = try ErasureSample()
        try sample.store([sample.makeLines(40)], sealsLast: false)
        #expect(sample.segments.isEmpty)
        let report = try sample.erase()
        #expect(report.total == sample.lines.count - sample.rest.count)
        #expect(!sample.disk.image.files.contains { $0.path.hasSuffix(".journal") })
        try expectForgotten(sample)
    }

    @Test func classesAndTimesLimitTheErasure() throws {
        var sample = try ErasureSample()
        try sample.store([sample.makeLines(120)])
        let all = sample.lines
        let filter = "user_id:=user_456"
        let isGone = { (line: String) in
            line.contains("DEBUG") && line.contains("\"user_id\":\"user_456\"")
                && line.contains("2025-01-17")
        }
        let midnight = try #require("2025-01-18T00:00:00Z".withView { Timestamp.parse($0) })
        let request = try ErasureSample.request(
            filter, classes: ["debug"], range: TimeRange(end: midnight))
        let count = try sample.eraser().count(request)
        let report = try sample.erase(request)
        #expect(count.lines == report.lines && report.lines.count == 1)
        #expect(report.total == all.count(where: isGone) && report.total > 2)
        #expect(try sample.stored().lines == all.filter { !isGone($0) })

        // `_time` in the filter means the same.
        let late = try sample.erase(
            ErasureSample.request("\(filter) _time:2025-01-18", classes: ["debug"]))
        #expect(late.total > 2)
        #expect(
            try sample.stored().lines.allSatisfy { line in
                !line.contains("DEBUG") || !line.contains("\"user_id\":\"user_456\"")
            })
        #expect(try sample.stored().lines.contains { $0.contains(victim) })
    }

    @Test func countingTouchesNothing() throws {
        for sealsLast in [true, false] {
            var sample = try ErasureSample()
            try sample.store([sample.makeLines(50), sample.makeLines(30)], sealsLast: sealsLast)
            let before = sample.disk.image.fingerprint
            // Beside a writer, as no lock is taken.
            let writing = MemoryFileSystem(sample.disk)
            let lock = try WriterLock(directory: ErasureSample.directory, fileSystem: writing)
            let matches = try sample.eraser().count(ErasureSample.anywhere())
            withExtendedLifetime(lock) {}
            writing.kill()
            #expect(sample.disk.image.fingerprint == before)
            #expect(matches.total == sample.lines.count - sample.rest.count)
            #expect(try sample.erase().lines == matches.lines)
        }
    }

    @Test func aReaderThatHasTheOldSegmentOpenReadsOn() throws {
        var sample = try ErasureSample()
        try sample.store([sample.makeLines(200)])
        let store = try SegmentStore(
            directory: ErasureSample.directory, fileSystem: MemoryFileSystem(sample.disk))
        var found: [String] = []
        _ = try store.scan(ScanRequest(timeRange: .all, filter: .all)) { block in
            if found.isEmpty { #expect(try sample.erase().isComplete) }
            for row in 0..<block.rowCount {
                var out = ByteWriter()
                try block.appendLine(row: row, into: &out)
                found.append(out.view.text)
            }
            return .proceed
        }
        #expect(found.sorted() == sample.lines.sorted())
        try expectForgotten(sample)
    }

    // MARK: What cannot be done

    @Test func aDamagedSegmentIsReportedAndLeftAsItIs() throws {
        var sample = try ErasureSample()
        try sample.store([sample.makeLines(80), sample.makeLines(80)])
        let target = try #require(sample.segments.first { $0.contains("/production/") })
        var bytes = try #require(sample.disk.image[target])
        bytes[20] ^= 0x10
        let file = try MemoryFileSystem(sample.disk).open(target, .readWrite)
        try bytes.withView { view throws(FileError) in try file.write(view, at: 0) }
        let report = try sample.erase()
        #expect(!report.isComplete && report.failure == nil)
        #expect(report.faults.map(\.file) == [target])
        #expect(report.segmentsRewritten == sample.segments.count - 2)
        #expect(sample.disk.image[target] == bytes)
        #expect(try sample.eraser().count(ErasureSample.anywhere()).faults.map(\.file) == [target])
        let last = try #require(sample.auditLines().last)
        #expect(last.contains("\"event\":\"erase_failed\"") && last.contains(target))

        // As the message says: repair, erase again. What the repair set aside cannot be searched, and is told.
        _ = try StoreRepair(
            directory: ErasureSample.directory, fileSystem: MemoryFileSystem(sample.disk)
        ).run { _ in }
        let again = try sample.erase()
        #expect(again.faults.isEmpty && again.total > 0)
        #expect(again.unsearched == [target + ".damaged"] && !again.isComplete)
        try MemoryFileSystem(sample.disk).remove(target + ".damaged")
        #expect(try sample.erase().isComplete)
        #expect(try sample.files(with: victim).isEmpty)
    }

    @Test func aDamagedJournalIsNamed() throws {
        var sample = try ErasureSample()
        do {
            let writer = try sample.writer()
            for _ in 0..<2 {
                try writer.append([LineBatch(sample.makeLines(40), policy: sample.policy).batch])
            }
            try writer.commit()
        }
        let journal = try #require(
            sample.disk.image.files.map(\.path).first { $0.hasSuffix(".journal") })
        var bytes = try #require(sample.disk.image[journal])
        bytes[bytes.count / 4] ^= 0x10
        let file = try MemoryFileSystem(sample.disk).open(journal, .readWrite)
        try bytes.withView { view throws(FileError) in try file.write(view, at: 0) }
        let report = try sample.erase()
        #expect(report.unsearched == [journal + ".damaged"])
        #expect(!report.warnings.isEmpty && !report.isComplete)
        try MemoryFileSystem(sample.disk).remove(journal + ".damaged")
        #expect(try sample.erase().isComplete)
    }

    @Test func onlyFilesOfTheseClassesAndDaysAreNamed() throws {
        var sample = try ErasureSample()
        try sample.store([sample.makeLines(80)])
        let system = MemoryFileSystem(sample.disk)
        for name in ["debug/2025-01-17/x.segment.damaged", "production/2025-01-17/copy"] {
            _ = try system.open("/data/segments/" + name, .createNew)
        }
        _ = try system.open("/data/notes", .createNew)
        func f(_ classes: Set<String>, _ filter: String, _ want: [String]) throws {
            let request = try ErasureSample.request(filter, classes: classes)
            let paths = want.map { "/data/segments/" + $0 }
            #expect(try sample.eraser().count(request).unsearched == paths)
            #expect(try sample.erase(request).unsearched == paths)
        }
        try f(["debug"], "user_id:=user_456", ["debug/2025-01-17/x.segment.damaged"])
        try f(["production"], "user_id:=user_456", ["production/2025-01-17/copy"])
        try f(["debug", "production"], "_time:2025-01-18 user_id:=user_456", [])
    }

    @Test func whatDoesNotBegin() throws {
        var sample = try ErasureSample()
        try sample.store([sample.makeLines(10)])
        let before = sample.disk.image.fingerprint
        let known = ["alerts", "debug", "metrics", "production", "weir-audit"]
        for name in ["prodution", "../production", ""] {
            let request = try ErasureSample.request(classes: ["debug", name])
            #expect(throws: EraseError.unknownClass(UnknownClass(name: name, known: known))) {
                _ = try sample.erase(request)
            }
            #expect(throws: EraseError.unknownClass(UnknownClass(name: name, known: known))) {
                _ = try sample.eraser().count(request)
            }
        }
        let audit = try ErasureSample.request(classes: ["weir-audit"])
        #expect(throws: EraseError.auditClass) { _ = try sample.erase(audit) }
        #expect(sample.disk.image.fingerprint == before)
        #expect(try sample.auditLines().isEmpty)

        let other = MemoryFileSystem(MemoryDisk())
        #expect(throws: StoreError.self) { _ = try sample.erase(nil, other) }
        #expect(try other.list("/").isEmpty)

        let writing = MemoryFileSystem(sample.disk)
        let writer = try sample.writer(writing)
        do {
            _ = try sample.erase()
            Issue.record("erased beside a writer")
        } catch let error as StoreError {
            #expect("\(error)".contains("is in use by another weir"))
        }
        _ = try writer.close()
    }

    @Test func aFullDiskEndsItAndLosesNothing() throws {
        var sample = try ErasureSample()
        try sample.store([sample.makeLines(100), sample.makeLines(100)])
        let image = sample.disk.image
        var stopped = 0
        for limit in stride(from: 0, to: 9_000, by: 300) {
            let sample = ErasureSample(sample, on: image)
            sample.disk.setCapacity(sample.disk.usedBytes + limit)
            var report: EraseReport?
            do {
                report = try sample.erase()
            } catch let error as StoreError {
                guard case .full = error else { throw error }
            }
            if let report, report.failure != nil { stopped += 1 }
            let found = try sample.stored().lines
            let rest = sample.rest
            #expect(found.filter { !$0.contains(victim) } == rest, "\(limit) bytes")
            sample.disk.setCapacity(.max)
            #expect(try sample.erase().isComplete)
            try expectForgotten(sample, "\(limit) bytes")
        }
        #expect(stopped > 1, "\(stopped) stopped half-way")
    }
}
