internal import LogBytes
internal import LogQuery

/// Puts texts together of pieces that many of them share and of values of columns: lines of some shapes, texts of some templates.
///
/// Texts are written by batches, and the values that a batch needs column by column: each column writes all of its own in one
/// loop, and what is left to do for a text is copying. Used by one thread at a time.
final class TextAssembler {
    /// So many texts make a good batch: their values stay in the second-level cache.
    static let batchMax = 1_024

    /// What stands before a value, or behind the last one.
    private struct Step: BitwiseCopyable {
        let start: UInt32
        let count: UInt32
        /// The column of the value; −1: the text is over.
        let column: Int32
    }

    private var pieces = ByteWriter(capacity: 1 << 10)
    private var steps = Vector<Step>(capacity: 64)
    /// For each pattern its first step; −1: it is not defined yet.
    private var firstSteps: [Int32]
    private var columns: [Cells] = []
    /// For each column the rows of it that texts of the batch have values of, in their order.
    private var rows: UnsafeMutablePointer<Vector<UInt32>>
    private var rowsCapacity = 0
    /// The columns that the batch needs, and where the values of each are taken from.
    private var needed = Vector<Int32>(capacity: 64)
    private var cursors = Vector<Cursor>(capacity: 64)
    /// The first step of each text of the batch.
    private var texts = Vector<Int32>(capacity: TextAssembler.batchMax)

    /// For patterns with numbers below `patterns`.
    init(patterns: Int) {
        firstSteps = Array(repeating: -1, count: patterns)
        rows = .allocate(capacity: 0)
    }

    deinit {
        rows.deinitialize(count: columns.count)
        rows.deallocate()
    }

    /// Adds a column; its number, by which patterns name it. What `column` needs to be written is prepared.
    ///
    /// - Parameter places: where the values of the rows that texts name stand in the column.
    func add(_ column: Column, _ places: SegmentBlock.RowPlaces = .same) -> Int {
        if columns.count == rowsCapacity {
            let larger = max(16, rowsCapacity * 2)
            let moved = UnsafeMutablePointer<Vector<UInt32>>.allocate(capacity: larger)
            moved.moveInitialize(from: rows, count: columns.count)
            rows.deallocate()
            rows = moved
            rowsCapacity = larger
        }
        (rows + columns.count).initialize(to: Vector(capacity: 64))
        columns.append(Cells(column, places))
        return columns.count - 1
    }

    /// Whether texts of pattern `number` can be written.
    func isDefined(_ number: Int) -> Bool { firstSteps[number] >= 0 }

    /// Says what texts of pattern `number` are: piece, value, piece, … value, piece.
    ///
    /// - Parameters:
    ///   - bytes: the pieces, one behind the other.
    ///   - ends: where each piece ends; one more than there are values.
    ///   - values: the columns of the values, by the numbers that `add` gave.
    func define(_ number: Int, bytes: [UInt8], ends: [Int], values: [Int]) {
        precondition(
            ends.count == values.count + 1, "BUG: a pattern has one piece more than values")
        firstSteps[number] = Int32(steps.count)
        var start = 0
        for (index, end) in ends.enumerated() {
            steps.append(
                Step(
                    start: UInt32(pieces.count + start), count: UInt32(end - start),
                    column: index < values.count ? Int32(values[index]) : -1))
            start = end
        }
        bytes.withView { pieces.append($0) }
    }

    /// Adds a text of pattern `number` to the batch, whose values are those of `row`, or of rows from there on, `stride` apart.
    @inline(__always)
    func add(_ number: Int, row: Int, stride: Int = 0) {
        var step = Int(firstSteps[number])
        texts.append(Int32(truncatingIfNeeded: step))
        var row = row
        while steps[step].column >= 0 {
            let column = rows + Int(steps[step].column)
            if column.pointee.isEmpty { needed.append(steps[step].column) }
            column.pointee.append(UInt32(truncatingIfNeeded: row))
            row += stride
            step += 1
        }
    }

    /// The texts of the batch.
    var count: Int { texts.count }

