/// One record as the oracle sees it; it reads no line.
struct PlainRecord {
    /// Seconds since the start of the stream, nil without a time.
    var time: Double?
    var status: Int?
    var duration: Double?
    var isLogin = false
    var service = "a"
    var gauge: Double?
    var user: String?

    var line: String {
        var members = [#""service":"\#(service)""#]
        if let status { members.append(#""status_code":\#(status)"#) }
        if let duration { members.append(#""duration_ms":\#(duration)"#) }
        if isLogin { members.append(#""event":"login_failed""#) }
        if let gauge { members.append(#""load":\#(gauge)"#) }
        if let user { members.append(#""user":"\#(user)""#) }
        return TestStream.line(time, members.joined(separator: ","))
    }
}

/// The rules by the book: keeps every record, and looks at all of them for every window.
struct NaiveEngine {
    typealias Rule = NaiveRule

    private struct Placed {
        var slot: Int
        var time: Double
        var record: PlainRecord
    }

    private struct Level {
        var since: Double?
        var activeSlot = Int.min
    }

    private struct Alert {
        var state = "inactive"
        var level = -1
        var ceased: Double?
        var levels: [Level]
        var firstSlot: Int
    }

    private let rule: Rule
    private var records: [String: [Placed]] = [:]
    private var alerts: [String: Alert] = [:]
    private var seen: [String: (first: Double, last: Double)] = [:]
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
        // Up to the evaluation behind the latest record.
        var last = Int((latest / rule.slot).rounded(.down))
        while (last + 1) % rule.stride != 0 { last += 1 }
        evaluate(through: last)
    }

    private mutating func advance(to time: Double) {
        latest = time
        evaluate(through: Int((watermark / rule.slot).rounded(.down)) - 1)
    }

    private mutating func count(_ record: PlainRecord, at time: Double) {
        let slot = Int((time / rule.slot).rounded(.down))
        if rule.kind == .absent, !rule.isGrouped { make("", slot) }
        guard rule.concerns(record) else { return }
        var group = rule.isGrouped ? record.service : ""
        if case .new(let memory, let learning) = rule.kind {
            guard let user = record.user else { return }
            guard see(record.service, user, time, memory, learning) else { return }
            group = record.service + "/" + user
        }
        make(group, slot)
        records[group, default: []].append(Placed(slot: slot, time: time, record: record))
        guard rule.firesOnRecord else { return }
        cross(group, slot, time)
    }

    private mutating func make(_ group: String, _ slot: Int) {
        if alerts[group] != nil { return }
        alerts[group] = Alert(
            levels: Array(repeating: Level(), count: rule.levels.count), firstSlot: slot)
        if records[group] == nil { records[group] = [] }
    }

    /// Whether a value was not seen for `memory`, in a group that is known for longer than `learning`.
    private mutating func see(
        _ service: String, _ user: String, _ time: Double, _ memory: Double, _ learning: Double
    ) -> Bool {
        var known = seen[service] ?? (time, time)
        if known.last < time - memory { known.first = time }
        known.last = max(known.last, time)
        seen[service] = known
        let key = service + "/" + user
        let before = seen[key]
        seen[key] = (0, max(before?.last ?? time, time))
        let isNew = before.map { $0.last < time - memory } ?? true
        return isNew && time - known.first >= learning
    }

    private mutating func cross(_ group: String, _ slot: Int, _ time: Double) {
        let newest = records[group]?.map(\.slot).max() ?? slot
        guard slot <= newest else { return }
        for last in slot...newest {
            let moment = last == slot ? time : Double(last) * rule.slot
            var hasCrossed = false
            for level in rule.levels.indices
            where alerts[group]?.levels[level].since == nil && holds(group, last, level) {
                alerts[group]?.levels[level] = Level(since: moment, activeSlot: last)
                hasCrossed = true
            }
            if hasCrossed { return decide(group, moment, last) }
        }
    }

    /// The records of a group in a window that ends with slot `last`.
    private func window(_ group: String, _ last: Int, _ length: Int) -> [PlainRecord] {
        (records[group] ?? []).filter { $0.slot > last - length && $0.slot <= last }
            .sorted { ($0.slot, $0.time) < ($1.slot, $1.time) }.map(\.record)
    }

    /// The condition of a level over the window that ends with slot `last`.
    private func holds(_ group: String, _ last: Int, _ level: Int) -> Bool {
        if rule.kind == .absent {
            return window(group, last, rule.slots).isEmpty
                && last - rule.slots >= (alerts[group]?.firstSlot ?? .max) - 1
        }
        let records = window(group, last, rule.slots)
        if rule.baseline > 0 { return holdsAgainstBaseline(group, last, level, records) }
        guard rule.whole(records) >= max(rule.samplesMin, 1), let value = rule.value(records)
        else { return false }
        return TestStream.holds(value, rule.comparison, rule.levels[level].threshold)
    }

    private func holdsAgainstBaseline(
        _ group: String, _ last: Int, _ level: Int, _ window: [PlainRecord]
    ) -> Bool {
        let end = last - rule.slots
        let slots = Int((rule.baseline / rule.slot).rounded(.up))
        let all = (records[group] ?? []).filter { $0.slot > end - slots && $0.slot <= end }
        guard let oldest = all.map(\.slot).min(), (end - oldest + 1) * 2 >= slots else {
            return false
        }
        let before = self.window(group, end, slots)
        guard rule.whole(before) >= max(rule.samplesMin, 1), var usual = rule.value(before) else {
            return false
        }
        if rule.isCount {
            usual = usual * Double(rule.slots) / Double(end - oldest + 1)
        } else if rule.whole(window) < max(rule.samplesMin, 1) {
            return false
        }
        guard let value = rule.isCount ? Double(rule.whole(window)) : rule.value(window) else {
            return false
        }
        return TestStream.holds(
            value, rule.comparison, usual * rule.levels[level].threshold)
    }

    /// Whether enough of the last evaluations found the condition true.
    private func holdsOften(_ group: String, _ last: Int, _ level: Int) -> Bool {
        let (least, count) = rule.evaluations
        if count == 1 { return holds(group, last, level) }
        return (0..<count).filter { holds(group, last - $0 * rule.stride, level) }.count >= least
    }

    /// The value of the nearest rank, in whole numbers: the percent-th part of n values, rounded up.
    private func quantile(_ group: String, _ last: Int) -> Double? {
        guard case .quantile = rule.kind else { return nil }
        return rule.value(window(group, last, rule.slots))
    }

    private mutating func note(_ state: String, _ time: Double, _ group: String) {
        let nanoseconds = TestStream.seconds(TestStream.time(time))
        var entry = "\(group) \(state) \(nanoseconds)"
        if rule.levels.count > 1, state != "pending" {
            entry += " \(NaiveRule.severities[max(alerts[group]?.level ?? 0, 0)])"
        }
        result.append(entry)
        let last = Int((time / rule.slot).rounded()) - 1
        quantiles.append(quantile(group, last) ?? 0)
    }

    private mutating func evaluate(through last: Int) {
        let slots = records.values.joined().map(\.slot) + alerts.values.map(\.firstSlot)
        guard let first = slots.min() else { return }
        var slot = max(decided == .min ? first - 20 : decided + 1, first - 20)
        while slot <= last {
            if (slot + 1) % rule.stride == 0 {
                for group in alerts.keys.sorted() { step(group, slot) }
            }
            slot += 1
        }
        decided = max(decided, last)
    }

    private mutating func step(_ group: String, _ slot: Int) {
        let boundary = Double(slot + 1) * rule.slot
        var hasEnded = false
        for level in rule.levels.indices {
            guard let known = alerts[group]?.levels[level] else { continue }
            if known.since != nil, slot < known.activeSlot { continue }
            let holds = holdsOften(group, slot, level)
            if holds, known.since == nil {
                alerts[group]?.levels[level] = Level(since: boundary, activeSlot: slot)
            } else if !holds, known.since != nil {
                alerts[group]?.levels[level].since = nil
                hasEnded = true
            }
        }
        decide(group, boundary, slot)
        if hasEnded, rule.firesOnRecord { cross(group, slot + 1) }
    }

    /// What the records behind a boundary suffice for by themselves.
    private mutating func cross(_ group: String, _ first: Int) {
        let newest = records[group]?.map(\.slot).max() ?? first
        guard first <= newest else { return }
        for last in first...newest {
            let moment = Double(last) * rule.slot
            var hasCrossed = false
            for level in rule.levels.indices
            where alerts[group]?.levels[level].since == nil && holds(group, last, level) {
                alerts[group]?.levels[level] = Level(since: moment, activeSlot: last)
                hasCrossed = true
            }
            if hasCrossed { return decide(group, moment, last) }
        }
    }

    private mutating func decide(_ group: String, _ time: Double, _ slot: Int) {
        guard var alert = alerts[group] else { return }
        let holding = alert.levels.indices.filter { alert.levels[$0].since != nil }
        let ready = holding.filter {
            time - (alert.levels[$0].since ?? 0) >= rule.levels[$0].pending
        }
        defer { alerts[group] = alert }
        func fire(_ level: Int) {
            alert.state = "firing"
            alert.level = level
            alert.ceased = nil
        }
        if alert.state != "firing" {
            if let level = ready.max() {
                fire(level)
                alerts[group] = alert
                note("firing", time, group)
            } else if holding.isEmpty {
                alert.state = "inactive"
            } else if alert.state == "inactive" {
                alert.state = "pending"
                note("pending", time, group)
            }
            return
        }
        let target = max(
            ready.max() ?? -1, holding.filter { $0 <= alert.level }.max() ?? -1)
        if target >= alert.level {
            alert.ceased = nil
            guard target > alert.level else { return }
            fire(target)
            alerts[group] = alert
            return note("firing", time, group)
        }
        alert.ceased = alert.ceased ?? time
        guard time - (alert.ceased ?? time) >= rule.keep else { return }
        if target >= 0 {
            fire(target)
            alerts[group] = alert
            return note("firing", time, group)
        }
        note("resolved", time, group)
        alert.state = "inactive"
        alert.level = -1
        alert.ceased = nil
    }
}
