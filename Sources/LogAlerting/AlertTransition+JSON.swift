internal import LogBytes
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
private struct JSONObject {
    private var members: [String] = []

    var text: String { "{" + members.joined(separator: ",") + "}" }

    mutating func add(_ key: String, text: String) {
        members.append("\(Self.quote(key)):\(Self.quote(text))")
    }

    /// Adds a number; what JSON cannot say becomes null.
    mutating func add(_ key: String, number: Double) {
        let isWhole = number == number.rounded() && abs(number) < 1e15
        let text = !number.isFinite ? "null" : isWhole ? String(Int64(number)) : "\(number)"
        members.append("\(Self.quote(key)):\(text)")
    }

    /// Adds an object of texts, ordered by key.
    mutating func add(_ key: String, texts: [String: String]) {
        var object = JSONObject()
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) { object.add(name, text: text) }
        members.append("\(Self.quote(key)):\(object.text)")
    }

    private static func quote(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let byte = UInt8(scalar.value)
                    result += "\\u00"
                    result.unicodeScalars.append(Unicode.Scalar(Hex.digit(byte >> 4)))
                    result.unicodeScalars.append(Unicode.Scalar(Hex.digit(byte & 15)))
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