    /// Where the next value of a column is taken from.
    private struct Cursor: BitwiseCopyable {
        let text: UnsafeMutablePointer<UInt8>
        /// Value i lies between `ends[i]` and `ends[i + 1]`.
        let ends: UnsafeMutablePointer<UInt32>
        /// The numbers of the values; nil: one after the other.
        let numbers: UnsafeMutablePointer<UInt32>?
        var next = 0
    }

    /// Copies are made of so many bytes at least: behind the text that is written there is room for them, and behind each source.
    private static let overlap = 32

    /// Appends the texts of the batch to `out`, and to `ends` where each ends in it. The next batch begins.
    func write(into out: inout ByteWriter, ends: inout Vector<Int>) {
        pieces.reserve(Self.overlap)
        cursors.reserve(columns.count - cursors.count)
        for index in 0..<needed.count {
            let number = Int(needed[index])
            cursors[number] = columns[number].cursor(&rows[number], overlap: Self.overlap)
        }
        for index in 0..<texts.count {
            var step = Int(texts[index])
            while true {
                let piece = steps[step]
                out.reserve(Int(piece.count) + Self.overlap)
                Self.copy(pieces.base + Int(piece.start), Int(piece.count), into: &out)
                if piece.column < 0 { break }
                let cursor = cursors.base + Int(piece.column)
                let next = cursor.pointee.next
                cursor.pointee.next = next + 1
                let cell = cursor.pointee.numbers.map { Int($0[next]) } ?? next
                let start = Int(cursor.pointee.ends[cell])
                let count = Int(cursor.pointee.ends[cell + 1]) - start
                out.reserve(count + Self.overlap)
                Self.copy(cursor.pointee.text + start, count, into: &out)
                step += 1
            }
            ends.append(out.count)
        }
        texts.removeAll()
        for index in 0..<needed.count { rows[Int(needed[index])].removeAll() }
        needed.removeAll()
    }

    /// Appends `count` bytes. There is room for `overlap` more, and as many can be read behind them.
    @inline(__always)
    private static func copy(
        _ from: UnsafeMutablePointer<UInt8>, _ count: Int, into out: inout ByteWriter
    ) {
        let target = out.base + out.count
        if count <= overlap {
            let source = UnsafeRawPointer(from)
            let bytes = source.loadUnaligned(as: SIMD32<UInt8>.self)
            UnsafeMutableRawPointer(target).storeBytes(of: bytes, as: SIMD32<UInt8>.self)
        } else {
            target.update(from: from, count: count)
        }
        out.advance(count)
    }

    /// A column, and the texts of those of its values that a batch needs.
    private final class Cells {
        private let column: Column
        private let places: SegmentBlock.RowPlaces
        /// Whether the texts are those of all values of the column, written once.
        private let isDictionary: Bool
        private var text = ByteWriter(capacity: 64)
        private var ends = Vector<UInt32>(capacity: 64)

        /// Columns with more values than this write those that a batch needs.
        private static let dictionaryMax = 4_096

        init(_ column: Column, _ places: SegmentBlock.RowPlaces) {
            self.column = column
            self.places = places
            isDictionary =
                (column.codes != nil || column.isConstant) && column.encoded == nil
                && column.valueCount <= Self.dictionaryMax
        }

        func cursor(_ rows: inout Vector<UInt32>, overlap: Int) -> Cursor {
            if case .listed(let places) = places {
                places.withUnsafeBufferPointer { places in
                    for index in 0..<rows.count { rows[index] = places[Int(rows[index])] }
                }
            }
            if let codes = column.codes {
                codes.withUnsafeBufferPointer { codes in
                    for index in 0..<rows.count { rows[index] = codes[Int(rows[index])] }
                }
            } else if column.isConstant {
                for index in 0..<rows.count { rows[index] = 0 }
            }
            if !isDictionary {
                text.removeAll()
                ends.removeAll()
                ends.append(0)
                column.appendValues(rows.buffer, into: &text, ends: &ends)
            } else if ends.isEmpty {
                ends.append(0)
                let all = (0..<UInt32(column.valueCount)).map { $0 }
                all.withUnsafeBufferPointer { column.appendValues($0, into: &text, ends: &ends) }
            }
            text.reserve(overlap)
            return Cursor(
                text: text.base, ends: ends.base, numbers: isDictionary ? rows.base : nil)
        }
    }
}
