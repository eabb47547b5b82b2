internal import LogBytes
internal import LogRecords

/// What a request says about its lines' fields, in the query or in headers, with VictoriaLogs' names and meaning.
///
/// `_stream_fields` is taken and changes nothing: any field serves in `{…}` here.
struct FieldParameters: Equatable {
    /// Fields whose first non-empty one is the time, or the message.
    var timeFields: [String] = []
    var messageFields: [String] = []
    /// Fields that are dropped; with `*` at the end, all whose name begins so.
    var ignored: [String] = []
    /// Fields that are added, over those of the same name.
    var extra: [(name: String, value: String)] = []
    /// A message that is JSON stays a string (Loki).
    var keepsMessages = false

    /// Names of fields in one request; more are an error of the client's.
    static let namesMax = 100

    static func == (left: FieldParameters, right: FieldParameters) -> Bool {
        left.timeFields == right.timeFields && left.messageFields == right.messageFields
            && left.ignored == right.ignored && left.keepsMessages == right.keepsMessages
            && left.extra.map { [$0.name, $0.value] } == right.extra.map { [$0.name, $0.value] }
    }

    init() {}

    /// The parameters that `query` finds by their name and `header` by theirs; the query's come first.
    init(
        query: (String) -> String?, header: (String) -> String?
    ) throws(HTTPFailure) {
        func list(_ name: String, _ headerName: String) throws(HTTPFailure) -> [String] {
            let text = query(name) ?? header(headerName) ?? ""
            let names = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
            guard names.count <= Self.namesMax else {
                throw HTTPFailure(
                    400, "`\(name)` has \(names.count) fields; \(Self.namesMax) are the most")
            }
            return names
        }
        timeFields = try list("_time_field", "VL-Time-Field")
        messageFields = try list("_msg_field", "VL-Msg-Field")
        ignored = try list("ignore_fields", "VL-Ignore-Fields")
        for pair in try list("extra_fields", "VL-Extra-Fields") {
            guard let sign = pair.firstIndex(of: "="), sign > pair.startIndex else {
                throw HTTPFailure(400, "`extra_fields` is name=value,…, not `\(pair)`")
            }
            extra.append((String(pair[..<sign]), String(pair[pair.index(after: sign)...])))
        }
        let parsing = query("disable_message_parsing") ?? header("VL-Loki-Disable-Message-Parsing")
        keepsMessages = parsing == "1" || parsing == "true"
    }

    /// Whether lines may have to be changed.
    var mayChange: Bool {
        !(timeFields.isEmpty && messageFields.isEmpty && ignored.isEmpty && extra.isEmpty)
    }
}
