internal import LogBytes
internal import LogSystem

/// Some rows of a block, in the order in which they are to be seen.
public struct RowSlice {
    /// The block. It is valid during the call that hands the slice over, and as long as somebody keeps it.
    public let block: any ColumnBlock
    /// The numbers of the rows.
    public let rows: [Int]

    /// Whether it is all rows of the block, from first to last.
    let isWholeBlock: Bool

    /// The rows `rows` of `block`.
    public init(block: any ColumnBlock, rows: [Int]) {
        self.block = block
        self.rows = rows
        isWholeBlock = false
    }

    /// Appends the lines of the rows, one behind the other, and to `ends` where each ends in `out`.
    func appendLines(into out: inout ByteWriter, ends: inout Vector<Int>) throws {
        let isAscending = zip(rows, rows.dropFirst()).allSatisfy { $0 < $1 }
        if isAscending {
            var set = Bitmap(count: block.rowCount)
            for row in rows { set[row] = true }
            return try block.appendLines(set, into: &out, ends: &ends)
        }
        for row in rows {
            try block.appendLine(row: row, into: &out)
            ends.append(out.count)
        }
    }

    /// All rows of `block`.
    init(wholeBlock block: any ColumnBlock) {
        self.block = block
        rows = Array(0..<block.rowCount)
        isWholeBlock = true
    }
}

/// What rows are pushed into: a pipe at work, or the output at the end. One thread calls.
public protocol RowConsumer: AnyObject {
    /// Whether nothing is asked of rows but their lines.
    var wantsLines: Bool { get }
    /// Takes rows. After it answered `.stop` it is given no more, only `finish`.
    func consume(_ slice: RowSlice) throws -> ScanControl
    /// Takes the end: whatever is still held back goes on now. Called once, also after `.stop`.
    func finish() throws
}

extension RowConsumer {
    /// Columns are asked for.
    public var wantsLines: Bool { false }
}

/// Why a query that is well written could not be answered.
public enum QueryFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The query needed more memory than it may have.
    case memory(limitBytes: Int, pipe: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .memory(let limitBytes, let pipe):
            "the query needs more than \(limitBytes >> 20) MiB in '\(pipe)'; narrow the time range "
                + "or the filter, group by fewer fields, or add a limit"
        }
    }
}

/// The memory that one query may use, shared by its pipes and its threads.
public final class MemoryBudget: @unchecked Sendable {
    /// What a query may use unless told otherwise: an eighth of a common 8 GiB machine, enough for some million groups.
    public static let bytesMax = 1 << 30

    /// The most that may be in use.
    public let limitBytes: Int
    /// What is in use; under the lock.
    private var usedBytes = 0
    private let lock = Lock()

    /// A budget of `limitBytes`.
    public init(limitBytes: Int = MemoryBudget.bytesMax) { self.limitBytes = limitBytes }

    /// Takes `bytes` (or gives them back, if negative) on behalf of `pipe`.
    func charge(_ bytes: Int, _ pipe: String) throws {
        let isOver = lock.locked {
            usedBytes += bytes
            return usedBytes > limitBytes
        }
        if isOver { throw QueryFailure.memory(limitBytes: limitBytes, pipe: pipe) }
    }
}

/// The share of a budget that one pipe has taken.
struct MemoryShare {
    private let budget: MemoryBudget
    private let pipe: String
    private var taken = 0

    init(_ budget: MemoryBudget, pipe: String) {
        self.budget = budget
        self.pipe = pipe
    }

    /// Makes the share `bytes` large.
    mutating func set(_ bytes: Int) throws {
        let difference = bytes - taken
        taken = bytes
        if difference != 0 { try budget.charge(difference, pipe) }
    }
}
