internal import HTTPTypes
internal import LogBytes
internal import LogSources
internal import NIOCore

/// A request's body, piece by piece, inflated where it is compressed, with a limit to all of it.
///
/// It keeps what has been read and not consumed. One task uses it.
final class BodyReader: @unchecked Sendable {
    private let exchange: Exchange
    private let bytesMax: Int
    private var held = ByteWriter(capacity: 1 << 12)
    private var start = 0
    private var readBytes = 0
    private let contentLength: Int?

    /// The bytes that have been consumed, as they are behind the decompression.
    private(set) var offset: UInt64 = 0
    /// There is nothing more to read.
    private(set) var isAtEnd = false

    /// Set where the body is compressed, with what has come and is not inflated yet.
    private let inflater: Inflater?
    private var compressed = ByteBuffer()

    /// The CRC-32C of the body's bytes up to `fingerprintOffset`; kept where the request has a key.
    private var fingerprint: UInt32 = 0
    private var fingerprintOffset: UInt64 = 0
    private var isFingerprinted = false
    /// What an earlier request with the same key was there; nil when there is nothing to hold it against any more.
    private var earlier: IdempotencyTable.Mark?
    private var isOther = false

    /// So much is inflated at once: what one small piece unpacks to must not be held as a whole.
    private static let roomBytes = 1 << 17

    /// A reader of `request`'s body, of which no more than `bytesMax` bytes are taken, compressed or not.
    init(_ request: IncomingRequest, bytesMax: Int) throws(HTTPFailure) {
        self.bytesMax = bytesMax
        contentLength = request.headers[.contentLength].flatMap { Int($0) }
        exchange = request.exchange
        inflater = try Self.inflater(request.headers[.contentEncoding], bytesMax)
        if let contentLength, contentLength > bytesMax { throw Self.tooLarge(bytesMax) }
    }

    private static func inflater(
        _ encoding: String?, _ bytesMax: Int
    ) throws(HTTPFailure) -> Inflater? {
        let wrapping: Inflater.Wrapping
        switch encoding?.lowercased() {
        // Loki's protobuf bodies are snappy by definition; some clients say so here, others do not.
        case nil, "", "identity", "snappy": return nil
        case "gzip", "x-gzip": wrapping = .gzip
        case "deflate": wrapping = .deflate
        case let other?:
            throw HTTPFailure(
                415, "Content-Encoding `\(other)` is not known here; send gzip, deflate or none")
        }
        do throws(InflateError) {
            return try Inflater(wrapping, limits: .init(outputBytesMax: bytesMax))
        } catch {
            throw .busy("\(error)")
        }
    }

    /// What is held, valid until the next `read` or `consume`.
    var view: ByteView { held.view.dropFirst(start) }

    /// Reads a further piece; false at the end.
    func read() async throws(HTTPFailure) -> Bool {
        guard !isAtEnd else { return false }
        compact()
        while true {
            if try inflateSome() { return true }
            guard let piece = try await exchange.next() else {
                isAtEnd = true
                try endInflating()
                return false
            }
            readBytes += piece.readableBytes
            if readBytes > bytesMax { throw Self.tooLarge(bytesMax) }
            guard inflater == nil else {
                compressed = piece
                continue
            }
            piece.withUnsafeReadableBytes { held.append(ByteView($0)) }
            return true
        }
    }

    /// Inflates what has come, up to some bytes; false when that gave nothing.
    private func inflateSome() throws(HTTPFailure) -> Bool {
        guard let inflater else { return false }
        held.reserve(Self.roomBytes)
        let room = UnsafeMutableRawBufferPointer(
            start: held.base + held.count, count: Self.roomBytes)
        let result: Result<(consumed: Int, produced: Int), InflateError> =
            compressed.withUnsafeReadableBytes { bytes in
                do throws(InflateError) {
                    return .success(try inflater.inflate(ByteView(bytes), into: room))
                } catch {
                    return .failure(error)
                }
            }
        switch result {
        case .success(let step):
            compressed.moveReaderIndex(forwardBy: step.consumed)
            held.advance(step.produced)
            return step.produced > 0
        case .failure(let error): throw Self.failure(error, bytesMax)
        }
    }

