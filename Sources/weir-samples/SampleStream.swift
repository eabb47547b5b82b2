/// The lines of a plan, one after another, in constant memory.
struct SampleStream {
    /// Of 10,000 lines this many are of the other kinds; the rest are requests.
    private static let debugPer10000 = 400
    private static let auditPer10000 = 160
    private static let securityPer10000 = 180

    /// One line in five comes late, by up to this: several writers, several buffers.
    private static let latePer10000 = 2000
    private static let lateMillisecondsMax = 300

    private let plan: SamplePlan
    private var curve: TrafficCurve
    private var random: RandomSource
    private var requests: RequestLines
    private var bruteForce: BruteForce?
    private let debug = DebugLines()
    private let audit = AuditLines()
    private let security = SecurityLines()
    private var written = 0

    init(_ plan: SamplePlan) {
        self.plan = plan
        curve = TrafficCurve(start: plan.start, end: plan.end, lines: plan.lines)
        random = RandomSource(seed: plan.seed)
        requests = RequestLines(incident: plan.incident)
        bruteForce = plan.bruteForce
    }

    /// Appends the next line with its newline; returns false when there is none.
    mutating func appendNext(to buffer: inout LineBuffer) -> Bool {
        guard written < plan.lines else { return false }
        let onTime = curve.time(ofLine: written, fraction: random.below(1024))
        written += 1
        if let attempts = bruteForce?.attempts(at: onTime), attempts {
            let succeeds = bruteForce?.hasSucceeded ?? false
            let time = Instant(millisecondsSince1970: onTime)
            security.appendBruteForce(succeeds: succeeds, at: time, to: &buffer, using: &random)
        } else {
            appendUsual(at: disordered(onTime), to: &buffer)
        }
        buffer.append("\"}\n")
        return true
    }

    /// Appends a line of any kind, up to the inside of its message, which always comes last.
    private mutating func appendUsual(at time: Instant, to buffer: inout LineBuffer) {
        var share = random.below(10_000)
        if share < Self.debugPer10000 {
            debug.append(at: time, trace: requests.trace, to: &buffer, using: &random)
            return
        }
        share -= Self.debugPer10000
        if share < Self.auditPer10000 {
            audit.append(at: time, trace: requests.trace, to: &buffer, using: &random)
            return
        }
        share -= Self.auditPer10000
        if share < Self.securityPer10000 {
            security.append(at: time, to: &buffer, using: &random)
            return
        }
        requests.append(at: time, to: &buffer, using: &random)
    }

    private mutating func disordered(_ time: Int64) -> Instant {
        guard random.happens(per10000: Self.latePer10000) else {
            return Instant(millisecondsSince1970: time)
        }
        let late = time - Int64(random.below(Self.lateMillisecondsMax + 1))
        return Instant(millisecondsSince1970: max(late, plan.start.millisecondsSince1970))
    }
}
