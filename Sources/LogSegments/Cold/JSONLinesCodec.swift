internal import LogBytes
internal import LogQuery

/// Lines of JSON that are stored whole because no two have the same keys in the same order: cut at their values, each key's
/// values in a column, and what stands between them as a walk from piece to piece.
///
///     varint   keys k
///     varint   pieces p, at most 4,096
///     …        the text of all pieces, `NestedColumn`
///     p ×      varint   2 · (key of the value that follows + 1, or 0: the key of the value before) + (1: the line ends here)
///     p + 1 ×  for what follows each piece, at last for what begins a line: varint n, the pieces that do, varint each;
///              where n > 1 and any follow: varint how often, which of them, `CodeStream`
///     k ×      varint values; when there are any: `NestedColumn`
///
/// Nothing here depends on the lines being valid JSON: they are cut where values seem to begin and end, and put together again.
struct JSONLinesCodec: ColumnCodec {
    let id: UInt8 = 27
    let name = "JSON lines"

    /// More keys than this need more room for their columns than these save.
    private static let keysMax = 2_000
    private static let valueCodecs: [any ColumnCodec] = [
        ConstantCodec(), TimestampCodec(), EpochTimeCodec(), AffixNumberCodec(),
        DigitPatternCodec(), RecentCodec(), CodedCodec(), TemplateCodec(), PackedTextCodec(),
    ]

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let deflater = context.deflater, column.count > 1, column.value(0).count > 1,
            column.value(0)[0] == ASCII.openBrace
        else { return false }
        var pieces = PieceTable(piecesMax: EntropyCoder.alphabetMax, keysMax: Self.keysMax)
        var walk = PieceWalk()
        var values: [ColumnBuffer] = []
        for row in 0..<column.count {
            var previous = PieceWalk.start
            var key = 0
            var isFull = false
            JSONPieces.split(column.value(row)) { text, name, value in
                guard let piece = pieces.number(text, name: name, isLast: value == nil) else {
                    isFull = true
                    return
                }
                walk.note(previous, piece)
                previous = piece
                guard let value else { return }
                if let named = pieces.key(piece) { key = named }
                while values.count < max(pieces.keyCount, 1) { values.append(ColumnBuffer()) }
                values[key].append(value)
            }
            if isFull { return false }
        }
        out.append(length: values.count)
        pieces.append(context, into: &out)
        walk.append(pieceCount: pieces.count, deflater, into: &out)
        for buffer in values {
            out.append(length: buffer.count)
            if buffer.count == 0 { continue }
            NestedColumn.append(
                buffer, Self.valueCodecs, context,
                times: buffer.count == column.count ? context.times : nil, into: &out)
        }
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let keyCount = try reader.length(atMost: Self.keysMax, "keys of lines")
        let pieces = try StoredPieces(&reader, keyCount: keyCount)
        var walk = try StoredWalk(&reader, pieceCount: pieces.texts.rowCount)
        var columns: [Column] = []
        for _ in 0..<keyCount {
            let size = try reader.length(
                atMost: SegmentFormat.chunkBytesMax, "values of a key")
            let column =
                size == 0
                ? Column.constant([], rowCount: 0)
                : try NestedColumn.read(&reader, count: size, context)
            try column.prepare(rows: Bitmap(count: size, all: true))
            columns.append(column)
        }
        var next = [Int](repeating: 0, count: keyCount)
        var bytes = ByteWriter(capacity: count * 256)
        var ends: [Int] = []
        ends.reserveCapacity(count)
        for _ in 0..<count {
            var piece = PieceWalk.start
            var key = 0
            while true {
                guard let following = walk.next(after: piece) else {
                    throw reader.malformed("walk of a line")
                }
                piece = following
                pieces.texts.withText(row: piece) { bytes.append($0) }
                let mark = pieces.marks[piece]
                if mark & 1 == 1 { break }
                if mark > 1 { key = mark / 2 - 1 }
                guard key < keyCount, next[key] < columns[key].rowCount else {
                    throw reader.malformed("values of a key")
                }
                columns[key].withText(row: next[key]) { bytes.append($0) }
                next[key] += 1
            }
            ends.append(bytes.count)
        }
        return count == 1
            ? .constant(Array(bytes.view), rowCount: 1)
            : .plain(bytes: Array(bytes.view), ends: ends)
    }
}

