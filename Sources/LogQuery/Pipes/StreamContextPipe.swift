internal import LogBytes
internal import LogRecords

/// `| stream_context before 2 after 5`: the records around each one, of the same service. Comes right behind the filter.
struct StreamContextPipe: Pipe {
    let before: Int
    let after: Int
    /// How far from a record its context may lie.
    let windowNanoseconds: Int64
    let windowText: String

    /// What VictoriaLogs takes unless told otherwise.
    static let standardWindow = "1h"

    var ordering: PipeOrdering { .makesOrder }

    var description: String {
        "stream_context before \(before) after \(after) time_window \(Quoting.operand(windowText))"
    }

    func outputFields(_ input: [String]?) -> [String]? { nil }
    func inputFields(_ output: Set<String>?) -> Set<String>? { nil }

    /// Rows pass: their context was found when the query was prepared.
    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer { next }

    /// The field whose values tell streams apart.
    private static let streamField = "service"

    /// A record's place: its time and the number of its arrival.
    private struct Place: Hashable {
        let time: Int64
        let sequence: UInt64
    }

    /// The records that `filter` matches, with those around them.
    func rows(around filter: Filter, _ preparation: QueryPreparation) throws -> PreparedRows {
        var matches: Set<Place> = []
        var first = Int64.max
        var last = Int64.min
        try preparation.run(Query(filter: filter)) { slice in
            let times = try slice.block.times()
            let sequences = try slice.block.sequences()
            for row in slice.rows {
                matches.insert(Place(time: times[row], sequence: sequences[row]))
                first = min(first, times[row])
                last = max(last, times[row])
            }
            try preparation.hold(matches.capacity * 24)
            return .proceed
        }
        let gathering = ContextGathering(self)
        guard !matches.isEmpty else { return PreparedRows(gathering.rows, chunks: []) }
        let range = TimeRange(
            start: first.addingClamped(-windowNanoseconds),
            end: last.addingClamped(windowNanoseconds).addingClamped(1))
        let all = Query(filter: .time(TimeFilter(range: range, syntax: "offset")))
        let matchBytes = matches.capacity * 24
        try preparation.run(all) { slice in
            let times = try slice.block.times()
            let sequences = try slice.block.sequences()
            let streams = try slice.block.queryColumn(Self.streamField)
            for row in slice.rows {
                let isMatch = matches.contains(
                    Place(time: times[row], sequence: sequences[row]))
                let stream = streams.withText(row: row) { Array($0) }
                try gathering.take(
                    RowSlice(block: slice.block, rows: [row]), time: times[row], stream: stream,
                    isMatch: isMatch)
            }
            try preparation.hold(matchBytes + gathering.rows.memoryBytes)
            return .proceed
        }
        try preparation.keep(gathering.rows.memoryBytes)
        return PreparedRows(gathering.rows, chunks: gathering.chunks)
    }
}

extension PipeSyntax {
    static let streamContext = PipeSyntax(
        "stream_context", synopsis: "stream_context before N after M time_window 1h",
        summary: "the records around each one, of the same service; right behind the filter"
    ) { (parser) throws(QueryError) in
        let place = parser.previous?.offset ?? 0
        var before = 0
        var after = 0
        var window = StreamContextPipe.standardWindow
        var isEmpty = true
        while !parser.isAtPipeEnd {
            isEmpty = false
            if parser.accept("before") {
                before = try parser.count("before")
            } else if parser.accept("after") {
                after = try parser.count("after")
            } else if parser.accept("time_window") {
                window = try parser.operand()
            } else {
                throw parser.fault("expected before, after or time_window, found \(parser.found)")
            }
        }
        if isEmpty { throw parser.fault("stream_context needs 'before N' or 'after N'") }
        guard let nanoseconds = window.withView({ DurationText.nanoseconds($0) }), nanoseconds > 0
        else { throw parser.fault("'\(window)' is no duration; there are 5m 1h 7d", at: place) }
        return StreamContextPipe(
            before: before, after: after, windowNanoseconds: Int64(clamping: nanoseconds),
            windowText: window)
    }
}

/// Walks over all records by time and keeps those around matches.
private final class ContextGathering {
    private struct Stream {
        /// The latest records that were not kept, and their times.
        var held: [(slice: RowSlice, time: Int64)] = []
        /// How many more records are wanted behind the last match, and until when.
        var afterLeft = 0
        var afterEnd = Int64.min
        /// Whether a record was passed over since the last one that was kept.
        var hasGap = true
        var chunks: [[Int]] = []
    }

    private let pipe: StreamContextPipe
    private var streams: [[UInt8]: Stream] = [:]
    let rows = CollectedRows()

    init(_ pipe: StreamContextPipe) { self.pipe = pipe }

    func take(_ slice: RowSlice, time: Int64, stream name: [UInt8], isMatch: Bool) throws {
        var stream = streams[name] ?? Stream()
        defer { streams[name] = stream }
        let isAfter = stream.afterLeft > 0 && time <= stream.afterEnd
        guard isMatch || isAfter else {
            stream.held.append((slice, time))
            if stream.held.count > pipe.before {
                stream.held.removeFirst()
                stream.hasGap = true
            }
            return
        }
        if isMatch {
            let earliest = time.addingClamped(-pipe.windowNanoseconds)
            let before = stream.held.filter { $0.time >= earliest }
            if stream.hasGap || before.count < stream.held.count { stream.chunks.append([]) }
            for held in before { try keep(held.slice, &stream) }
            stream.afterLeft = pipe.after
            stream.afterEnd = time.addingClamped(pipe.windowNanoseconds)
        } else {
            stream.afterLeft -= 1
        }
        stream.held = []
        stream.hasGap = false
        try keep(slice, &stream)
    }

    private func keep(_ slice: RowSlice, _ stream: inout Stream) throws {
        stream.chunks[stream.chunks.count - 1].append(rows.count)
        try rows.append(slice)
    }

    /// The chunks of all streams, in the order of the streams' names.
    var chunks: [[Int]] {
        streams.sorted { left, right in
            left.key.withView { a in right.key.withView { a < $0 } }
        }.flatMap(\.value.chunks)
    }
}
