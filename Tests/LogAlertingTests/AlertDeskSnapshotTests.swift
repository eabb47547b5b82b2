import LogBytes
import LogRecords
import TestSupport
import Testing

@testable import LogAlerting

/// What survives a restart, a new configuration and a clock that is set.
@Suite struct AlertDeskSnapshotTests {
    private static let everything = """
        route:
          receiver: a
          group_by: [service]
          group_wait: 7s
          group_interval: 20s
          repeat_interval: 90s
          respond_within: {P0: 20s, P1: 50s}
          escalation:
            - {after: {P0: 30s, P1: 1m}, receiver: d}
            - {after: 100s, receivers: [d, e], repeat: 45s}
            - {after: 2m, receiver: e, unless: never, matchers: [severity=P0]}
          routes:
            - {receiver: b, matchers: [severity=P0], group_by: [], group_wait: 0s, group_interval: 10s, continue: true}
            - {receiver: c, matchers: [service=db], group_by: ['...'], group_wait: 3s, group_interval: 0s, repeat_interval: 60s}
            - {receivers: [d, a], matchers: ['zone=~"z.*"'], mute_time_intervals: [odd], group_by: [n, service]}
        inhibit_rules:
          - {source_matchers: [severity=P0], target_matchers: ['severity=~"P0|P2"'], equal: [service]}
        flapping: {changes: 4, within: 40s}
        storm: {groups: 3, within: 15s}
        maintenance:
          - {name: web, matchers: [service=web], time_intervals: [odd]}
          - {name: once, matchers: [zone=y1], start: '2026-01-05T10:02:20Z', end: '2026-01-05T10:02:41Z'}
        time_intervals:
          - name: odd
            time_intervals:
              - times: [{start_time: '10:01', end_time: '10:02'}, {start_time: '10:03', end_time: '10:05'}]
        """

    private static let alerts: [String] = ["api", "db", "web"].flatMap { service in
        ["P0", "P1", "P2"].flatMap { severity in
            ["z1", "y1"].map { "\(severity)\($0)/\(severity) service=\(service) zone=\($0)" }
        }
    }

    /// A random history; `between` is called after every second.
    private func run(
        seed: UInt64, ticks: Int, routing: String = everything,
        _ between: (DeskFixture, Int) throws -> Void
    ) throws -> DeskFixture {
        let fixture = try DeskFixture(routing)
        var random = SeededGenerator(seed: seed)
        var ticker = SeededGenerator(seed: UInt64(ticks))
        var firing: Set<String> = []
        for second in 0..<330 {
            let time = Double(second)
            if ticks > 0, ticker.below(ticks) == 0 { fixture.advance(time) }
            let alert = random.pick(Self.alerts)
            let name = String(alert.prefix { $0 != "/" })
            switch random.below(10) {
            case 0, 1, 2:
                if firing.insert(alert).inserted { try fixture.fire(time, alert) }
            case 3, 4:
                if let old = firing.sorted().first, random.below(2) == 0 {
                    firing.remove(old)
                    try fixture.resolve(time, old)
                }
            case 5 where random.below(3) == 0:
                try fixture.silence(
                    time, random.pick(["service=api", "zone=~z.*", "severity=P1"]),
                    until: time + 10 + Double(random.below(50)),
                    from: time + Double(random.below(2) * 10), id: "s\(random.below(4))")
            case 6:
                let end = random.below(2) == 0 ? DeskFixture.time(time + 30) : nil
                fixture.command(time, .acknowledge(.name(name), note: "n", end: end))
            case 7 where random.below(2) == 0:
                fixture.command(time, .unacknowledge(.name(name)))
            case 8 where random.below(4) == 0:
                fixture.command(time, .markFalse(.name(name), reason: "r"))
            default: break
            }
            try between(fixture, second)
        }
        fixture.advance(400)
        return fixture
    }

    /// The desk that its snapshot gives.
    private func restarted(
        _ desk: AlertDesk, _ routing: AlertRouting
    ) throws -> AlertDesk {
        var bytes = ByteWriter()
        desk.snapshot(into: &bytes)
        let next = AlertDesk(routing: routing)
        var reader = ByteReader(bytes.view)
        try next.restore(from: &reader)
        #expect(reader.remaining == 0)
        var again = ByteWriter()
        next.snapshot(into: &again)
        let isSame = Array(again.view) == Array(bytes.view)
        #expect(isSame)
        return next
    }

