internal import LogAlerting
internal import LogBytes

/// A notification as bytes, for the outbox:
///
///     varint  layout, 1
///     text    key, receiver, reason, groupKey
///     texts   groupLabels
///     varint  truncatedAlerts
///     zigzag  time
///     text    externalURL
///     varint  number of alerts; of each: name, firing, labels, annotations, severity + 1 or 0, value and threshold as bits,
///             unit, subject, window, startTime, whether there is an endTime and it, fingerprint, query, lines, whether
///             somebody acknowledged it and who
///
/// A text is a varint length and UTF-8; texts are a varint number and pairs, ordered by name.
extension AlertNotification {
    private static let layout: UInt64 = 1
    /// More of anything is damage. A notification has some hundred alerts at most.
    private static let countMax = 100_000

    /// Appends the notification.
    func append(to out: inout ByteWriter) {
        out.append(varint: Self.layout)
        for text in [key, receiver, reason.rawValue, groupKey] { out.append(text: text) }
        out.append(texts: groupLabels)
        out.append(length: max(truncatedAlerts, 0))
        out.append(zigzag: time)
        out.append(text: externalURL)
        out.append(length: alerts.count)
        for alert in alerts { alert.append(to: &out) }
    }

    /// Reads a notification; throws for anything that `append` does not write.
    init(_ reader: inout ByteReader) throws(MalformedBytes) {
        guard try reader.varint("layout") == Self.layout else { throw reader.malformed("layout") }
        let key = try reader.text("key")
        let receiver = try reader.text("receiver")
        guard let reason = Reason(rawValue: try reader.text("reason")) else {
            throw reader.malformed("reason")
        }
        let groupKey = try reader.text("group key")
        let groupLabels = try reader.texts("group labels", atMost: Self.countMax)
        let truncated = try reader.length(atMost: Int(Int32.max), "truncated alerts")
        let time = try reader.zigzag("time")
        let externalURL = try reader.text("external URL")
        let count = try reader.length(atMost: min(Self.countMax, reader.remaining), "alerts")
        var alerts: [Alert] = []
        for _ in 0..<count { alerts.append(try Alert(&reader, countMax: Self.countMax)) }
        self.init(
            key: key, receiver: receiver, reason: reason, groupKey: groupKey,
            groupLabels: groupLabels, alerts: alerts, truncatedAlerts: truncated, time: time,
            externalURL: externalURL)
    }
}

extension AlertNotification.Alert {
    fileprivate func append(to out: inout ByteWriter) {
        out.append(text: name)
        out.append(isFiring ? 1 : 0)
        out.append(texts: labels)
        out.append(texts: annotations)
        out.append(length: (severity?.rawValue ?? -1) + 1)
        out.append(fixed: value.bitPattern)
        out.append(fixed: threshold.bitPattern)
        out.append(text: unit.rawValue)
        out.append(text: subject)
        out.append(zigzag: window)
        out.append(zigzag: startTime)
        out.append(zigzag: firedTime)
        out.append(endTime == nil ? 0 : 1)
        if let endTime { out.append(zigzag: endTime) }
        out.append(text: fingerprint)
        out.append(text: query)
        out.append(text: filter)
        out.append(length: lines.count)
        for line in lines { out.append(text: line) }
        out.append(acknowledgedBy == nil ? 0 : 1)
        if let acknowledgedBy { out.append(text: acknowledgedBy) }
    }

    fileprivate init(_ reader: inout ByteReader, countMax: Int) throws(MalformedBytes) {
        let name = try reader.text("name")
        let isFiring = try reader.flag("state")
        let labels = try reader.texts("labels", atMost: countMax)
        let annotations = try reader.texts("annotations", atMost: countMax)
        let severity = try reader.length(atMost: Severity.allCases.count, "severity")
        let value = Double(bitPattern: try reader.fixed(UInt64.self, "value"))
        let threshold = Double(bitPattern: try reader.fixed(UInt64.self, "threshold"))
        guard let unit = ValueUnit(rawValue: try reader.text("unit")) else {
            throw reader.malformed("unit")
        }
        let subject = try reader.text("subject")
        let window = try reader.zigzag("window")
        let startTime = try reader.zigzag("start")
        let firedTime = try reader.zigzag("fired")
        let endTime = try reader.flag("end") ? try reader.zigzag("end") : nil
        let fingerprint = try reader.text("fingerprint")
        let query = try reader.text("query")
        let filter = try reader.text("filter")
        let count = try reader.length(atMost: min(countMax, reader.remaining), "lines")
        var lines: [String] = []
        for _ in 0..<count { lines.append(try reader.text("line")) }
        let person = try reader.flag("acknowledged") ? try reader.text("person") : nil
        self.init(
            name: name, isFiring: isFiring, labels: labels, annotations: annotations,
            severity: Severity(rawValue: severity - 1), value: value, threshold: threshold,
            unit: unit, subject: subject, window: window, startTime: startTime,
            firedTime: firedTime, endTime: endTime,
            fingerprint: fingerprint, query: query, filter: filter, lines: lines,
            acknowledgedBy: person)
    }
}

extension Vector where Element == UInt8 {
    mutating func append(text: String) { text.withView { append(lengthPrefixed: $0) } }

    mutating func append(texts: [String: String]) {
        append(length: texts.count)
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            append(text: name)
            append(text: text)
        }
    }
}

extension ByteReader {
    mutating func text(_ what: StaticString) throws(MalformedBytes) -> String {
        try lengthPrefixed(what).text
    }

    mutating func flag(_ what: StaticString) throws(MalformedBytes) -> Bool {
        switch try fixed(UInt8.self, what) {
        case 0: return false
        case 1: return true
        default: throw malformed(what)
        }
    }

    mutating func texts(
        _ what: StaticString, atMost limit: Int
    ) throws(MalformedBytes) -> [String: String] {
        let count = try length(atMost: min(limit, remaining), what)
        var result: [String: String] = [:]
        for _ in 0..<count {
            let name = try text(what)
            result[name] = try text(what)
        }
        return result
    }
}
