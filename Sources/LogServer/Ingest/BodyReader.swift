internal import Hummingbird
internal import LogBytes
internal import LogSources
internal import NIOCore

/// A request's body, piece by piece, inflated where it is compressed, with a limit to all of it.
///
/// It keeps what has been read and not consumed. One task uses it.
final class BodyReader: @unchecked Sendable {
    private var iterator: RequestBody.AsyncIterator
    private let bytesMax: Int
    private var held = ByteWriter(capacity: 1 << 12)
    private var start = 0
    private var readBytes = 0
    private let contentLength: Int?

    /// The bytes that have been consumed, as they are behind the decompression.
    private(set) var offset: UInt64 = 0
    /// There is nothing more to read.
    private(set) var isAtEnd = false

    /// A reader of `request`'s body, of which no more than `bytesMax` bytes are taken.
    init(_ request: Request, bytesMax: Int) throws(HTTPFailure) {
        self.bytesMax = bytesMax
        contentLength = request.headers[.contentLength].flatMap { Int($0) }
        iterator = request.body.makeAsyncIterator()
        if let contentLength, contentLength > bytesMax { throw Self.tooLarge(bytesMax) }
    }

    /// What is held, valid until the next `read` or `consume`.
    var view: ByteView { held.view.dropFirst(start) }

    /// Reads a further piece; false at the end.
    func read() async throws(HTTPFailure) -> Bool {
        guard !isAtEnd else { return false }
        let piece: ByteBuffer?
        do {
            piece = try await iterator.next()
        } catch {
            throw HTTPFailure(400, "the body ended in the middle, or is no valid HTTP")
        }
        guard let piece else {
            isAtEnd = true
            return false
        }
        readBytes += piece.readableBytes
        compact()
        piece.withUnsafeReadableBytes { held.append(ByteView($0)) }
        if readBytes > bytesMax { throw Self.tooLarge(bytesMax) }
        return true
    }

    /// Whether everything has been read, as far as that is known before the end is.
    var isKnownComplete: Bool { isAtEnd || contentLength == readBytes }

    /// Reads all of it.
    func readAll() async throws(HTTPFailure) {
        while try await read() {}
    }

    /// Forgets the first `count` bytes of what is held.
    func consume(_ count: Int) {
        start += count
        offset += UInt64(count)
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
