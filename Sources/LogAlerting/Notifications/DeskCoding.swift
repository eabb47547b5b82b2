internal import LogBytes

/// Writes the state of the alert desk.
struct DeskEncoder: ~Copyable {
    var bytes = ByteWriter()

    mutating func text(_ text: String) { text.withView { bytes.append(lengthPrefixed: $0) } }
    mutating func time(_ time: Int64) { bytes.append(zigzag: time) }
    mutating func count(_ count: Int) { bytes.append(length: count) }
    mutating func flag(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    mutating func number(_ number: Double) { bytes.append(fixed: number.bitPattern) }

    mutating func optional(_ time: Int64?) {
        flag(time != nil)
        if let time { self.time(time) }
    }

    mutating func optional(_ text: String?) {
        flag(text != nil)
        if let text { self.text(text) }
    }

    mutating func texts(_ texts: [String]) {
        count(texts.count)
        for item in texts { text(item) }
    }

    mutating func times(_ times: [Int64]) {
        count(times.count)
        for item in times { time(item) }
    }

    mutating func texts(_ texts: [String: String]) {
        count(texts.count)
        for (key, value) in texts.sorted(by: { $0.key < $1.key }) {
            text(key)
            text(value)
        }
    }

    mutating func alert(_ alert: AlertNotification.Alert) {
        text(alert.name)
        flag(alert.isFiring)
        texts(alert.labels)
        texts(alert.annotations)
        count((alert.severity?.rawValue ?? -1) + 1)
        number(alert.value)
        number(alert.threshold)
        text(alert.unit.rawValue)
        text(alert.subject)
        time(alert.window)
        time(alert.startTime)
        time(alert.firedTime)
        optional(alert.endTime)
        text(alert.fingerprint)
        text(alert.query)
        text(alert.filter)
        texts(alert.lines)
        optional(alert.acknowledgedBy)
    }
}

/// Reads what `DeskEncoder` wrote, and nothing that it cannot have written.
struct DeskDecoder {
    private var reader: ByteReader

    init(_ view: ByteView) { reader = ByteReader(view) }

    var isAtEnd: Bool { reader.remaining == 0 }

    func malformed(_ what: StaticString) -> MalformedBytes { reader.malformed(what) }

    mutating func text() throws(MalformedBytes) -> String {
        try reader.lengthPrefixed("a text").text
    }

    mutating func time() throws(MalformedBytes) -> Int64 { try reader.zigzag("a time") }

    mutating func number() throws(MalformedBytes) -> Double {
        Double(bitPattern: try reader.fixed(UInt64.self, "a number"))
    }

    /// A number of things that take at least a byte each.
    mutating func count() throws(MalformedBytes) -> Int {
        try reader.length(atMost: reader.remaining, "a count")
    }

    mutating func index(below limit: Int) throws(MalformedBytes) -> Int {
        try reader.length(atMost: limit - 1, "an index")
    }

    mutating func flag() throws(MalformedBytes) -> Bool {
        let byte = try reader.fixed(UInt8.self, "a flag")
        guard byte <= 1 else { throw reader.malformed("a flag") }
        return byte == 1
    }

    mutating func optionalTime() throws(MalformedBytes) -> Int64? {
        try flag() ? try time() : nil
    }

    mutating func optionalText() throws(MalformedBytes) -> String? {
        try flag() ? try text() : nil
    }

    mutating func texts() throws(MalformedBytes) -> [String] {
        var result: [String] = []
        for _ in 0..<(try count()) { result.append(try text()) }
        return result
    }

    mutating func times() throws(MalformedBytes) -> [Int64] {
        var result: [Int64] = []
        for _ in 0..<(try count()) { result.append(try time()) }
        return result
    }

    mutating func dictionary() throws(MalformedBytes) -> [String: String] {
        var result: [String: String] = [:]
        for _ in 0..<(try count()) {
            let key = try text()
            result[key] = try text()
        }
        return result
    }

    mutating func alert() throws(MalformedBytes) -> AlertNotification.Alert {
        let name = try text()
        let isFiring = try flag()
        let labels = try dictionary()
        let annotations = try dictionary()
        let severity = Severity(rawValue: try index(below: Severity.allCases.count + 1) - 1)
        let value = try number()
        let threshold = try number()
        guard let unit = ValueUnit(rawValue: try text()) else { throw malformed("a unit") }
        return AlertNotification.Alert(
            name: name, isFiring: isFiring, labels: labels, annotations: annotations,
            severity: severity, value: value, threshold: threshold, unit: unit,
            subject: try text(), window: try time(), startTime: try time(),
            firedTime: try time(), endTime: try optionalTime(), fingerprint: try text(),
            query: try text(),
            filter: try text(), lines: try texts(), acknowledgedBy: try optionalText())
    }
}
