internal import LogBytes
internal import LogSystem

extension FileFollower {
    /// A full disk may keep chunks for long; files are looked after all the same, so often (nanoseconds).
    static let chunkPatience: Int64 = 200_000_000

    /// The chunk that is being filled; nil when there is none to be had now.
    func openChunk() -> ByteChunk? {
        if let chunk { return chunk }
        chunk = sink.emptyChunk(until: clock.monotonic() + Self.chunkPatience)
        return chunk
    }

    /// Takes note that `file` has lines in the chunk, or has been read further without.
    func touch(_ file: FollowedFile) {
        guard !file.isTouched else { return }
        file.isTouched = true
        touched.append(file)
    }

    /// Sends what has been read, and all marks that are to be written. False when the outlet is closed.
    func flush() -> Bool {
        if chunk == nil, touched.isEmpty, !hasUnsent { return true }
        guard let chunk = openChunk() else { return sink.isOpen }
        self.chunk = nil
        for file in touched {
            file.isTouched = false
            // What is gone by now has left its mark as a ghost.
            if files[file.key] === file { note(file) }
        }
        touched.removeAll()
        guard hasUnsent || chunk.count > 0 || chunk.cutBytes > 0 else {
            sink.recycle(chunk)
            return true
        }
        var delivery = Delivery(chunk, source: Self.sourceName)
        delivery.positions = unframed.values.sorted { $0.key < $1.key }
        // A frame is written for lines only; without, the positions go along again with the next.
        if chunk.view.contains(where: { $0 != ASCII.newline }) {
            unframed.removeAll(keepingCapacity: true)
        }
        hasUnsent = false
        return sink.send(delivery)
    }
}

extension ByteView {
    /// Whether a byte is such; looked for from the start.
    fileprivate func contains(where condition: (UInt8) -> Bool) -> Bool {
        var index = 0
        while index < count {
            if condition(self[index]) { return true }
            index += 1
        }
        return false
    }
}
