internal import LogAlerting
internal import LogBytes
internal import LogJSON
internal import LogRecords

/// An alert in the words of the system that asks: name, severity, message, value and threshold.
struct ShownAlert {
    var name: String
    var severity: String
    /// `error_rate_percent`: the measure, and the unit where it is not that of the field.
    var metric: String
    var value: Double
    var threshold: Double
    /// The rule's own words, where it has an annotation `message`.
    var ownMessage: String?
    var time: Int64

    init(_ alert: AlertStatus) {
        name = alert.name
        severity = alert.labels["severity"] ?? ""
        let scale = Self.scale(alert.unit)
        metric = alert.subject + Self.suffix(alert.unit)
        value = alert.value * scale
        threshold = alert.threshold * scale
        ownMessage = alert.annotations["message"]
        time = alert.firedTime ?? alert.startTime
    }

    init(_ transition: AlertTransition) {
        name = transition.alert
        severity = transition.labels["severity"] ?? ""
        let scale = Self.scale(transition.unit)
        metric = transition.subject + Self.suffix(transition.unit)
        value = transition.value * scale
        threshold = transition.threshold * scale
        ownMessage = transition.annotations["message"]
        time = transition.eventTime
    }

    /// The fields of a record that are asked for, in the order of `init(record:)`.
    static let recordFields = [
        "_time", "alert", "severity", "value", "threshold", "unit", "message",
        "annotations.message",
    ]

    /// The alert that the record of its beginning tells of; nil where that is no such record.
    init?(record: [String]) {
        guard record.count == Self.recordFields.count,
            let time = record[0].withView({ Timestamp.parse($0) })
        else { return nil }
        name = record[1]
        severity = record[2]
        let unit = ValueUnit(rawValue: record[5]) ?? .plain
        metric = Self.subject(record[6], name) + Self.suffix(unit)
        value = (Double(record[3]) ?? 0) * Self.scale(unit)
        threshold = (Double(record[4]) ?? 0) * Self.scale(unit)
        ownMessage = record[7].isEmpty ? nil : record[7]
        self.time = time
    }

    /// The measure in a record's sentence: `NAME firing: SUBJECT is VALUE (threshold …`.
    private static func subject(_ message: String, _ name: String) -> String {
        let start = "\(name) firing: "
        guard message.hasPrefix(start) else { return "value" }
        let rest = message.dropFirst(start.count)
        return rest.firstRange(of: " is ").map { String(rest[..<$0.lowerBound]) } ?? "value"
    }

    private static func scale(_ unit: ValueUnit) -> Double { unit == .fraction ? 100 : 1 }

    private static func suffix(_ unit: ValueUnit) -> String {
        unit == .fraction ? "_percent" : ""
    }

    /// `Alert: high_error_rate - error_rate_percent is 6.50 (threshold: 5.00)`
    var message: String {
        ownMessage
            ?? "Alert: \(name) - \(metric) is \(Self.fixed(value)) (threshold: \(Self.fixed(threshold)))"
    }

    /// With two digits behind the point.
    static func fixed(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let hundredths = Int64((abs(value) * 100).rounded())
        let rest = hundredths % 100
        let sign = value < 0 && hundredths > 0 ? "-" : ""
        return "\(sign)\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// The parts of the answer that the system's page shows.
    func json(withValues: Bool, withTime: Bool) -> String {
        var json = JSONObjectWriter()
        json.add("name", text: name)
        json.add("severity", text: severity)
        json.add("message", text: message)
        if withValues {
            json.add("metric_value", number: value)
            json.add("threshold", number: threshold)
        }
        if withTime { json.add("timestamp", text: Timestamp.text(time, digits: 3)) }
        return json.text
    }
}

/// Lists of JSON.
enum JSONList {
    /// The list of values that are JSON already.
    static func of(_ values: [String]) -> String { "[" + values.joined(separator: ",") + "]" }

    /// The list of texts.
    static func of(texts: [String]) -> String { of(texts.map(HTTPAnswer.quoted)) }
}
