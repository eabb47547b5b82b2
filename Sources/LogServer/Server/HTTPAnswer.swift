internal import HTTPTypes
internal import Hummingbird
internal import LogBytes
internal import LogJSON
internal import NIOCore

/// What a request is answered.
struct HTTPAnswer: Sendable {
    var status: Int
    var contentType: String?
    var body: [UInt8] = []
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

    /// The answer as Hummingbird writes it.
    var response: Response {
        var fields = HTTPFields()
        if let contentType { fields[.contentType] = contentType }
        // No client has a reason to guess at what a log says.
        if contentType != nil { fields[.xContentTypeOptions] = "nosniff" }
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        let body = body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        return Response(status: .init(code: status), headers: fields, body: body)
    }

    /// `text` as a JSON string with its quotes.
    static func quoted(_ text: String) -> String {
        var out = ByteWriter()
        text.withView { JSONText.quote($0, into: &out) }
        return out.view.text
    }
}
