public import LogBytes
public import LogSystem

/// What sources send their lines through, bounded in all places, so that a slow pipeline makes the sources wait and their
/// writers wait behind them.
///
/// A source with a thread of its own takes an empty chunk, fills it and sends it, and waits for the first of these. Sources
/// that serve many writers and must not wait `gather` whole lines in a chunk that they share; it goes to the pipeline when it
/// is full, or when the pipeline has nothing else to do and its first lines have lingered.
public final class ChunkOutlet: @unchecked Sendable {
    private let clock: any WallClock
    private let lock = Lock()
    private var free: [ByteChunk] = []
    /// Sent and not yet received; no more than there are chunks.
    private var full: [Delivery] = []
    private var gathering: Delivery?
    private var waiting: [@Sendable () -> Void] = []
    /// Somebody wants the receiver to look around.
    private var isWoken = false
    /// Nothing more will be sent.
    private var isFinished = false
    /// Nothing more will be received.
    private var isClosed = false
    private var stall: String?

    /// Lines of slow writers are gathered for this long before they are handed on: one batch instead of one a line
    /// (nanoseconds). Queries see them well within a second; acknowledgements wait for the commit anyway.
    public static let lingerNanoseconds: Int64 = 10_000_000

    /// The size of a chunk: the longest line and its newline.
    public let chunkBytes: Int

    /// An outlet with `chunkCount` chunks of `chunkBytes` bytes.
    public init(chunkCount: Int, chunkBytes: Int, clock: any WallClock = SystemClock()) {
        self.clock = clock
        self.chunkBytes = chunkBytes
        for _ in 0..<chunkCount {
            free.append(ByteChunk(capacity: chunkBytes, spareBytes: chunkBytes))
        }
    }

    // MARK: One writer a chunk

    /// An empty chunk, waiting until the pipeline gives one back; nil when the outlet is closed.
    public func emptyChunk() -> ByteChunk? {
        lock.locked {
            while free.isEmpty, !isClosed { _ = lock.wait() }
            return isClosed ? nil : takeFree()
        }
    }

    /// An empty chunk as `emptyChunk()` gives, if there is one before the monotonic time `deadline`.
    public func emptyChunk(until deadline: Int64) -> ByteChunk? {
        lock.locked {
            while free.isEmpty, !isClosed {
                if !lock.wait(until: deadline), free.isEmpty { return nil }
            }
            return isClosed ? nil : takeFree()
        }
    }

    /// False when nothing more is taken.
    public var isOpen: Bool { lock.locked { !isClosed } }

    /// Hands a chunk of whole lines on. False when the outlet is closed.
    public func send(_ chunk: ByteChunk) -> Bool { send(Delivery(chunk)) }

    /// Hands lines on with what belongs to them. False when the outlet is closed; the receipts are told.
    public func send(_ delivery: Delivery) -> Bool {
        let isTaken = lock.locked {
            if isClosed { return false }
            full.append(delivery)
            lock.signal()
            return true
        }
        if !isTaken { delivery.tell(.failed(Self.endingReason)) }
        return isTaken
    }

    /// What receipts are told of lines that came too late.
    public static let endingReason = "weir is ending"

    /// Says that nothing more will be sent.
    public func finish() {
        lock.locked {
            sendGathered()
            isFinished = true
            lock.signal()
        }
    }

    // MARK: Many writers, one chunk

    /// What became of lines that were to be gathered.
    public enum Gathered: Sendable {
        case taken
        /// There is no room: try again when `whenRoom` calls.
        case full
        /// The outlet is closed.
        case closed
    }

    /// Adds whole lines to the shared chunk without waiting: all of them or none.
    ///
    /// - Parameters:
    ///   - lines: each with its newline; at most `chunkBytes`.
    ///   - isOneLine: they are a single line that has newlines inside.
    ///   - cutBytes: bytes that were dropped from the end of a line that was too long; the line among them counts as cut.
    ///   - position: how far their writer has been read with them.
    ///   - receipt: told what became of them, once they are taken.
    public func gather(
        _ lines: ByteView, isOneLine: Bool = false, cutBytes: Int = 0,
        position: SourcePosition? = nil, receipt: Receipt? = nil
    ) -> Gathered {
        lock.locked {
            if isClosed || isFinished { return .closed }
            if let open = gathering, open.chunk.count + lines.count > open.chunk.capacity {
                sendGathered()
            }
            if gathering == nil {
                guard !free.isEmpty else { return .full }
                gathering = Delivery(takeFree(), arrived: clock.monotonic())
                // The pipeline learns when it is due.
                lock.signal()
            }
            guard let chunk = gathering?.chunk else { return .full }
            if isOneLine {
                chunk.oneLineRanges.append(chunk.count..<chunk.count + lines.count)
            }
            chunk.append(lines)
            if cutBytes > 0 {
                chunk.cutLines += 1
                chunk.cutBytes += cutBytes
            }
            if let position { gathering?.positions.append(position) }
            if let receipt { gathering?.receipts.append(receipt) }
            return .taken
        }
    }

    /// Calls `body` once, from any thread, when there is a chunk for those who found none, or the outlet is closed.
    public func whenRoom(_ body: @escaping @Sendable () -> Void) {
        let isNow = lock.locked {
            if !free.isEmpty || isClosed || isFinished { return true }
            waiting.append(body)
            return false
        }
        if isNow { body() }
    }

    /// Why nothing is stored at the moment (a full disk); nil while all is well. Who can tell its writer to come back later
    /// does so.
    public var stallReason: String? { lock.locked { stall } }

    // MARK: The pipeline's side

    /// What waiting for a delivery came to.
    public enum Reception {
        case delivery(Delivery)
        /// The deadline passed first.
        case timedOut
        /// There will be no more.
        case finished
    }

    /// Waits for a delivery until the monotonic time `deadline`.
    public func receive(until deadline: Int64?) -> Reception {
        lock.locked {
            while true {
                if !full.isEmpty { return .delivery(full.removeFirst()) }
                if isFinished || isClosed { return .finished }
                if isWoken {
                    isWoken = false
                    return .timedOut
                }
                let now = clock.monotonic()
                let due = gathering?.arrived.map { $0 + Self.lingerNanoseconds }
                if let due, now >= due {
                    sendGathered()
                    continue
                }
                if let deadline, now >= deadline { return .timedOut }
                _ = lock.wait(until: [due, deadline].compactMap(\.self).min())
            }
        }
    }

    /// Ends a `receive` that waits, or the next one, as if its time were over.
    public func wake() {
        lock.locked {
            isWoken = true
            lock.signal()
        }
    }

    /// Gives a chunk back for reuse.
    public func recycle(_ chunk: ByteChunk) {
        let waiting = lock.locked {
            free.append(chunk)
            lock.signal()
            return takeWaiting()
        }
        for body in waiting { body() }
    }

    /// Says why nothing is stored at the moment, or with nil that it is again.
    public func stall(_ reason: String?) { lock.locked { stall = reason } }

    /// Makes the sources' next call fail, and so end them.
    public func close() {
        let waiting = lock.locked {
            isClosed = true
            lock.signal()
            return takeWaiting()
        }
        for body in waiting { body() }
    }

    // MARK: Under the lock

    private func takeFree() -> ByteChunk {
        let chunk = free.removeLast()
        chunk.removeAll()
        return chunk
    }

    private func sendGathered() {
        if let gathering { full.append(gathering) }
        gathering = nil
    }

    private func takeWaiting() -> [@Sendable () -> Void] {
        defer { waiting.removeAll() }
        return waiting
    }
}
