internal import HTTPTypes
internal import HummingbirdCore
internal import LogBytes
internal import NIOCore
internal import NIOHTTP1

/// One request and its answer, between its connection, which brings the body, and its task, which takes it.
///
/// Both live on the connection's event loop, and only there is it touched; so it needs no lock.
final class Exchange: @unchecked Sendable {
    /// Where a request is.
    enum Phase {
        /// Its start is being held, until there is enough of it for a task.
        case held
        /// It waits for a place.
        case queued
        /// Its task runs.
        case served
        /// The answer has been given; what is left of the body is dropped.
        case answered
    }

    let head: HTTPRequestHead
    let connection: HTTPConnection
    var phase = Phase.held
    /// The whole request has come.
    var isWhole = false
    /// It has one of the loop's places.
    var hasPlace = false
    /// Half seconds that weir has been waiting for this client, or for its turn, without the progress that is asked for.
    var waitedTicks = 0
    /// Bytes of the body since then, and whether a line has ended in them.
    var freshBytes = 0
    var hasFreshLine = false
    /// Half seconds that its task has waited for its client in all, and the bytes that came.
    var awaitedTicks = 0
    private(set) var bodyBytes = 0
    /// The task of a streamed answer has not written its end yet.
    var isWriting = false

    /// What has come of the body and has not been taken.
    private(set) var pending: [ByteBuffer] = []
    private(set) var pendingBytes = 0
    private var failure: HTTPFailure?
    private var waiting: CheckedContinuation<Void, Never>?

    /// Pieces that are smaller are joined: a client may send each byte in a chunk of its own.
    private static let joinedBytesMax = 4_096

    init(_ head: HTTPRequestHead, _ connection: HTTPConnection) {
        self.head = head
        self.connection = connection
    }

    /// Whether its client has told how long the body is.
    var hasLength: Bool { head.headers.contains(name: "content-length") }

    /// Whether its client wants to hear something before it sends the body.
    var expectsContinue: Bool {
        head.headers.first(name: "expect")?.lowercased() == "100-continue"
    }

    /// What its client sends while weir waits for it.
    var bytesPerSecond: Int {
        bodyBytes * 1_000 / max(awaitedTicks * ConnectionLimits.tickMilliseconds, 1)
    }

    /// The task waits for a further piece.
    var isAwaited: Bool { waiting != nil }

    // MARK: The connection's side

    /// Takes a piece of the body.
    func add(_ piece: inout ByteBuffer) {
        freshBytes += piece.readableBytes
        bodyBytes += piece.readableBytes
        if !hasFreshLine { hasFreshLine = piece.readableBytesView.contains(ASCII.newline) }
        pendingBytes += piece.readableBytes
        if let last = pending.indices.last,
            pending[last].readableBytes + piece.readableBytes <= Self.joinedBytesMax
        {
            pending[last].writeBuffer(&piece)
        } else {
            pending.append(piece)
        }
        wake()
    }

    /// The body has ended.
    func end() {
        isWhole = true
        wake()
    }

    /// There will be no more of the body: its task is told why.
    func fail(_ failure: HTTPFailure) {
        if self.failure == nil { self.failure = failure }
        wake()
    }

    private func wake() {
        guard let waiting else { return }
        self.waiting = nil
        waiting.resume()
    }

    // MARK: The task's side

    /// The next piece of the body; nil at its end.
    func next() async throws(HTTPFailure) -> ByteBuffer? {
        while true {
            if !pending.isEmpty {
                let piece = pending.removeFirst()
                pendingBytes -= piece.readableBytes
                connection.released(piece.readableBytes, self)
                return piece
            }
            if let failure { throw failure }
            if isWhole { return nil }
            await withCheckedContinuation { continuation in
                waiting = continuation
                connection.readIfWanted()
            }
        }
    }

    /// Forgets what nobody takes any more.
    func drop() {
        connection.released(pendingBytes, self)
        pending = []
        pendingBytes = 0
    }
}

/// A request as its endpoint sees it.
struct IncomingRequest: Sendable {
    let method: HTTPRequest.Method
    let uri: URI
    let headers: HTTPFields
    /// Who sent it.
    let address: String
    /// The body.
    let exchange: Exchange

    /// The loop that everything about it runs on.
    var loop: any EventLoop { exchange.connection.loop }

    /// nil when the method is none that HTTP knows how to spell.
    init?(_ exchange: Exchange) {
        let head = exchange.head
        guard let method = HTTPRequest.Method(head.method.rawValue) else { return nil }
        self.method = method
        uri = URI(head.uri)
        var headers = HTTPFields()
        headers.reserveCapacity(head.headers.count)
        for (name, value) in head.headers {
            if let name = HTTPField.Name(name) {
                headers.append(HTTPField(name: name, value: value))
            }
        }
        self.headers = headers
        address = exchange.connection.address
        self.exchange = exchange
    }
}
