internal import LogBytes

extension DeskEncoder {
    mutating func held(_ held: HeldAlert) {
        alert(held.alert)
        time(held.firedTime)
        texts(held.groups)
        flag(held.acknowledgement != nil)
        if let acknowledgement = held.acknowledgement {
            text(acknowledgement.id)
            text(acknowledgement.actor)
            text(acknowledgement.note)
            time(acknowledgement.time)
            optional(acknowledgement.end)
            flag(acknowledgement.isFalsePositive)
        }
        optional(held.unacknowledgedTime)
        texts(held.silences)
        optional(held.inhibitor)
        flag(held.isFlapping)
        optional(held.responseTime)
    }

    mutating func group(_ group: NoticeGroup) {
        text(group.key)
        texts(group.labels)
        texts(group.members.sorted())
        count(group.departed.count)
        for (_, departed) in group.departed.sorted(by: { $0.key < $1.key }) { alert(departed) }
        count(group.audiences.count)
        for item in group.audiences { audience(item) }
        time(group.nextFlush)
        flag(group.hasFlushed)
        count(group.taken.count)
        for (fingerprint, steps) in group.taken.sorted(by: { $0.key < $1.key }) {
            text(fingerprint)
            times(steps.map { Int64($0) })
        }
        times(group.stepNotBefore)
        time(group.nextEscalation)
    }

    private mutating func audience(_ audience: Audience) {
        text(audience.receiver)
        flag(audience.isMain)
        count(audience.told.count)
        for (fingerprint, told) in audience.told.sorted(by: { $0.key < $1.key }) {
            text(fingerprint)
            time(told.start)
            time(Int64(told.severity))
            flag(told.isFlapping)
        }
        optional(audience.toldTime)
        count(audience.repetition)
        flag(audience.isInStorm)
    }

    mutating func storm(_ storm: StormState) {
        times(storm.recent)
        optional(storm.start)
        flag(storm.isRaging)
        time(storm.latest)
        texts(storm.members.sorted())
        flag(storm.hasNews)
        optional(storm.toldTime)
        count(storm.summaries)
        time(storm.nextCheck)
    }
}

extension DeskDecoder {
    /// A counter: no count of things that follow, and small enough to go on counting.
    private mutating func counter() throws(MalformedBytes) -> Int { try index(below: 1 << 40) }

    mutating func silence() throws(MalformedBytes) -> Silence {
        let id = try text()
        var matchers: [LabelMatcher] = []
        for text in try texts() {
            do throws(LabelMatcher.Fault) {
                matchers += try LabelMatcher.parse(text)
            } catch {
                throw malformed("a matcher")
            }
        }
        return Silence(
            id: id, matchers: matchers, start: try time(), end: try time(),
            creator: try text(), comment: try text())
    }

    mutating func held() throws(MalformedBytes) -> HeldAlert {
        let held = HeldAlert(try alert(), firedTime: try time())
        held.groups = try texts()
        if try flag() {
            held.acknowledgement = Acknowledgement(
                id: try text(), actor: try text(), note: try text(), time: try time(),
                end: try optionalTime(), isFalsePositive: try flag())
        }
        held.unacknowledgedTime = try optionalTime()
        held.silences = try texts()
        held.inhibitor = try optionalText()
        held.isFlapping = try flag()
        held.responseTime = try optionalTime()
        return held
    }

    mutating func group() throws(MalformedBytes) -> NoticeGroup {
        let group = NoticeGroup(key: try text(), labels: try dictionary())
        group.members = Set(try texts())
        for _ in 0..<(try count()) {
            let alert = try alert()
            group.departed[alert.fingerprint] = alert
        }
        for _ in 0..<(try count()) { group.audiences.append(try audience()) }
        group.nextFlush = try time()
        group.hasFlushed = try flag()
        for _ in 0..<(try count()) {
            let fingerprint = try text()
            let counts = try times()
            guard counts.allSatisfy({ (0..<1 << 40).contains($0) }) else {
                throw malformed("a step of the escalation")
            }
            group.taken[fingerprint] = counts.map { Int($0) }
        }
        group.stepNotBefore = try times()
        group.nextEscalation = try time()
        return group
    }

    private mutating func audience() throws(MalformedBytes) -> Audience {
        var audience = Audience(receiver: try text(), isMain: try flag())
        for _ in 0..<(try count()) {
            let fingerprint = try text()
            audience.told[fingerprint] = ToldAlert(
                start: try time(), severity: Int(clamping: try time()), isFlapping: try flag())
        }
        audience.toldTime = try optionalTime()
        audience.repetition = try counter()
        audience.isInStorm = try flag()
        return audience
    }

    mutating func storm() throws(MalformedBytes) -> StormState {
        var storm = StormState()
        storm.recent = try times()
        storm.start = try optionalTime()
        storm.isRaging = try flag()
        storm.latest = try time()
        storm.members = Set(try texts())
        storm.hasNews = try flag()
        storm.toldTime = try optionalTime()
        storm.summaries = try counter()
        storm.nextCheck = try time()
        return storm
    }
}
