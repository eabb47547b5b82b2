internal import LogBytes

/// Cuts a stream of bytes into chunks of whole lines. A line longer than a chunk keeps its first bytes, is flagged, and is
/// skipped to its newline.
struct LineChunker {
    private let outlet: ChunkOutlet
    private var chunk: ByteChunk?
    private var isSkipping = false

    init(outlet: ChunkOutlet) { self.outlet = outlet }

    /// True when bytes are held that were not sent.
    var isHolding: Bool { (chunk?.count ?? 0) > 0 }

    /// Room to read into: at least one byte. Nil when the outlet is closed.
    mutating func room() -> UnsafeMutableRawBufferPointer? {
        if chunk == nil { chunk = outlet.emptyChunk() }
        guard let chunk else { return nil }
        return UnsafeMutableRawBufferPointer(
            start: chunk.base + chunk.count, count: chunk.capacity - chunk.count)
    }

    /// True when a further read would find no room.
    var isFull: Bool {
        guard let chunk else { return false }
        return chunk.count == chunk.capacity
    }

    /// Takes note of `count` bytes read into the room.
    mutating func advance(_ count: Int) {
        guard let chunk else { return }
        if !isSkipping {
            chunk.count += count
            return
        }
        // The rest of an over-long line goes by up to its newline.
        let fresh = ByteView(chunk.base + chunk.count, count)
        guard let newline = fresh.firstIndex(of: ASCII.newline) else {
            chunk.skippedBytes += count
            return
        }
        chunk.skippedBytes += newline
        isSkipping = false
        let rest = fresh.dropFirst(newline + 1)
        (chunk.base + chunk.count).update(from: rest.start, count: rest.count)
        chunk.count += rest.count
    }

    /// Sends the whole lines that are held; what is behind the last newline moves to the next chunk. False when the outlet
    /// is closed.
    mutating func sendLines() -> Bool {
        guard let chunk, chunk.count > 0 else { return true }
        guard let newline = chunk.view.lastIndex(of: ASCII.newline) else {
            return chunk.count < chunk.capacity ? true : sendTruncated(chunk)
        }
        let tail = chunk.view.dropFirst(newline + 1)
        self.chunk = nil
        if !tail.isEmpty {
            guard let next = outlet.emptyChunk() else { return false }
            next.append(tail)
            self.chunk = next
        }
        chunk.count = newline + 1
        return outlet.send(chunk)
    }

    /// Sends the start of a line that fills the chunk without ending.
    private mutating func sendTruncated(_ chunk: ByteChunk) -> Bool {
        isSkipping = true
        // A chunk holds one byte more than the longest line: its newline.
        chunk.count -= 1
        chunk.skippedBytes += 1
        chunk.endsInTruncatedLine = true
        self.chunk = nil
        return outlet.send(chunk)
    }

    /// Sends what is held at the end of the input: a last line may lack its newline.
    mutating func finish() -> Bool {
        guard sendLines(), let chunk, chunk.count + chunk.skippedBytes > 0 else { return true }
        self.chunk = nil
        return outlet.send(chunk)
    }
}
