internal import LogBytes
internal import LogQuery
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// Answers from what is stored, read beside the ingester as `weir query` does.
struct StoredRecords: Sendable {
    let directory: String
    let clock: any WallClock

    /// How long a query may take (seconds): whoever asks waits, and the processor is the ingester's.
    static let seconds: Int64 = 10
    /// The memory that a query may hold: an answer is some thousand rows.
    private static let memoryBytesMax = 64 << 20

    /// The times from so many hours ago on.
    func range(hours: Int) -> TimeRange {
        let now = clock.now()
        return TimeRange(start: now - Int64(hours) * 3_600 * Timestamp.second, end: now)
    }

    /// Calls `body` with the texts of `fields` of each record in `range` that `filter` takes, in the order of time.
    ///
    /// - Parameter newest: only the newest so many; nil for all.
    /// - Returns: whether something that is damaged was left out.
    func read(
        _ filter: String, in range: TimeRange, fields: [String], newest: Int? = nil,
        _ body: @escaping ([String]) -> Void
    ) throws(HTTPFailure) -> Bool {
        let now = clock.now()
        let times =
            "[\(Timestamp.text(range.start, digits: 9)),\(Timestamp.text(range.end, digits: 9))]"
        let text = "(\(filter)) _time:\(times) | fields \(fields.joined(separator: ", "))"
        let deadline = clock.monotonic() + Self.seconds * Timestamp.second
        let clock = clock
        let recorder = ScanRecorder(
            clock: { clock.monotonic() },
            step: { _ in
                if clock.monotonic() > deadline { throw OutOfTime() }
            })
        do {
            let query = try QueryParser.parse(text, now: now)
            let report = try QueryExecutor.run(
                query, store: try SegmentStore(directory: directory), newest: newest,
                memoryBytesMax: Self.memoryBytesMax, threads: 1, recorder: recorder,
                into: FieldReader(fields, body))
            return !report.faults.isEmpty
        } catch is OutOfTime {
            throw HTTPFailure(
                503, "this takes longer than \(Self.seconds) s; ask for fewer hours",
                retryAfter: HTTPFailure.fullSeconds)
        } catch {
            throw HTTPFailure(500, "the stored records cannot be read: \(error)")
        }
    }

    private struct OutOfTime: Error {}
}

/// Reads the texts of some fields of each row.
private final class FieldReader: RowConsumer {
    private let fields: [String]
    private let body: ([String]) -> Void

    init(_ fields: [String], _ body: @escaping ([String]) -> Void) {
        self.fields = fields
        self.body = body
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let columns = try fields.map { try slice.block.queryColumn($0) }
        for row in slice.rows {
            body(columns.map { column in column.withText(row: row) { $0.text } })
        }
        return .proceed
    }

    func finish() throws {}
}
