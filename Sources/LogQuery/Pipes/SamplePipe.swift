internal import LogBytes

/// `| sample N`: one row of N, at random; the same ones whenever the same rows are asked.
struct SamplePipe: Pipe {
    let share: Int

    var ordering: PipeOrdering { .rowwise }
    var description: String { "sample \(share)" }
    func outputFields(_ input: [String]?) -> [String]? { input }
    func inputFields(_ output: Set<String>?) -> Set<String>? { output }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        RowFilterStage(next) { [share] block in
            let times = try block.times()
            let sequences = try block.sequences()
            return { row in
                var hash = UInt64(bitPattern: times[row]) &* 0x9E37_79B9_7F4A_7C15
                hash = (hash ^ hash >> 32 ^ sequences[row]) &* 0xBF58_476D_1CE4_E5B9
                hash = (hash ^ hash >> 29) &* 0x94D0_49BB_1331_11EB
                return (hash ^ hash >> 32) % UInt64(share) == 0
            }
        }
    }
}

/// `| drop_empty_fields`: rows that have no field with a value go. Empty fields are not there in the first place.
struct DropEmptyFieldsPipe: Pipe {
    var ordering: PipeOrdering { .rowwise }
    var description: String { "drop_empty_fields" }
    func outputFields(_ input: [String]?) -> [String]? { input }
    func inputFields(_ output: Set<String>?) -> Set<String>? { nil }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        RowFilterStage(next) { block in
            let columns = try block.queryFieldNames().map { try block.queryColumn($0) }
            return { row in
                columns.contains { column in column.withText(row: row) { !$0.isEmpty } }
            }
        }
    }
}

extension PipeSyntax {
    static let sample = PipeSyntax(
        "sample", synopsis: "sample N", summary: "one row of N, at random"
    ) { (parser) throws(QueryError) in
        let place = parser.token.offset
        let share = try parser.count("sample")
        guard share > 0 else { throw parser.fault("sample needs a number from 1 on", at: place) }
        return SamplePipe(share: share)
    }

    static let dropEmptyFields = PipeSyntax(
        "drop_empty_fields", synopsis: "drop_empty_fields",
        summary: "remove fields without a value, and rows without a field"
    ) { (_) throws(QueryError) in DropEmptyFieldsPipe() }
}

/// Lets rows go on that a test chooses.
private final class RowFilterStage: RowConsumer {
    private let next: any RowConsumer
    private let makeTest: (any ColumnBlock) throws -> (Int) -> Bool

    init(
        _ next: any RowConsumer, makeTest: @escaping (any ColumnBlock) throws -> (Int) -> Bool
    ) {
        self.next = next
        self.makeTest = makeTest
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let rows = slice.rows.filter(try makeTest(slice.block))
        return rows.isEmpty ? .proceed : try next.consume(RowSlice(block: slice.block, rows: rows))
    }

    func finish() throws { try next.finish() }
}