    private func endInflating() throws(HTTPFailure) {
        guard let inflater, readBytes > 0 else { return }
        do throws(InflateError) {
            try inflater.finish()
        } catch {
            throw Self.failure(error, bytesMax)
        }
    }

    private static func failure(_ error: InflateError, _ bytesMax: Int) -> HTTPFailure {
        switch error.reason {
        case .tooLarge: tooLarge(bytesMax)
        case .ratio: HTTPFailure(413, "\(error); send it less compressed, or not")
        case .noMemory: .busy("\(error)")
        default: HTTPFailure(400, "\(error)")
        }
    }

    /// Whether everything has been read, as far as that is known before the end is.
    var isKnownComplete: Bool {
        if isAtEnd { return true }
        return contentLength == readBytes && compressed.readableBytes == 0
            && inflater?.isComplete ?? true
    }

    /// Reads all of it.
    func readAll() async throws(HTTPFailure) {
        while try await read() {}
    }

    /// Forgets the first `count` bytes of what is held.
    func consume(_ count: Int) {
        if isFingerprinted { extendFingerprint(to: max(offset + UInt64(count), fingerprintOffset)) }
        start += count
        offset += UInt64(count)
    }

    // MARK: Whether it is the same body again

    /// Keeps a fingerprint from now on, and holds the body against that of an earlier request with its key.
    func compare(with mark: IdempotencyTable.Mark?) {
        isFingerprinted = true
        earlier = mark
    }

    /// What the body is up to `offset`, which nothing that was consumed may lie behind.
    func mark(at offset: UInt64) throws(HTTPFailure) -> IdempotencyTable.Mark {
        extendFingerprint(to: offset)
        if isOther { throw Self.other }
        return IdempotencyTable.Mark(offset: offset, fingerprint: fingerprint)
    }

    /// What the whole body is, which is held.
    func markOfAll() throws(HTTPFailure) -> IdempotencyTable.Mark {
        try mark(at: offset + UInt64(view.count))
    }

    /// Throws where what was consumed is not what an earlier request with the same key brought.
    func checkSame() throws(HTTPFailure) {
        // One that was shorter than the earlier has not come so far.
        if isOther || earlier != nil { throw Self.other }
    }

    private func extendFingerprint(to end: UInt64) {
        if let mark = earlier, end >= mark.offset, fingerprintOffset <= mark.offset {
            addToFingerprint(to: mark.offset)
            if fingerprint != mark.fingerprint { isOther = true }
            earlier = nil
        }
        addToFingerprint(to: end)
    }

    private func addToFingerprint(to end: UInt64) {
        guard end > fingerprintOffset else { return }
        let from = Int(fingerprintOffset - offset)
        let count = min(Int(end - offset), view.count) - from
        guard count > 0 else { return }
        fingerprint = Checksum.crc32c(view.dropFirst(from).prefix(count), seed: fingerprint)
        fingerprintOffset += UInt64(count)
    }

    /// It is not the body that an earlier request with its key had.
    static let other = HTTPFailure(
        422,
        "this Idempotency-Key came before with another body, of which nothing is stored now; give "
            + "each body a key of its own")

    /// Gives the memory back; nothing is read any more.
    func drop() {
        held = ByteWriter(capacity: 1)
        start = 0
        compressed = ByteBuffer()
    }

    private func compact() {
        guard start > 0 else { return }
        let rest = held.count - start
        held.base.update(from: held.base + start, count: rest)
        held.truncate(rest)
        start = 0
    }

    private static func tooLarge(_ bytesMax: Int) -> HTTPFailure {
        HTTPFailure(
            413, "the body has more than \(bytesMax) bytes; send it in several requests")
    }
}
