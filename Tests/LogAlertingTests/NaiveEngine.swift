import LogAlerting
import LogRecords

/// One record as the oracle sees it; it reads no line.
struct PlainRecord {
    /// Seconds since the start of the stream, nil without a time.
    var time: Double?
    var status: Int?
    var duration: Double?
    var isLogin = false
    var service = "a"

    var line: String {
        var members = [#""service":"\#(service)""#]
        if let status { members.append(#""status_code":\#(status)"#) }
        if let duration { members.append(#""duration_ms":\#(duration)"#) }
        if isLogin { members.append(#""event":"login_failed""#) }
        return TestStream.line(time, members.joined(separator: ","))
    }
}

/// The rules by the book: keeps every record, and looks at all of them for every window.
struct NaiveEngine {
    struct Rule {
        enum Kind: Equatable {
            case logins, errorRate
            /// The percentile, and how it is compared.
            case quantile(Int, String)
        }

        var kind: Kind
        var threshold: Double
        var window: Double
        var pending: Double = 0
        var samplesMin = 1
        /// The slot in seconds, by the documented rule.
        var slot: Double { window < 30 ? 1 : max(window / 30, 1) }
        var slots: Int { Int((window / slot).rounded()) }

        var condition: String {
            switch kind {
            case .logins:
                "count(event:login_failed) >= \(Int(threshold)) over \(Int(window))s by service"
            case .errorRate:
                "error_rate > \(threshold) over \(Int(window))s by service min \(samplesMin) samples"
            case .quantile(let percent, let comparison):
                "p\(percent)(duration_ms) \(comparison) \(threshold) over \(Int(window))s by service "
                    + "min \(samplesMin) samples"
            }
        }
    }

    private struct Placed {
        var slot: Int
        var time: Double
        var record: PlainRecord
    }

    private struct Alert {
        var state = "inactive"
        var activeSlot = Int.min
        var since = 0.0
    }

    private let rule: Rule
    private var records: [String: [Placed]] = [:]
    private var alerts: [String: Alert] = [:]
    private var decided = Int.min
    private var latest: Double?
    private var held: [PlainRecord] = []
    private(set) var result: [String] = []
    /// For rules on quantiles the exact value at each of the transitions, 0 where there is none.
    private(set) var quantiles: [Double] = []
    private(set) var late = 0

    init(_ rule: Rule) { self.rule = rule }

    private var watermark: Double { (latest ?? 0) - 10 }

    mutating func observe(_ record: PlainRecord) {
        guard let latest else {
            advance(to: record.time ?? 0)
            return count(record, at: record.time ?? 0)
        }
        guard let time = record.time else { return count(record, at: latest) }
        if time > latest + 3_600 {
            if let last = held.compactMap(\.time).max(), time < last - 3_600 { reject() }
            held.append(record)
            if held.count == 10 { believe() }
            return
        }
        let isLate = time < watermark
        if !isLate, time > latest { self.latest = time }
        reject()
        if isLate {
            late += 1
            return
        }
        advance(to: max(time, latest))
        count(record, at: time)
    }

    private mutating func reject() {
        let records = held
        held = []
        for record in records { count(record, at: latest ?? 0) }
    }

    private mutating func believe() {
        let records = held
        held = []
        for record in records {
            guard let time = record.time, time >= watermark else {
                late += 1
                continue
            }
            advance(to: max(time, latest ?? time))
            count(record, at: time)
        }
    }

    mutating func finish() {
        believe()
        guard let latest else { return }
        evaluate(through: Int((latest / rule.slot).rounded(.down)))
    }

    private mutating func advance(to time: Double) {
        latest = time
        evaluate(through: Int((watermark / rule.slot).rounded(.down)) - 1)
    }

    private mutating func count(_ record: PlainRecord, at time: Double) {
        let concerns =
            switch rule.kind {
            case .logins: record.isLogin
            case .errorRate: record.status != nil
            case .quantile: record.duration != nil
            }
        guard concerns else { return }
        let slot = Int((time / rule.slot).rounded(.down))
        records[record.service, default: []].append(Placed(slot: slot, time: time, record: record))
        let alert = alerts[record.service, default: Alert()]
        guard rule.kind == .logins, alert.state == "inactive" else { return }
        let newest = records[record.service]?.map(\.slot).max() ?? slot
        for last in slot...newest where holds(record.service, last) {
            let eventTime = last == slot ? time : Double(last) * rule.slot
            return activate(record.service, eventTime, last)
        }
    }

    private func holds(_ service: String, _ last: Int) -> Bool {
        let window = (records[service] ?? [])
            .filter { $0.slot > last - rule.slots && $0.slot <= last }
        guard window.count >= max(rule.samplesMin, 1) else { return false }
        switch rule.kind {
        case .logins: return Double(window.count) >= rule.threshold
        case .errorRate:
            let failed = window.filter { ($0.record.status ?? 0) >= 500 }
            return Double(failed.count) / Double(window.count) > rule.threshold
        case .quantile(_, let comparison):
            guard let value = quantile(service, last) else { return false }
            return TestStream.holds(value, comparison, rule.threshold)
        }
    }

    /// The value of the nearest rank, in whole numbers: the percent-th part of n values, rounded up.
    private func quantile(_ service: String, _ last: Int) -> Double? {
        guard case .quantile(let percent, _) = rule.kind else { return nil }
        let values = (records[service] ?? [])
            .filter { $0.slot > last - rule.slots && $0.slot <= last }
            .compactMap(\.record.duration).sorted()
        return values.isEmpty ? nil : values[max((percent * values.count + 99) / 100, 1) - 1]
    }

    private mutating func activate(_ service: String, _ time: Double, _ slot: Int) {
        let state = rule.pending > 0 ? "pending" : "firing"
        alerts[service] = Alert(state: state, activeSlot: slot, since: time)
        note(state, time, service)
    }

    private mutating func note(_ state: String, _ time: Double, _ service: String) {
        let nanoseconds = TestStream.seconds(TestStream.time(time))
        result.append("\(service) \(state) \(nanoseconds)")
        let last = Int((time / rule.slot).rounded()) - 1
        quantiles.append(quantile(service, last) ?? 0)
    }

    private mutating func evaluate(through last: Int) {
        guard let first = records.values.joined().map(\.slot).min() else { return }
        var slot = max(decided == .min ? first - 20 : decided + 1, first - 20)
        while slot <= last {
            for service in records.keys.sorted() { step(service, slot) }
            slot += 1
        }
        decided = max(decided, last)
    }

    private mutating func step(_ service: String, _ slot: Int) {
        let boundary = Double(slot + 1) * rule.slot
        let alert = alerts[service, default: Alert()]
        let holds = holds(service, slot)
        if alert.state == "inactive" {
            if holds { activate(service, boundary, slot) }
            return
        }
        if slot < alert.activeSlot { return }
        if holds {
            guard alert.state == "pending", boundary - alert.since >= rule.pending else { return }
            alerts[service]?.state = "firing"
            return note("firing", boundary, service)
        }
        if alert.state == "firing" { note("resolved", boundary, service) }
        alerts[service] = Alert()
        guard rule.kind == .logins else { return }
        let newest = records[service]?.map(\.slot).max() ?? slot
        guard newest > slot else { return }
        for later in slot + 1...newest where self.holds(service, later) {
            return activate(service, Double(later) * rule.slot, later)
        }
    }
}
