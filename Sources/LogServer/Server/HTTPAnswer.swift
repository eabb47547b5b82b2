internal import LogBytes
internal import LogJSON
internal import NIOCore
internal import NIOHTTP1

/// What a request is answered.
struct HTTPAnswer: Sendable {
    /// A body that is made while it is written: pieces, and how many bytes they have in all.
    struct Stream: Sendable {
        let bytes: Int
        private let make: @Sendable () -> [UInt8]?

        init(bytes: Int, _ make: @escaping @Sendable () -> [UInt8]?) {
            self.bytes = bytes
            self.make = make
        }

        /// The next piece; nil at the end.
        mutating func next() -> [UInt8]? { make() }
    }

    var status: Int
    var contentType: String?
    var body: [UInt8] = []
    /// Set instead of `body` where that could be long.
    var stream: Stream?
    var headers: [(name: String, value: String)] = []

    init(_ status: Int, _ body: [UInt8] = [], contentType: String? = nil) {
        self.status = status
        self.body = body
        self.contentType = contentType
    }

    /// Text, or JSON, as an answer.
    init(_ status: Int, _ text: String, contentType: String) {
        self.init(status, Array(text.utf8), contentType: contentType)
    }

    static let json = "application/json"
    static let text = "text/plain; charset=utf-8"

    /// The answer's bytes, those of a stream left out.
    ///
    /// - Parameters:
    ///   - isLast: the connection ends behind it.
    ///   - isHead: its request was HEAD, which wants no body.
    func buffer(_ allocator: ByteBufferAllocator, isLast: Bool, isHead: Bool) -> ByteBuffer {
        let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
        var text = "HTTP/1.1 \(status) \(reason)\r\n"
        func add(_ name: String, _ value: String) {
            // A line break in a value would begin a header of somebody else's.
            let isClean = value.utf8.allSatisfy { $0 >= ASCII.space && $0 != 0x7F || $0 == 9 }
            text += "\(name): \(isClean ? value : "")\r\n"
        }
        if let contentType {
            add("Content-Type", contentType)
            // No client has a reason to guess at what a log says.
            add("X-Content-Type-Options", "nosniff")
        }
        for (name, value) in headers { add(name, value) }
        // 204 says that there is none.
        if status != 204 { add("Content-Length", String(stream?.bytes ?? body.count)) }
        if isLast { add("Connection", "close") }
        text += "\r\n"
        let rest = isHead ? 0 : body.count
        var buffer = allocator.buffer(capacity: text.utf8.count + rest)
        buffer.writeString(text)
        if rest > 0 { buffer.writeBytes(body) }
        return buffer
    }

    /// `text` as a JSON string with its quotes.
    static func quoted(_ text: String) -> String {
        var out = ByteWriter()
        text.withView { JSONText.quote($0, into: &out) }
        return out.view.text
    }
}