/// Cuts a line of JSON at its values.
enum JSONPieces {
    /// Calls `body` with each piece, the last key in it, and the value behind it; nil behind the last piece.
    static func split(
        _ line: ByteView, _ body: (_ text: ByteView, _ key: ByteView?, _ value: ByteView?) -> Void
    ) {
        var index = 0
        var start = 0
        var key: ByteView?
        func emit(_ from: Int, _ to: Int) {
            body(line.slice(start..<from), key, line.slice(from..<to))
            start = to
            index = to
            key = nil
        }
        while index < line.count {
            let byte = line[index]
            if byte == ASCII.quote {
                guard let close = closingQuote(line, index + 1) else { break }
                let content = line.slice(index + 1..<close)
                if isKey(line, close + 1) {
                    key = content
                    index = close + 1
                } else {
                    emit(index + 1, close)
                    index = close + 1
                }
            } else if ASCII.isDigit(byte) || byte == ASCII.minus || byte | 0x20 >= 0x61 {
                var end = index + 1
                while end < line.count, !isEnd(line[end]) { end += 1 }
                emit(index, end)
            } else {
                index += 1
            }
        }
        body(line.dropFirst(start), nil, nil)
    }

    private static func closingQuote(_ line: ByteView, _ from: Int) -> Int? {
        var index = from
        while index < line.count {
            if line[index] == ASCII.quote { return index }
            index += line[index] == ASCII.backslash ? 2 : 1
        }
        return nil
    }

    private static func isKey(_ line: ByteView, _ from: Int) -> Bool {
        var index = from
        while index < line.count, line[index] == ASCII.space { index += 1 }
        return index < line.count && line[index] == ASCII.colon
    }

    /// Whether a number or a word ends before this byte.
    private static func isEnd(_ byte: UInt8) -> Bool {
        byte == ASCII.comma || byte == ASCII.space || byte == ASCII.quote || byte == 0x5D
            || byte == 0x7D
    }
}

/// The pieces of lines, each once, and the keys in them.
private struct PieceTable {
    private struct Piece: Hashable {
        let text: [UInt8]
        let isLast: Bool
    }

    private let piecesMax: Int
    private let keysMax: Int
    private var pieces: [Piece: Int] = [:]
    private var texts: [[UInt8]] = []
    private var marks: [Int] = []
    private var keys: [[UInt8]: Int] = [:]
    /// The piece that was met last behind each piece: most often the next one, found without hashing.
    private var lastAsked = -1
    private var guesses: [Int] = []

    init(piecesMax: Int, keysMax: Int) {
        self.piecesMax = piecesMax
        self.keysMax = keysMax
    }

    var count: Int { texts.count }
    var keyCount: Int { keys.count }

    /// The key of the value behind a piece; nil: that of the value before.
    func key(_ piece: Int) -> Int? { marks[piece] > 1 ? marks[piece] / 2 - 1 : nil }

    /// The number of a piece; nil when there are too many.
    mutating func number(_ text: ByteView, name: ByteView?, isLast: Bool) -> Int? {
        if lastAsked >= 0, guesses[lastAsked] >= 0 {
            let guess = guesses[lastAsked]
            if marks[guess] & 1 == (isLast ? 1 : 0), texts[guess].withView({ $0 == text }) {
                lastAsked = isLast ? -1 : guess
                return guess
            }
        }
        let piece = Piece(text: Array(text), isLast: isLast)
        guard let number = pieces[piece] ?? add(piece, name) else { return nil }
        if lastAsked >= 0 { guesses[lastAsked] = number }
        lastAsked = isLast ? -1 : number
        return number
    }

