internal import LogAlerting
internal import LogBytes

/// One entry of an outbox file:
///
///     offset  bytes
///     0       4      length of the body, little-endian
///     4       4      CRC-32C of the body
///     8       4      CRC-32C of the eight bytes before
///     12      …      body: a byte that says what it is, and what that has
///
/// Valid if and only if both checksums hold and the body is read to its end. After damage the reader goes on at the next
/// valid entry; the head has a checksum of its own so that a damaged length does not lead it astray.
enum OutboxRecord: Equatable {
    /// The channel that the file belongs to; the first entry.
    case channel(String)
    /// A notification waits from `time` on (nanoseconds since the epoch).
    case queued(UInt64, time: Int64, AlertNotification)
    /// The receiver has it.
    case delivered(UInt64)
    /// It was given up.
    case dead(UInt64, time: Int64, attempts: Int, reason: String)
    /// It waits again, from `time` on.
    case requeued(UInt64, time: Int64)
    /// Somebody did not want it any more.
    case dropped(UInt64)
    /// The key of a notification that was delivered.
    case remembered(String)
    /// A notification that is delivered again and again while its alerts fire.
    case retained(AlertNotification)
    /// It was tried so often, the last time in vain for this reason.
    case failed(UInt64, attempts: Int, reason: String)

    static let headBytes = 12
    /// A notification of thousands of alerts is smaller.
    static let bodyBytesMax = 16 << 20

    func append(to out: inout ByteWriter) {
        var body = ByteWriter(capacity: 512)
        switch self {
        case .channel(let name):
            body.append(0)
            body.append(text: name)
        case .queued(let number, let time, let notification):
            body.append(1)
            body.append(varint: number)
            body.append(zigzag: time)
            notification.append(to: &body)
        case .delivered(let number):
            body.append(2)
            body.append(varint: number)
        case .dead(let number, let time, let attempts, let reason):
            body.append(3)
            body.append(varint: number)
            body.append(zigzag: time)
            body.append(length: attempts)
            body.append(text: reason)
        case .requeued(let number, let time):
            body.append(4)
            body.append(varint: number)
            body.append(zigzag: time)
        case .dropped(let number):
            body.append(5)
            body.append(varint: number)
        case .remembered(let key):
            body.append(6)
            body.append(text: key)
        case .retained(let notification):
            body.append(7)
            notification.append(to: &body)
        case .failed(let number, let attempts, let reason):
            body.append(8)
            body.append(varint: number)
            body.append(length: attempts)
            body.append(text: reason)
        }
        var head = ByteWriter(capacity: Self.headBytes)
        head.append(fixed: UInt32(body.count))
        head.append(fixed: Checksum.crc32c(body.view))
        let check = Checksum.crc32c(head.view)
        head.append(fixed: check)
        out.append(head.view)
        out.append(body.view)
    }

    /// The bytes of one entry.
    var bytes: [UInt8] {
        var out = ByteWriter(capacity: 512)
        append(to: &out)
        return Array(out.view)
    }

    /// The entry at `offset` and where it ends; nil when there is no valid one.
    static func read(_ view: ByteView, at offset: Int) -> (record: OutboxRecord, end: Int)? {
        let rest = view.dropFirst(offset)
        var reader = ByteReader(rest)
        guard let length = try? reader.fixed(UInt32.self, "length"),
            let check = try? reader.fixed(UInt32.self, "checksum"),
            let headCheck = try? reader.fixed(UInt32.self, "checksum of the head"),
            headCheck == Checksum.crc32c(rest.prefix(8)), length <= bodyBytesMax,
            let body = try? reader.bytes(Int(length), "body"), Checksum.crc32c(body) == check,
            let record = try? OutboxRecord(body)
        else { return nil }
        return (record, offset + headBytes + Int(length))
    }

    /// Whether what begins at `offset` is an entry whose end is missing: as much of it as is there is right.
    static func isPrefix(_ view: ByteView, at offset: Int) -> Bool {
        let rest = view.dropFirst(offset)
        guard rest.count >= headBytes else { return true }
        var reader = ByteReader(rest)
        guard let length = try? reader.fixed(UInt32.self, "length"),
            (try? reader.fixed(UInt32.self, "checksum")) != nil,
            let check = try? reader.fixed(UInt32.self, "checksum of the head")
        else { return false }
        return check == Checksum.crc32c(rest.prefix(8)) && length <= bodyBytesMax
            && rest.count < headBytes + Int(length)
    }

    private init(_ body: ByteView) throws(MalformedBytes) {
        var reader = ByteReader(body)
        switch try reader.fixed(UInt8.self, "kind of entry") {
        case 0: self = .channel(try reader.text("channel"))
        case 1:
            let number = try reader.varint("number")
            let time = try reader.zigzag("time")
            self = .queued(number, time: time, try AlertNotification(&reader))
        case 2: self = .delivered(try reader.varint("number"))
        case 3:
            let number = try reader.varint("number")
            let time = try reader.zigzag("time")
            self = .dead(
                number, time: time, attempts: try reader.attempts(),
                reason: try reader.text("reason"))
        case 4:
            let number = try reader.varint("number")
            self = .requeued(number, time: try reader.zigzag("time"))
        case 5: self = .dropped(try reader.varint("number"))
        case 6: self = .remembered(try reader.text("key"))
        case 7: self = .retained(try AlertNotification(&reader))
        case 8:
            self = .failed(
                try reader.varint("number"), attempts: try reader.attempts(),
                reason: try reader.text("reason"))
        default: throw reader.malformed("kind of entry")
        }
        guard reader.remaining == 0 else { throw reader.malformed("end of an entry") }
    }
}

extension ByteReader {
    fileprivate mutating func attempts() throws(MalformedBytes) -> Int {
        try length(atMost: Int(Int32.max), "attempts")
    }
}
