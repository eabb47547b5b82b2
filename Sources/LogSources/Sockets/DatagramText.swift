internal import LogBytes
internal import LogMetrics

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Turns the datagrams of one reader into lines: plain ones, several in one, GELF's chunks and compressed messages.
///
/// One datagram is one message wherever its look says so: one that begins with `<` (syslog) or `{` (JSON) and has further lines
/// that do not begin so, too, is a single line with newlines inside. In all others newlines end lines. A newline and a
/// zero byte at the end of a datagram are no part of it.
final class DatagramText {
    private let handoff: LineHandoff
    private let framing: LineFraming
    private let counters: MetricsRegistry
    private var chunks: GELFChunks
    private let unpacked: GELFCompression
    /// Lines of a batch, to be handed on at once.
    private let block: UnsafeMutablePointer<UInt8>
    private let blockBytes: Int
    private var count = 0

    /// The lines of a batch are handed on when they are more (bytes).
    private static let blockBytesMax = 256 << 10

    init(_ handoff: LineHandoff, framing: LineFraming, counters: MetricsRegistry) {
        self.handoff = handoff
        self.framing = framing
        self.counters = counters
        chunks = GELFChunks(counters: counters)
        unpacked = GELFCompression(bytesMax: handoff.blockBytesMax)
        blockBytes = min(Self.blockBytesMax, handoff.blockBytesMax)
        block = .allocate(capacity: blockBytes)
    }

    deinit { block.deallocate() }

    /// Takes a datagram, which stays its owner's and has room for one byte behind it. False when the outlet is closed.
    ///
    /// - Parameter cutBytes: what of it did not fit.
    func take(
        _ bytes: UnsafeMutablePointer<UInt8>, _ length: Int, cutBytes: Int, now: Int64
    ) -> Bool {
        guard GELFChunks.isChunk(ByteView(bytes, length)) else {
            return takeMessage(bytes, length, cutBytes: cutBytes)
        }
        guard var whole = chunks.take(ByteView(bytes, length), now: now) else { return true }
        whole.append(ASCII.newline)
        return takeMessage(whole.base, whole.count - 1, cutBytes: 0)
    }

    private func takeMessage(
        _ bytes: UnsafeMutablePointer<UInt8>, _ length: Int, cutBytes: Int
    ) -> Bool {
        switch unpacked.unpack(ByteView(bytes, length)) {
        case .plain: return takeText(bytes, length, cutBytes: cutBytes)
        case .unpacked(let base, let count): return takeText(base, count, cutBytes: 0)
        case .damaged:
            counters.add(.datagramsDropped, label: "damaged")
            return true
        }
    }

    /// Hands on what is left.
    func flush() -> Bool {
        defer { count = 0 }
        return handoff.hand(ByteView(block, count))
    }

    /// Whether messages wait for further chunks.
    var isWaiting: Bool { !chunks.isEmpty }

    /// Gives up messages whose chunks have not come.
    func expire(_ now: Int64) { chunks.expire(now) }

    /// Gives up all that is incomplete.
    func finish() { chunks.expire(.max) }

    // MARK: Lines

    private func takeText(
        _ bytes: UnsafeMutablePointer<UInt8>, _ length: Int, cutBytes: Int
    ) -> Bool {
        let text = Self.withoutEnd(ByteView(bytes, length))
        guard !text.isEmpty || length > 0 else {
            counters.add(.datagramsDropped, label: "empty")
            return true
        }
        let hasNewlines = text.firstIndex(of: ASCII.newline) != nil
        let isOneLine = hasNewlines && isMessage(text)
        bytes[text.count] = ASCII.newline
        let whole = ByteView(bytes, text.count + 1)
        guard isOneLine || cutBytes > 0 || whole.count > blockBytes else { return add(whole) }
        guard flush() else { return false }
        return hasNewlines && !isOneLine
            ? handEach(whole, cutBytes: cutBytes)
            : handLine(bytes, whole.count, isOneLine: isOneLine, cutBytes: cutBytes)
    }

    private static func withoutEnd(_ text: ByteView) -> ByteView {
        var text = text
        for end in [0, ASCII.newline, 0] where text.count > 0 && text[text.count - 1] == end {
            text = text.prefix(text.count - 1)
        }
        return text
    }

    /// Whether newlines in a datagram are part of its one message.
    private func isMessage(_ text: ByteView) -> Bool {
        switch framing {
        case .newline: return false
        case .nul, .octet: return true
        case .auto: break
        }
        let first = text[0]
        guard first == UInt8(ascii: "<") || first == UInt8(ascii: "{") else { return false }
        var rest = text
        while let newline = rest.firstIndex(of: ASCII.newline) {
            rest = rest.dropFirst(newline + 1)
            if rest.isEmpty || rest[0] != first { return true }
        }
        return false
    }

    private func add(_ lines: ByteView) -> Bool {
        if count + lines.count > blockBytes {
            guard flush() else { return false }
        }
        (block + count).update(from: lines.start, count: lines.count)
        count += lines.count
        return true
    }

    /// Hands on each line of a datagram that is longer than the longest line, or was cut.
    private func handEach(_ lines: ByteView, cutBytes: Int) -> Bool {
        var rest = lines
        while let newline = rest.firstIndex(of: ASCII.newline) {
            let isLast = newline + 1 == rest.count
            let start = UnsafeMutablePointer(mutating: rest.start)
            guard
                handLine(
                    start, newline + 1, isOneLine: false, cutBytes: isLast ? cutBytes : 0)
            else { return false }
            rest = rest.dropFirst(newline + 1)
        }
        return true
    }

    /// Hands on a single line with its newline, cut to the longest that there may be.
    private func handLine(
        _ bytes: UnsafeMutablePointer<UInt8>, _ length: Int, isOneLine: Bool, cutBytes: Int
    ) -> Bool {
        let kept = min(length, handoff.blockBytesMax)
        bytes[kept - 1] = ASCII.newline
        let line = ByteView(bytes, kept)
        return handoff.hand(
            line, isOneLine: isOneLine && line.firstIndex(of: ASCII.newline) != kept - 1,
            cutBytes: cutBytes + length - kept)
    }
}
