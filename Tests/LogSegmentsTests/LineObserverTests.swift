import LogBytes
import LogRecords
import LogSystem
import TestSupport
import Testing

@testable import LogSegments

/// Stages that have to see each line once, through restarts.
@Suite struct LineObserverTests {
    private let directory: TemporaryDirectory
    private let policy: RetentionPolicy

    private final class Observer: LineObserver {
        var replayed: [(sequence: UInt64, lines: [String], classes: [UInt8])] = []
        var saved: [UInt64] = []

        func replay(_ batch: RecordBatch, sequence: UInt64) {
            let rows = 0..<batch.records.count
            replayed.append(
                (
                    sequence, rows.map { batch.line(batch.records[$0]).text },
                    rows.map { batch.records[$0].classIndex }
                ))
        }

        func save(below sequence: UInt64) { saved.append(sequence) }
    }

    init() throws {
        directory = try TemporaryDirectory()
        policy = try RetentionPolicy(
            text: "debug 7 days level:DEBUG\nall 30 days *\n", file: "retention.conf")
    }

    private func writer(_ observer: Observer) throws -> StoreWriter {
        try StoreWriter(directory: directory.file("data"), policy: policy, observer: observer)
    }

    private func batch(_ lines: [String], className: String) throws -> RecordBatch {
        let bytes = Array(lines.joined(separator: "\n").utf8) + [UInt8(ascii: "\n")]
        let chunk = ByteChunk(capacity: bytes.count)
        bytes.withView { chunk.append($0) }
        let batch = RecordBatch()
        batch.reset(over: chunk, arrivalTime: SystemClock().now())
        batch.appendLines(of: chunk)
        let index = UInt8(try #require(policy.index(of: className)))
        for row in 0..<batch.records.count { batch.records[row].classIndex = index }
        return batch
    }

    @Test func whatACrashLeftIsReplayedInOrderWithoutWeirsOwnLines() throws {
        do {
            let first = try writer(Observer())
            try first.append([
                batch(["{\"a\":1}", "{\"a\":2}"], className: "debug"),
                batch(["{\"alert\":1}"], className: RetentionPolicy.alertsClass),
            ])
            try first.append([batch(["{\"a\":3}"], className: "all")])
            try first.commit()
        }
        let observer = Observer()
        let second = try writer(observer)
        #expect(observer.replayed.map(\.sequence) == [1, 4])
        #expect(observer.replayed.map(\.lines) == [["{\"a\":1}", "{\"a\":2}"], ["{\"a\":3}"]])
        #expect(observer.replayed.map(\.classes) == [[0, 0], [1]])
        #expect(observer.saved == [5])
        #expect(second.endSequence == 5)
    }

    @Test func beforeLinesLeaveTheJournalTheObserverSaves() throws {
        let observer = Observer()
        let writer = try writer(observer)
        try writer.append([batch(["{\"a\":1}", "{\"a\":2}"], className: "all")])
        #expect(observer.saved.isEmpty)
        _ = try writer.seal()
        #expect(observer.saved == [3])
    }
}
