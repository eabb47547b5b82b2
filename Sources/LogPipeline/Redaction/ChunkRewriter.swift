internal import LogBytes

/// Makes a copy of a chunk with parts of it replaced.
struct ChunkRewriter: ~Copyable {
    private let source: ByteChunk
    private var target: ByteChunk
    private var copied = 0
    /// The ends of the source's lines that have newlines inside, and where those passed so far have come to stand.
    private let bounds: [Int]
    private var moved: [Int] = []

    /// A rewriter of `source` into `target`, where that is large enough, else into a chunk of its own.
    init(_ source: ByteChunk, into target: ByteChunk?) {
        self.source = source
        bounds = source.oneLineRanges.flatMap { [$0.lowerBound, $0.upperBound] }
        if let target, target.capacity >= source.capacity {
            self.target = target
            target.removeAll()
        } else {
            self.target = Self.chunk(source.capacity)
        }
    }

    /// Marks are mostly shorter than what they replace: half as much again is room enough, nearly always.
    private static func chunk(_ capacity: Int) -> ByteChunk {
        ByteChunk(capacity: capacity + capacity / 2, spareBytes: capacity + capacity / 2)
    }

    /// Replaces the bytes at `range`, which lie behind all that were replaced before.
    mutating func replace(_ range: Range<Int>, with match: RedactionMatch) {
        copy(upTo: range.lowerBound)
        appendQuote(match.quotes)
        append(ByteView(match.mark))
        appendQuote(match.quotes)
        copied = range.upperBound
    }

    /// The copy, when all replacements are made.
    mutating func finish() -> ByteChunk {
        copy(upTo: source.count)
        target.cutLines = source.cutLines
        target.cutBytes = source.cutBytes
        target.oneLineRanges = stride(from: 0, to: moved.count, by: 2).map {
            moved[$0]..<moved[$0 + 1]
        }
        return target
    }

    private mutating func appendQuote(_ backslashes: Int?) {
        guard let backslashes else { return }
        for _ in 0..<backslashes { append(ByteView("\\")) }
        append(ByteView("\""))
    }

    private mutating func copy(upTo end: Int) {
        while moved.count < bounds.count, bounds[moved.count] <= end {
            let bound = bounds[moved.count]
            append(source.view.slice(copied..<bound))
            copied = bound
            moved.append(target.count)
        }
        append(source.view.slice(copied..<end))
        copied = end
    }

    private mutating func append(_ bytes: ByteView) {
        if target.count + bytes.count > target.capacity {
            let larger = Self.chunk(target.count + bytes.count + source.capacity)
            larger.append(target.view)
            target = larger
        }
        target.append(bytes)
    }
}
