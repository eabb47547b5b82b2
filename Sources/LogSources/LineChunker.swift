internal import LogBytes
internal import LogRecords

/// Cuts a stream of bytes into chunks of whole lines. A line longer than a chunk keeps its first bytes, is flagged, and is
/// skipped to its newline.
///
/// It never holds a chunk while it waits, for another chunk or for input: the start of a line whose rest is to come moves to
/// memory of its own. So any number of sources share an outlet, however few its chunks are.
package struct LineChunker: ~Copyable {
    private let outlet: ChunkOutlet
    private let source: String
    private var chunk: ByteChunk?
    /// The start of a line, while no chunk is held.
    private var carried = ByteWriter()
    /// Bytes skipped since the last chunk that was sent, while no chunk is held.
    private var carriedCutBytes = 0
    private var isSkipping = false

    /// Sends to `outlet` what comes from the source of that name.
    package init(outlet: ChunkOutlet, source: String) {
        self.outlet = outlet
        self.source = source
    }

    /// Room to read into: at least one byte. Waits for a chunk; nil when the outlet is closed.
    package mutating func room() -> UnsafeMutableRawBufferPointer? {
        if chunk == nil, let fresh = outlet.emptyChunk() {
            // It fits: a chunk that was full had a newline in front of what was carried.
            fresh.append(carried.view)
            fresh.cutBytes = carriedCutBytes
            carried.removeAll()
            carriedCutBytes = 0
            chunk = fresh
        }
        guard let chunk else { return nil }
        return UnsafeMutableRawBufferPointer(
            start: chunk.base + chunk.count, count: chunk.capacity - chunk.count)
    }

    /// True when a further read would find no room.
    package var isFull: Bool {
        guard let chunk else { return false }
        return chunk.count == chunk.capacity
    }

    /// Takes note of `count` bytes read into the room.
    package mutating func advance(_ count: Int) {
        guard let chunk else { return }
        if !isSkipping {
            chunk.count += count
            return
        }
        // The rest of an over-long line goes by up to its newline.
        let fresh = ByteView(chunk.base + chunk.count, count)
        guard let newline = fresh.firstIndex(of: ASCII.newline) else {
            chunk.cutBytes += count
            return
        }
        chunk.cutBytes += newline
        isSkipping = false
        let rest = fresh.dropFirst(newline + 1)
        (chunk.base + chunk.count).update(from: rest.start, count: rest.count)
        chunk.count += rest.count
    }

    /// Sends the whole lines that are held; what is behind the last newline is carried to the next chunk. False when the
    /// outlet is closed.
    ///
    /// - Parameter keepingParts: lines at the end that are the parts of one whose rest is to come are carried, too.
    package mutating func sendLines(keepingParts: Bool = false) -> Bool {
        guard let chunk else { return true }
        guard let newline = chunk.view.lastIndex(of: ASCII.newline) else {
            if chunk.count == chunk.capacity { return sendTruncated(chunk) }
            self.chunk = nil
            carried.append(chunk.view)
            carriedCutBytes = chunk.cutBytes
            outlet.recycle(chunk)
            return true
        }
        self.chunk = nil
        var end = newline + 1
        if keepingParts { end = Self.startOfParts(chunk.view.prefix(end)) ?? end }
        carried.append(chunk.view.dropFirst(end))
        chunk.count = end
        return outlet.send(Delivery(chunk, source: source))
    }

    /// Where the parts begin that `lines` end in; nil when they do not, and when there is nothing else.
    private static func startOfParts(_ lines: ByteView) -> Int? {
        var start = lines.count
        while start > 0 {
            let before = lines.prefix(start - 1)
            let lineStart = before.lastIndex(of: ASCII.newline).map { $0 + 1 } ?? 0
            guard WrappedLine.isPart(before.dropFirst(lineStart)) else { break }
            start = lineStart
        }
        return start > 0 && start < lines.count ? start : nil
    }

    /// Sends the start of a line that fills the chunk without ending.
    private mutating func sendTruncated(_ chunk: ByteChunk) -> Bool {
        isSkipping = true
        // A chunk holds one byte more than the longest line: its newline.
        chunk.count -= 1
        chunk.cutBytes += 1
        chunk.cutLines += 1
        self.chunk = nil
        return outlet.send(Delivery(chunk, source: source))
    }

    /// Sends what is held at the end of the input: a last line may lack its newline.
    package mutating func finish() -> Bool {
        guard sendLines() else { return false }
        if carried.isEmpty, carriedCutBytes == 0 { return true }
        guard room() != nil, let chunk else { return false }
        self.chunk = nil
        return outlet.send(Delivery(chunk, source: source))
    }
}
