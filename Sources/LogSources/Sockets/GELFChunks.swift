internal import LogBytes
internal import LogMetrics

/// Puts GELF messages together that came in several datagrams.
///
/// Layout of a chunk: 0x1E 0x0F, eight bytes that all chunks of a message share, the chunk's number, the number of chunks,
/// at most 128; then its part. Chunks come in any order. Messages, their bytes and the time they may take are bounded; what is
/// given up is counted, by its datagrams.
struct GELFChunks: ~Copyable {
    private struct Message {
        let number: Int
        let expiry: Int64
        var parts: [Int: [UInt8]] = [:]
        var bytes = 0
    }

    /// The number of chunks of a message that the format allows.
    private static let chunksMax = 128
    private static let headBytes = 12
    /// Messages that are incomplete at a time: with 1,000 lines a second in chunks, a second of them.
    static let messagesMax = 1_024
    /// Their bytes together.
    static let bytesMax = 16 << 20
    /// How long the chunks of a message may take, as Graylog has it (nanoseconds).
    static let patience: Int64 = 5_000_000_000

    private let counters: MetricsRegistry
    private var messages: [UInt64: Message] = [:]
    /// The messages by age.
    private var order: [UInt64] = []
    private var bytes = 0

    init(counters: MetricsRegistry) { self.counters = counters }

    /// Whether a datagram is a chunk.
    static func isChunk(_ datagram: ByteView) -> Bool {
        datagram.count >= 2 && datagram[0] == 0x1E && datagram[1] == 0x0F
    }

    /// Whether nothing waits for its rest.
    var isEmpty: Bool { messages.isEmpty }

    /// Takes a chunk; gives the message when it was the last one missing.
    mutating func take(_ chunk: ByteView, now: Int64) -> ByteWriter? {
        expire(now)
        guard chunk.count >= Self.headBytes else { return drop(1, "gelf_malformed") }
        var id: UInt64 = 0
        for index in 2..<10 { id = id << 8 | UInt64(chunk[index]) }
        let index = Int(chunk[10])
        let number = Int(chunk[11])
        guard (1...Self.chunksMax).contains(number), index < number else {
            return drop(1, "gelf_malformed")
        }
        let part = chunk.dropFirst(Self.headBytes)
        makeRoom(for: part.count, isNew: messages[id] == nil)
        if messages[id] == nil {
            messages[id] = Message(number: number, expiry: now + Self.patience)
            order.append(id)
        }
        guard messages[id]?.number == number, messages[id]?.parts[index] == nil else {
            return drop(1, "gelf_malformed")
        }
        messages[id]?.parts[index] = Array(part)
        messages[id]?.bytes += part.count
        bytes += part.count
        guard let message = messages[id], message.parts.count == number else { return nil }
        remove(id)
        var whole = ByteWriter(capacity: message.bytes + 1)
        for index in 0..<number { message.parts[index]?.withView { whole.append($0) } }
        return whole
    }

    /// Gives up the messages that are too old at the time `now`.
    mutating func expire(_ now: Int64) {
        while let id = order.first, let message = messages[id], message.expiry <= now { giveUp(id) }
    }

    private mutating func makeRoom(for more: Int, isNew: Bool) {
        while let oldest = order.first,
            bytes + more > Self.bytesMax || (isNew && messages.count >= Self.messagesMax)
        {
            giveUp(oldest)
        }
    }

    private mutating func giveUp(_ id: UInt64) {
        _ = drop(messages[id]?.parts.count ?? 0, "gelf_incomplete")
        remove(id)
    }

    private mutating func remove(_ id: UInt64) {
        guard let message = messages.removeValue(forKey: id) else { return }
        bytes -= message.bytes
        if let index = order.firstIndex(of: id) { order.remove(at: index) }
    }

    private func drop(_ datagrams: Int, _ reason: String) -> ByteWriter? {
        counters.add(.datagramsDropped, datagrams, label: reason)
        return nil
    }
}