    private mutating func add(_ piece: Piece, _ name: ByteView?) -> Int? {
        guard texts.count < piecesMax, keys.count < keysMax else { return nil }
        var mark = piece.isLast ? 1 : 0
        if let name, !piece.isLast {
            let name = Array(name)
            let key = keys[name] ?? keys.count
            keys[name] = key
            mark += 2 * (key + 1)
        }
        pieces[piece] = texts.count
        texts.append(piece.text)
        marks.append(mark)
        guesses.append(-1)
        return texts.count - 1
    }

    func append(_ context: borrowing EncodeContext, into out: inout ByteWriter) {
        out.append(length: texts.count)
        let column = ColumnBuffer()
        for text in texts { text.withView { column.append($0) } }
        NestedColumn.append(column, ColumnCodecs.nested, context, times: nil, into: &out)
        for mark in marks { out.append(length: mark) }
    }
}

/// The pieces as they are read.
private struct StoredPieces {
    let texts: Column
    let marks: [Int]

    init(_ reader: inout ByteReader, keyCount: Int) throws {
        let count = try reader.length(atMost: EntropyCoder.alphabetMax, "pieces of lines")
        guard count > 0 else { throw reader.malformed("pieces of lines") }
        texts = try NestedColumn.read(&reader, count: count)
        var marks: [Int] = []
        for _ in 0..<count {
            marks.append(try reader.length(atMost: 2 * keyCount + 1, "mark of a piece"))
        }
        self.marks = marks
    }
}

/// Which piece follows which, in the order of the lines.
private struct PieceWalk {
    /// Stands for the start of a line.
    static let start = -1

    private struct Followers {
        var pieces: [Int] = []
        var numbers: [Int: Int64] = [:]
        var taken: [Int64] = []
    }

    /// By the piece before, plus one.
    private var followers: [Followers] = [Followers()]

    mutating func note(_ previous: Int, _ piece: Int) {
        while followers.count <= max(previous, piece) + 1 { followers.append(Followers()) }
        let place = previous + 1
        if let number = followers[place].numbers[piece] {
            followers[place].taken.append(number)
        } else {
            let number = Int64(followers[place].pieces.count)
            followers[place].numbers[piece] = number
            followers[place].pieces.append(piece)
            followers[place].taken.append(number)
        }
    }

    func append(pieceCount: Int, _ deflater: Deflater, into out: inout ByteWriter) {
        for place in Array(1...max(pieceCount, 1)) + [0] {
            let following = followers[place]
            out.append(length: following.pieces.count)
            for piece in following.pieces { out.append(length: piece) }
            guard following.pieces.count > 1 else { continue }
            out.append(length: following.taken.count)
            CodeStream.append(
                following.taken, limit: following.pieces.count, deflater, into: &out)
        }
    }
}

/// Walks from piece to piece, as it was stored.
private struct StoredWalk {
    private var followers: [[Int]] = []
    private var taken: [[UInt32]] = []
    private var next: [Int] = []

    init(_ reader: inout ByteReader, pieceCount: Int) throws {
        for _ in 0...pieceCount {
            let count = try reader.length(atMost: pieceCount, "followers of a piece")
            var pieces: [Int] = []
            for _ in 0..<count {
                pieces.append(try reader.length(atMost: pieceCount - 1, "piece"))
            }
            followers.append(pieces)
            guard count > 1 else {
                taken.append([])
                continue
            }
            let steps = try reader.length(
                atMost: SegmentFormat.chunkBytesMax, "steps behind a piece")
            taken.append(try CodeStream.read(&reader, count: steps, limit: count))
        }
        next = [Int](repeating: 0, count: followers.count)
    }

    /// The piece behind `piece`, in this line; nil when none was stored.
    mutating func next(after piece: Int) -> Int? {
        let place = piece == PieceWalk.start ? followers.count - 1 : piece
        let choices = followers[place]
        if choices.count <= 1 { return choices.first }
        guard next[place] < taken[place].count else { return nil }
        defer { next[place] += 1 }
        return choices[Int(taken[place][next[place]])]
    }
}
