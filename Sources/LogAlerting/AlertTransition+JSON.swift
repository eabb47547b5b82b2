internal import LogBytes
internal import LogJSON
internal import LogRecords

extension AlertTransition {
    /// The logger that alert records name.
    public static let logger = "weir.alerts"

    /// The record of this transition: one JSON object without a newline. Its `timestamp` is the event time; the service of
    /// the group stands under `labels`, so that the record is no request of that service.
    public var jsonLine: String {
        var json = JSONObject()
        json.add("timestamp", text: Timestamp.text(eventTime, digits: 3))
        json.add("level", text: level)
        json.add("logger", text: Self.logger)
        json.add("event", text: "alert_\(state.rawValue)")
        json.add("alert", text: alert)
        if let severity = labels["severity"] { json.add("severity", text: severity) }
        json.add("value", number: value)
        json.add("threshold", number: threshold)
        json.add("unit", text: unit.rawValue)
        json.add("window", text: DurationText.text(window))
        json.add("started", text: Timestamp.text(startTime, digits: 3))
        json.add("fingerprint", text: fingerprint)
        json.add("labels", texts: labels)
        if !annotations.isEmpty { json.add("annotations", texts: annotations) }
        json.add("message", text: message)
        return json.text
    }
}

/// A JSON object being written, members in the order of the calls.
private struct JSONObject: ~Copyable {
    private var bytes = ByteWriter(capacity: 512)

    /// The object as written so far.
    var text: String { bytes.isEmpty ? "{}" : bytes.view.text + "}" }

    mutating func add(_ key: String, text: String) {
        begin(key)
        Self.quote(text, into: &bytes)
    }

    /// Adds a number; what JSON cannot say becomes null.
    mutating func add(_ key: String, number: Double) {
        let isWhole = number == number.rounded() && abs(number) < 1e15
        begin(key)
        bytes.append(!number.isFinite ? "null" : isWhole ? String(Int64(number)) : "\(number)")
    }

    /// Adds an object of texts, ordered by key.
    mutating func add(_ key: String, texts: [String: String]) {
        var object = JSONObject()
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) { object.add(name, text: text) }
        begin(key)
        bytes.append(object.text)
    }

    private mutating func begin(_ key: String) {
        bytes.append(bytes.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        Self.quote(key, into: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    private static func quote(_ text: String, into out: inout ByteWriter) {
        text.withView { JSONText.quote($0, into: &out) }
    }
}
