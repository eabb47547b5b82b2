import LogBytes
import LogQuery
import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

/// The records of erasures, and the class that they are in.
@Suite struct AuditTrailTests {
    @Test func theRecordsSayWhoDidWhatAndNotToWhom() throws {
        var sample = try ErasureSample()
        try sample.store([sample.makeLines(40)])
        var request = try ErasureSample.request("user_id:=user_456 n:>0")
        request.timeRange.start = try #require(
            "2025-01-01T00:00:00Z".withView { Timestamp.parse($0) })
        var operatorName = ErasureSample.anna
        operatorName.user = "root \"x\""
        operatorName.sudoUser = "anna"
        let report = try sample.eraser().run(request, by: operatorName)
        let digest = "user_456".withView { SHA256.hexadecimal($0) }
        let zero = "0".withView { SHA256.hexadecimal($0) }
        let head = { (event: String) in
            "{\"timestamp\":\"2025-01-18T11:33:20.000Z\",\"level\":\"INFO\",\"logger\":\"weir.audit\","
                + "\"event\":\"\(event)\",\"started\":\"2025-01-18T11:33:20.000Z\","
                + "\"classes\":[\"debug\",\"production\"],\"since\":\"2025-01-01T00:00:00.000000000Z\","
                + "\"filter\":\"user_id:=\\\"sha256:\(digest)\\\" n:>\\\"sha256:\(zero)\\\"\","
                + "\"user\":\"root \\\"x\\\"\",\"sudo_user\":\"anna\",\"host\":\"web-1\",\"tool\":\"weir test\","
        }
        let counts =
            "\"lines\":\(report.total),\"bytes\":\(report.rawBytes),\"segments_rewritten\":"
            + "\(report.segmentsRewritten),\"segments_removed\":0,"
        let want = [
            head("erase_started")
                + "\"message\":\"root \\\"x\\\" erases lines of debug, production\"}",
            head("erase_finished") + counts + "\"message\":\"\(report.total) lines erased\"}",
        ]
        #expect(report.total > 3)
        #expect(try sample.auditLines() == want)
        // weir's own records are in the answer only where they are asked for.
        #expect(try !sample.stored().lines.contains { $0.contains("weir.audit") })
    }

    @Test func anErasureOfNothingIsRecorded() throws {
        var sample = try ErasureSample()
        try sample.store([sample.makeLines(4)])
        #expect(try sample.erase(ErasureSample.request("nothing")).total == 0)
        #expect(try sample.auditLines().last?.contains("\"lines\":0,") == true)
    }

    @Test func theClassIsKeptTwoYearsUnlessTheFileSaysOtherwise() throws {
        func f(_ text: String, _ keep: String) throws {
            let policy = try testPolicy(text)
            let index = try #require(policy.index(of: RetentionPolicy.auditClass))
            #expect(policy.classes[index].keepText == keep)
            #expect(policy.classes[index].filter == nil)
        }
        try f("production 30 days *\n", "2 years")
        try f("weir-audit 5 years\nproduction 30 days *\n", "5 years")
        let error = #expect(throws: RetentionError.self) {
            _ = try testPolicy("weir-audit 1 day level:DEBUG\nproduction 30 days *\n")
        }
        #expect(error?.message.contains("class weir-audit holds weir's own records") == true)
    }

    /// A record and a frame of the journal have room for so many.
    @Test func weirsOwnClassesCountAmongTheMost() throws {
        func text(_ count: Int) -> String {
            (1..<count).map { "c\($0) 1 day n:=\($0)\n" }.joined() + "rest 1 day *\n"
        }
        let most = RetentionPolicy.classesMax - RetentionPolicy.ownClasses.count
        #expect(try testPolicy(text(most)).classes.count == RetentionPolicy.classesMax)
        #expect(throws: RetentionError.self) { _ = try testPolicy(text(most + 1)) }
        let named = "alerts 1 day\nweir-audit 1 day\nmetrics 1 day\n" + text(most)
        #expect(try testPolicy(named).classes.count == RetentionPolicy.classesMax)
    }
}