    @Test(arguments: 0..<12) func aRestartAnywhereChangesNothing(seed: Int) throws {
        let whole = try run(seed: UInt64(seed), ticks: 1) { _, _ in }
        #expect(whole.notifications.count > 30)
        var cuts = SeededGenerator(seed: UInt64(seed) + 1_000)
        let cut = try run(seed: UInt64(seed), ticks: 4) { fixture, _ in
            guard cuts.below(8) == 0 else { return }
            fixture.desk = try restarted(fixture.desk, fixture.configuration.routing)
        }
        #expect(cut.notifications.count == whole.notifications.count)
        let difference = zip(cut.notifications, whole.notifications).first { $0 != $1 }
        let shown = difference.map { DeskFixture.shown($0.0) + " != " + DeskFixture.shown($0.1) }
        #expect(shown == nil, "seed \(seed)")
        let record = zip(cut.records, whole.records).first { $0 != $1 }
        #expect(record == nil && cut.records.count == whole.records.count)
        #expect(Set(whole.notifications.map(\.key)).count == whole.notifications.count)
    }

    /// Nobody hears of the end of what nobody told them, and nobody is told twice that something began.
    @Test(arguments: 0..<10) func whatIsOverWasTold(seed: Int) throws {
        // What was told in sum is no message about one alert.
        let routing = Self.everything.replacing(
            "storm: {groups: 3, within: 15s}", with: "storm: off")
        let fixture = try run(seed: UInt64(seed) + 5_000, ticks: 0, routing: routing) { _, _ in }
        var told: [String: Set<String>] = [:]
        var kinds: Set<String> = []
        for notification in fixture.notifications {
            let place = notification.receiver + notification.groupKey
            kinds.insert(notification.reason.rawValue)
            let firing = Set(notification.alerts.filter(\.isFiring).map(\.fingerprint))
            let over = Set(notification.alerts.filter { !$0.isFiring }.map(\.fingerprint))
            let flapping = notification.alerts.contains { $0.annotations["flapping"] != nil }
            if notification.reason == .change, !flapping {
                #expect(
                    !over.isEmpty || !firing.isSubset(of: told[place] ?? []),
                    "\(DeskFixture.shown(notification)) says nothing new")
            }
            #expect(over.isSubset(of: told[place] ?? []), "\(DeskFixture.shown(notification))")
            if notification.reason == .acknowledged || notification.reason == .repeated {
                #expect(!firing.isEmpty)
            }
            told[place, default: []].formUnion(firing)
            told[place, default: []].subtract(over)
        }
        #expect(kinds.isSuperset(of: ["change", "escalated", "acknowledged"]))
    }

    @Test func damagedSnapshotsAreRefused() throws {
        let fixture = try run(seed: 7, ticks: 1) { _, _ in }
        var bytes = ByteWriter()
        fixture.desk.snapshot(into: &bytes)
        let good = Array(bytes.view)
        #expect(good.count > 1_000)
        func refuses(_ bytes: [UInt8]) -> Bool {
            let desk = AlertDesk(routing: fixture.configuration.routing)
            let isRefused = bytes.withView { view -> Bool in
                var reader = ByteReader(view)
                do throws(MalformedBytes) {
                    try desk.restore(from: &reader)
                    return false
                } catch {
                    return true
                }
            }
            if isRefused { #expect(desk.alertCount == 0 && desk.knownSilences.isEmpty) }
            return isRefused
        }
        #expect(!refuses(good))
        for length in stride(from: 0, to: good.count, by: 37) {
            #expect(refuses(Array(good[..<length])))
        }
        for bit in stride(from: 0, to: good.count * 8, by: 101) {
            var bytes = good
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(refuses(bytes), "bit \(bit)")
        }
        // Bytes that are wrong under a checksum that fits: refused or taken, no trap.
        var random = SeededGenerator(seed: 3)
        let start = good.count - Self.payloadCount(good)
        for _ in 0..<300 {
            var payload = Array(good[start...])
            for _ in 0...random.below(3) {
                payload[random.below(payload.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            var out = ByteWriter()
            for byte in good[..<5] { out.append(byte) }
            payload.withView {
                out.append(fixed: Checksum.crc32c($0))
                out.append(lengthPrefixed: $0)
            }
            let desk = AlertDesk(routing: fixture.configuration.routing)
            var reader = ByteReader(out.view)
            guard (try? desk.restore(from: &reader)) != nil else { continue }
            _ = desk.resume(at: DeskFixture.time(500))
            _ = desk.active()
        }
    }

    private static func payloadCount(_ bytes: [UInt8]) -> Int {
        bytes.withView { view in
            var reader = ByteReader(view)
            _ = try? reader.bytes(9, "head")
            return (try? reader.lengthPrefixed("payload").count) ?? 0
        }
    }

    // MARK: Times of absence

    @Test func afterAnAbsenceWhatIsDueIsDoneOnce() throws {
        let fixture = try DeskFixture(
            """
            route:
              receiver: a
              repeat_interval: 10m
              escalation: [{after: 5m, receiver: b, repeat: 10m}]
            """)
        try fixture.fire(0, "x")
        fixture.advance(40)
        try fixture.silence(50, "a=b", until: 5_000)
        try fixture.fire(60, "y")
        fixture.desk = try restarted(fixture.desk, fixture.configuration.routing)
        let told = fixture.keep(fixture.desk.resume(at: DeskFixture.time(3_400)))
        #expect(told.sorted() == ["3400 a change: +x +y", "3400 b escalated: +x +y"])
        #expect(
            fixture.advance(4_000) == [
                "3900 b escalated: +x", "3960 b escalated: +y", "4000 a repeated: +x +y",
            ])
        // A clock that leaps is the same.
        let fixture2 = try DeskFixture("route: {receiver: a, repeat_interval: 10m}")
        try fixture2.fire(0, "x")
        fixture2.advance(40)
        #expect(
            fixture2.keep(fixture2.desk.advance(to: DeskFixture.time(40_000)))
                == ["40000 a repeated: +x"])
    }

    @Test func aClockThatStepsBackDelaysNothing() throws {
        let fixture = try DeskFixture("route: {receiver: a, repeat_interval: 10m}")
        try fixture.fire(100_000, "x")
        #expect(fixture.keep(fixture.desk.advance(to: DeskFixture.time(5))) == [])
        // 30 seconds to wait are still 30 seconds.
        #expect(fixture.keep(fixture.desk.advance(to: DeskFixture.time(35))) == ["35 a change: +x"])
        // A second back is no step: nothing is told twice.
        #expect(fixture.keep(fixture.desk.advance(to: DeskFixture.time(34))) == [])
        #expect(fixture.advance(640) == ["635 a repeated: +x"])
        for time in [Int64.min, .max, 0, -1, .max - 1] {
            _ = fixture.desk.advance(to: time)
            _ = fixture.desk.resume(at: time)
            _ = fixture.desk.observe(
                [try DeskFixture.transition("z", .firing, at: 0)], now: time)
        }
    }

    // MARK: New configurations

    @Test func whatWasToldStaysToldUnderANewConfiguration() throws {
        let fixture = try DeskFixture(
            """
            route:
              receiver: a
              group_by: [service]
              routes: [{receiver: b, matchers: [severity=P0]}]
            """)
        try fixture.fire(0, "x/P0 service=api", "y/P2 service=api")
        fixture.advance(30)
        try fixture.silence(50, "service=web", until: 100_000)
        fixture.command(60, .acknowledge(.name("x"), note: "", end: nil))
        // The route of b is another one now; a is grouped otherwise, and c wants to know, too.
        let next = try DeskFixture.parse(
            """
            route:
              receiver: a
              routes:
                - {receivers: [b, c], matchers: [severity=~"P0|P1"]}
            """)
        #expect(
            fixture.keep(fixture.desk.reload(next.routing, now: DeskFixture.time(100))) == [])
        #expect(fixture.advance(1_000) == ["130 c change: +x(ann)"])
        #expect(fixture.desk.active().map(\.state) == [.acknowledged, .firing])
        #expect(fixture.desk.knownSilences.count == 1)
        try fixture.resolve(1_100, "x/P0 service=api", "y/P2 service=api")
        #expect(
            fixture.advance(2_000).sorted() == [
                "1330 a change: -y", "1330 b change: -x(ann)", "1330 c change: -x(ann)",
            ])
        #expect(fixture.desk.due == fixture.desk.knownSilences.first?.end)
    }

    @Test func aReceiverThatNoRouteNamesAnyMoreStillHearsOfTheEnd() throws {
        let fixture = try DeskFixture("route: {receiver: a, group_wait: 0s, group_interval: 1m}")
        try fixture.fire(0, "x")
        let next = try DeskFixture.parse(
            """
            route:
              receiver: b
              group_wait: 0s
              group_interval: 1m
              routes: [{receiver: a, matchers: [never=this]}]
            """)
        #expect(
            fixture.keep(fixture.desk.reload(next.routing, now: DeskFixture.time(10))) == [])
        #expect(fixture.advance(60) == ["60 b change: +x"])
        try fixture.resolve(70, "x")
        #expect(fixture.advance(200).sorted() == ["120 a change: -x", "120 b change: -x"])
    }
}
