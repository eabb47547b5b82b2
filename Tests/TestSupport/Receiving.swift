/// A server that answers the n-th request with the n-th answer, the last one from then on, and keeps the requests.
public struct Receiving: Sendable {
    /// What arrived.
    public let requests = Journal<LoopbackServer.Request>()
    /// The server itself.
    public let server: LoopbackServer
    /// Its address, without a path.
    public var url: String { "http://127.0.0.1:\(server.port)" }

    /// - Parameter isUp: whether it serves at once; else with `server.start()`, and refuses until then.
    public init(_ answers: [String] = [Receiving.ok], isUp: Bool = true) throws {
        let requests = self.requests
        let count = Journal<Int>()
        server = try LoopbackServer(isUp: isUp) { connection in
            guard let request = connection.readRequest() else { return }
            let index = count.all.count
            count.add(0)
            requests.add(request)
            connection.write(answers[min(index, answers.count - 1)])
        }
    }

    /// What most servers say.
    public static let ok = answer(200, "ok")

    /// An answer as it travels.
    public static func answer(_ status: Int, _ body: String = "", _ headers: String = "") -> String
    {
        "HTTP/1.1 \(status) x\r\ncontent-length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }
}
