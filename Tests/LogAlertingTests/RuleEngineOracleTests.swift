import LogAlerting
import TestSupport
import Testing

/// Random streams through the engine in batches of every size, and through an engine that keeps all records.
@Suite struct RuleEngineOracleTests {
    private static let rules: [NaiveEngine.Rule] = [
        .init(kind: .logins, threshold: 4, window: 60),
        .init(kind: .logins, threshold: 3, window: 10),
        .init(kind: .logins, threshold: 5, window: 90, pending: 20),
        .init(kind: .errorRate, threshold: 0.25, window: 60, samplesMin: 5),
        .init(kind: .errorRate, threshold: 0.5, window: 30, pending: 6, samplesMin: 2),
        .init(kind: .quantile(50, ">"), threshold: 1_000, window: 60, samplesMin: 3),
        .init(kind: .quantile(75, ">="), threshold: 1_000, window: 30, pending: 5, samplesMin: 2),
        .init(kind: .quantile(95, ">"), threshold: 1_000, window: 90, samplesMin: 20),
        .init(kind: .quantile(90, "<"), threshold: 1_000, window: 60, samplesMin: 4),
        .init(kind: .quantile(60, "<="), threshold: 999.5, window: 20),
    ]

    private func stream(seed: UInt64) -> [PlainRecord] {
        var random = SeededGenerator(seed: seed)
        var now = 0.0
        var records: [PlainRecord] = []
        var isIncident = false
        for _ in 0..<500 {
            // Quarter seconds, so that times in Double and in nanoseconds agree.
            now += Double(Int.random(in: 0...6, using: &random)) / 4
            switch Int.random(in: 0..<250, using: &random) {
            case 0: now += 45
            case 1: now += 400
            case 2..<10: isIncident.toggle()
            default: break
            }
            var record = PlainRecord()
            record.time = max(now - Double(Int.random(in: 0...20, using: &random)) / 4, 0)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<4: record.time = nil
            case 4..<8: record.time = max(now - 14, 0)
            case 8: record.time = now + 4_000
            case 9 where UInt8.random(in: 0..<8, using: &random) == 0:
                now += 4_500
                record.time = now
            default: break
            }
            record.service = ["a", "b", ""].randomElement(using: &random) ?? "a"
            let isBad = isIncident && Bool.random(using: &random)
            record.isLogin = isBad || Int.random(in: 0..<6, using: &random) == 0
            record.status = isBad ? 503 : Bool.random(using: &random) ? 200 : nil
            record.duration = duration(isBad, &random)
            records.append(record)
        }
        // The first record starts the clock.
        records[0].time = 0
        return records
    }

    /// Values around the threshold of 1,000 among others: they share a bucket of the histogram, and only comparing them as
    /// they came tells them apart.
    private func duration(_ isBad: Bool, _ random: inout SeededGenerator) -> Double? {
        let values: [Double?] =
            isBad ? [3_000, 3_017.25, 1_000, 1_000.5] : [12, 900, 999.5, 1_000, 1_000.5, nil, nil]
        return values[Int.random(in: 0..<values.count, using: &random)]
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func agrees(seed: UInt64) throws {
        let records = stream(seed: seed)
        let lines = records.map(\.line)
        for (number, plain) in Self.rules.enumerated() {
            var naive = NaiveEngine(plain)
            for record in records { naive.observe(record) }
            naive.finish()
            let rule = try TestStream.rule(plain.condition, pending: "\(Int(plain.pending))s")
            for size in [1, 7, 1_000] {
                let engine = RuleEngine(rules: [rule])
                let got = TestStream.run(engine, lines, size: size).map {
                    let service = $0.labels["service"] ?? ""
                    return "\(service) \($0.state.rawValue) \(TestStream.seconds($0.eventTime))"
                }
                #expect(byService(got) == byService(naive.result), "rule \(number) size \(size)")
                #expect(engine.lateRecords == naive.late)
            }
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func quantilesAreShownWithinOnePercent(seed: UInt64) throws {
        let records = stream(seed: seed)
        for plain in Self.rules {
            guard case .quantile(_, let comparison) = plain.kind else { continue }
            var naive = NaiveEngine(plain)
            for record in records { naive.observe(record) }
            naive.finish()
            let want = Dictionary(zip(naive.result, naive.quantiles)) { first, _ in first }
            let rule = try TestStream.rule(plain.condition, pending: "\(Int(plain.pending))s")
            for transition in TestStream.run([rule], records.map(\.line)) {
                let got = transition.value
                let place = "\(transition.labels["service"] ?? "") \(transition.state.rawValue) "
                let key = place + "\(TestStream.seconds(transition.eventTime))"
                let exact = try #require(want[key])
                #expect(abs(got - exact) <= exact * 0.01, "\(key): \(got) for \(exact)")
                // What is shown does not contradict what was decided.
                #expect(
                    TestStream.holds(got, comparison, plain.threshold)
                        == TestStream.holds(exact, comparison, plain.threshold), "\(key) \(got)")
            }
        }
    }

    /// The transitions of each group in their order; the order between groups is not part of the contract.
    private func byService(_ transitions: [String]) -> [String] {
        transitions.enumerated().sorted {
            let left = $0.element.prefix { $0 != " " }
            let right = $1.element.prefix { $0 != " " }
            return (left, $0.offset) < (right, $1.offset)
        }.map(\.element)
    }

    @Test func theStreamsExerciseTheRules() throws {
        // An oracle that never fires would agree with anything.
        for plain in Self.rules {
            var count = 0
            for seed in 1...10 as ClosedRange<UInt64> {
                var naive = NaiveEngine(plain)
                for record in stream(seed: seed) { naive.observe(record) }
                naive.finish()
                count += naive.result.count
            }
            #expect(count >= 20, "\(plain.condition): \(count)")
        }
    }

    @Test(arguments: 20...24 as ClosedRange<UInt64>)
    func theOrderOfTransitionsDoesNotDependOnBatches(seed: UInt64) throws {
        let lines = stream(seed: seed).map(\.line)
        let rules = try Self.rules.enumerated().map {
            try TestStream.rule($1.condition, name: "r\($0)", pending: "\(Int($1.pending))s")
        }
        let want = TestStream.run(rules, lines, size: 1)
        #expect(!want.isEmpty)
        for size in [2, 7, 64, 1_000] { #expect(TestStream.run(rules, lines, size: size) == want) }
    }
}
