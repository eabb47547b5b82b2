import LogBytes
import LogRecords
import Testing

@testable import LogAlerting

/// Acknowledging, escalating, flapping, storms.
@Suite struct AlertDeskPeopleTests {
    private let ladder = """
        route:
          receiver: a
          group_wait: 0s
          escalation:
            - {after: 5m, receiver: b}
            - {after: 15m, receivers: [c, d], unless: acknowledged, repeat: 10m}
            - {after: 1h, receiver: e, unless: never}
        """

    @Test func whatNobodyAcknowledgesIsEscalated() throws {
        let fixture = try DeskFixture(ladder)
        #expect(try fixture.fire(0, "down/P0") == ["0 a change: +down"])
        let status = try #require(fixture.desk.active().first)
        #expect(status.nextEscalation == DeskFixture.time(300))
        #expect(status.nextEscalationReceivers == ["b"])
        #expect(fixture.advance(299) == [])
        #expect(fixture.advance(300) == ["300 b escalated: +down"])
        #expect(
            fixture.advance(2_200) == [
                "900 c escalated: +down", "900 d escalated: +down", "1500 c escalated: +down",
                "1500 d escalated: +down", "2100 c escalated: +down", "2100 d escalated: +down",
            ])
        #expect(
            fixture.command(
                2_300, .acknowledge(try target("down/P0"), note: "on it", end: nil))
                == ["a", "b", "c", "d"].map { "2300 \($0) acknowledged: +down(ann)" })
        // One step does not care; and nothing is repeated any more.
        #expect(fixture.advance(30_000) == ["3600 e escalated: +down(ann)"])
        #expect(fixture.desk.active().first?.state == .acknowledged)
        // Whoever was told hears of the end.
        try fixture.resolve(30_100, "down/P0")
        #expect(
            fixture.advance(31_000).sorted()
                == ["a", "b", "c", "d", "e"].map { "30300 \($0) change: -down(ann)" })
        #expect(
            fixture.events.filter { $0 != "escalated down" } == [
                "acknowledged down", "*alert_acknowledged",
            ])
        #expect(fixture.events.filter { $0 == "escalated down" }.count == 5)
        #expect(Set(fixture.notifications.map(\.key)).count == fixture.notifications.count)
        #expect(fixture.desk.due == nil)
    }

    private func target(_ alert: String) throws -> AlertTarget {
        .fingerprint(try DeskFixture.fingerprint(alert))
    }

    @Test func anAcknowledgementMayEnd() throws {
        let fixture = try DeskFixture(ladder)
        try fixture.fire(0, "down/P0")
        fixture.command(
            60, .acknowledge(.name("down"), note: "", end: DeskFixture.time(1_000)))
        #expect(fixture.advance(1_299) == [])
        // The steps count from then on.
        #expect(fixture.advance(1_300) == ["1300 b escalated: +down"])
        fixture.command(1_400, .acknowledge(.name("down"), note: "", end: nil))
        fixture.command(1_500, .unacknowledge(.name("down")))
        #expect(fixture.advance(1_800).contains("1800 b escalated: +down"))
        #expect(
            fixture.events.filter { !$0.hasPrefix("*") } == [
                "acknowledged down", "unacknowledged down", "escalated down",
                "acknowledged down", "unacknowledged down", "escalated down",
            ])
    }

    @Test func aSilencedAlertIsNotEscalatedUntilTheSilenceEnds() throws {
        let fixture = try DeskFixture(ladder)
        try fixture.fire(0, "down/P0")
        try fixture.silence(10, "down=,alertname=down", until: 2_000)
        #expect(fixture.advance(1_999) == [])
        #expect(
            fixture.advance(2_000) == [
                "2000 b escalated: +down", "2000 c escalated: +down", "2000 d escalated: +down",
            ])
    }

    @Test func alertsThatComeOneByOneAreEscalatedTogether() throws {
        let fixture = try DeskFixture(
            "route: {receiver: a, escalation: [{after: 10m, receiver: b}]}")
        for second in 0..<20 { try fixture.fire(Double(second), "x n=\(second)") }
        #expect(
            fixture.advance(3_000).filter { $0.contains("escalated") }.map(\.count)
                == [
                    "600 b escalated: +x",
                    "630 b escalated: " + String(repeating: "+x ", count: 19),
                ]
                .map { $0.hasSuffix(" ") ? $0.count - 1 : $0.count })
    }

    /// A step is taken when it is due for each alert, whenever the group is told of next.
    @Test func aStepDoesNotWaitForTheGroupsInterval() throws {
        let fixture = try DeskFixture(
            """
            route:
              receiver: a
              group_wait: 10s
              group_interval: 1h
              escalation: [{after: 15m, receiver: b}, {after: 20m, receiver: c}]
            """)
        try fixture.fire(0, "x")
        #expect(try fixture.fire(60, "y") == ["10 a change: +x"])
        try fixture.fire(65, "z")
        #expect(
            fixture.advance(3_000) == [
                "900 b escalated: +x", "960 b escalated: +y",
                // `group_wait` gathers those that come together, and no longer.
                "970 b escalated: +z", "1200 c escalated: +x", "1260 c escalated: +y",
                "1270 c escalated: +z",
            ])
        #expect(fixture.advance(3_610) == ["3610 a change: +x +y +z"])
        // Without a wait each is told for itself.
        let prompt = try DeskFixture(
            """
            route:
              {receiver: a, group_wait: 0s, group_interval: 1h, escalation: [{after: 15m, receiver: b}]}
            """)
        for second in [0.0, 1, 2] { try prompt.fire(second, "x n=\(Int(second))") }
        #expect(
            prompt.advance(1_000).filter { $0.contains("escalated") }
                == [900, 901, 902].map { "\($0) b escalated: +x" })
    }

    @Test func theSeverityDecidesHowLong() throws {
        let fixture = try DeskFixture(
            """
            route:
              receiver: a
              group_wait: 0s
              respond_within: {critical: 5m, high: 15m, medium: 1h, low: 4h}
              escalation:
                - {after: {P0: 0s, P1: 30m, P2: 2h}, receiver: b}
                - {after: 15m, receiver: c, matchers: [severity=P0]}
            """)
        #expect(
            try fixture.fire(0, "now/P0", "soon/P1", "later/P2", "never/info").contains(
                "0 b escalated: +now"))
        #expect(fixture.desk.active().first?.responseTime == DeskFixture.time(300))
        #expect(
            fixture.advance(13_000) == [
                "900 c escalated: +now", "1800 b escalated: +soon", "7200 b escalated: +later",
            ])
        #expect(
            fixture.events.filter { $0.hasPrefix("response") } == [
                "response_overdue now", "response_overdue soon", "response_overdue later",
            ])
        // Whoever acknowledges in time is not late.
        try fixture.fire(13_100, "other/P0")
        fixture.command(13_200, .acknowledge(.name("other"), note: "", end: nil))
        fixture.advance(14_000)
        #expect(!fixture.events.contains("response_overdue other"))
    }

    @Test func falsePositivesNeedAReason() throws {
        let fixture = try DeskFixture(ladder)
        try fixture.fire(0, "down/P0")
        fixture.command(10, .markFalse(.name("down"), reason: ""))
        #expect(fixture.refusals == ["a false positive needs a reason"])
        #expect(
            fixture.command(20, .markFalse(.name("down"), reason: "a test ran"))
                == ["20 a acknowledged: +down(ann)"])
        #expect(fixture.advance(3_500) == [])
        #expect(fixture.desk.active().first?.acknowledgement?.isFalsePositive == true)
        let record = try #require(fixture.records.first { $0.contains("alert_false_positive") })
        #expect(record.contains(#""actor":"ann","reason":"a test ran""#))
        #expect(record.contains(#""message":"down false positive: by ann: a test ran""#))
        let audit = try #require(fixture.records.last)
        #expect(audit.contains(#""event":"alert_marked_false","audit":"alerts","actor":"ann""#))
        // What fires anew is judged anew.
        try fixture.resolve(3_510, "down/P0")
        fixture.advance(3_700)
        try fixture.fire(4_000, "down/P0")
        #expect(fixture.desk.active().first?.acknowledgement == nil)
    }

    @Test func commandsAreAppliedOnceAndToWhatFiredThen() throws {
        let fixture = try DeskFixture(ladder)
        try fixture.fire(0, "down/P0")
        fixture.command(10, .acknowledge(.name("down"), note: "", end: nil), id: "one")
        fixture.command(20, .unacknowledge(.name("down")), id: "two")
        #expect(
            fixture.command(30, .acknowledge(.name("down"), note: "", end: nil), id: "one") == [])
        #expect(fixture.desk.active().first?.acknowledgement == nil)
        fixture.command(40, .acknowledge(.name("nothing"), note: "", end: nil))
        #expect(fixture.refusals == ["no alert `nothing` fires"])
        // A command from before the alert fired does not mean it.
        let old = OperatorCommand(
            id: "old", time: DeskFixture.time(-5), actor: "bob",
            action: .acknowledge(.name("down"), note: "", end: nil))
        #expect(fixture.desk.apply(old, now: DeskFixture.time(50)).refusal != nil)
    }

    @Test func whatFlapsIsToldOnce() throws {
        let fixture = try DeskFixture(
            """
            route: {receiver: a, group_wait: 0s, group_interval: 10s}
            flapping: {changes: 4, within: 10m}
            """)
        var told: [String] = []
        for round in 0..<10 {
            told += fixture.advance(Double(round) * 60)
            told += try fixture.fire(Double(round) * 60, "x")
            told += fixture.advance(Double(round) * 60 + 30)
            told += try fixture.resolve(Double(round) * 60 + 30, "x")
        }
        // Two times up and down, then it is flapping: told once more, and held.
        #expect(
            told == [
                "0 a change: +x", "40 a change: -x", "60 a change: +x", "100 a change: -x",
                "120 a change: +x",
            ])
        let note = fixture.notifications.last?.alerts.first?.annotations["flapping"]
        #expect(note?.contains("more than 4 times within 10m") == true)
        #expect(fixture.desk.active().first?.isFlapping == true)
        #expect(fixture.desk.counters.dampedChanges > 10)
        // Ten quiet minutes after the last change it is over.
        #expect(fixture.advance(1_169) == [])
        #expect(fixture.advance(1_300) == ["1170 a change: -x"])
        #expect(fixture.events == ["flapping x", "calm x"])
        #expect(fixture.desk.due == nil)
    }

    @Test func aStormIsOneMessage() throws {
        let fixture = try DeskFixture(
            """
            route: {receiver: a, group_by: [n], group_wait: 0s, group_interval: 1m, repeat_interval: 1h}
            storm: {groups: 5, within: 2m}
            """)
        var told: [String] = []
        for number in 0..<60 {
            told += try fixture.fire(
                Double(number) / 10, number % 3 == 0 ? "down/P0 n=\(number)" : "slow/P2 n=\(number)"
            )
        }
        #expect(told.count == 5)
        #expect(fixture.advance(60) == ["30.5 a storm: +AlertStorm"])
        let storm = try #require(fixture.notifications.last)
        #expect(storm.severity == .critical)
        #expect(storm.truncatedAlerts == 55)
        #expect(
            storm.alerts[0].annotations["summary"]
                == "55 alerts in 55 groups fire since 2026-01-05T10:00:00Z: 37 × slow (P2), 18 × down (P0)"
                || storm.alerts[0].annotations["summary"]
                    == "55 alerts in 55 groups fire since 2026-01-05T10:00:00Z: 18 × down (P0), 37 × slow (P2)"
        )
        #expect(fixture.desk.counters.stormedMessages == 55)
        // No more than that, until the storm has calmed down; then single groups are told again.
        #expect(fixture.advance(400) == [])
        #expect(try fixture.fire(400, "new n=100") == ["400 a change: +new"])
        // Those that were told in sum are repeated in sum.
        let repeated = fixture.advance(4_200)
        #expect(repeated.filter { $0.contains("storm") }.count == 1)
        #expect(repeated.filter { $0.contains("repeated") }.count == 6)
        for number in 0..<60 {
            try fixture.resolve(
                4_300, number % 3 == 0 ? "down/P0 n=\(number)" : "slow/P2 n=\(number)")
        }
        let ends = fixture.advance(4_600)
        #expect(ends.filter { $0.contains("change: -") }.count == 5)
        #expect(ends.filter { $0.contains("storm: -AlertStorm") }.count == 1)
        #expect(Set(fixture.notifications.map(\.key)).count == fixture.notifications.count)
        try fixture.resolve(4_700, "new n=100")
        fixture.advance(5_000)
        #expect(fixture.desk.due == nil)
    }

    @Test func manyGroupsInCalmTimesAreToldOneByOne() throws {
        let fixture = try DeskFixture(
            """
            route: {receiver: a, group_by: [n], group_wait: 0s}
            storm: {groups: 5, within: 2m}
            """)
        var told: [String] = []
        for number in 0..<40 { told += try fixture.fire(Double(number) * 30, "x n=\(number)") }
        #expect(told.filter { $0.contains("change") }.count == 40)
    }

    @Test func tooManyAlertsAreCounted() throws {
        let fixture = try DeskFixture(
            "route: {receiver: a, group_wait: 0s}",
            limits: AlertDesk.Limits(alerts: 5, alertsInNotification: 3))
        for number in 0..<8 { try fixture.fire(0, "x n=\(number)") }
        #expect(fixture.desk.alertCount == 5)
        #expect(fixture.desk.counters.refusedAlerts == 3)
        fixture.advance(300)
        #expect(fixture.notifications.last?.alerts.count == 3)
        #expect(fixture.notifications.last?.truncatedAlerts == 2)
        // There is room again when others are over, and told to be.
        try fixture.resolve(310, "x n=0", "x n=6")
        fixture.advance(600)
        try fixture.fire(610, "x n=7")
        #expect(fixture.desk.alertCount == 5)
        #expect(fixture.desk.counters.refusedAlerts == 3)
    }

    @Test func silencesHaveALimitAndExpiredOnesMakeRoom() throws {
        let fixture = try DeskFixture(
            "route: {receiver: a}", limits: AlertDesk.Limits(silences: 20))
        for number in 0..<20 {
            try fixture.silence(
                0, "n=\(number)", until: number == 3 ? 10 : 10_000, id: "s\(number)")
        }
        try fixture.silence(1, "a=b", until: 100, id: "more")
        #expect(fixture.refusals == ["there are 20 silences, and none of them has expired"])
        try fixture.silence(20, "a=b", until: 100, id: "more")
        #expect(fixture.refusals.count == 1)
        #expect(fixture.desk.knownSilences.count == 20)
        #expect(!fixture.desk.knownSilences.contains { $0.id == "s3" })
        // Five days after its end a silence is forgotten.
        fixture.advance(9_999 + 5 * 86_400)
        #expect(fixture.desk.knownSilences.count == 19)
        fixture.advance(10_000 + 5 * 86_400)
        #expect(fixture.desk.knownSilences.isEmpty)
    }

    @Test func commandsAreRememberedUpToALimit() throws {
        let fixture = try DeskFixture(
            "route: {receiver: a}", limits: AlertDesk.Limits(commands: 20))
        for number in 0..<100 {
            try fixture.silence(0, "n=\(number)", until: 10, id: "s\(number % 5)")
        }
        #expect(fixture.desk.appliedCommands.count <= 20)
        #expect(fixture.desk.knownCommands == Set(fixture.desk.appliedCommands))
        #expect(fixture.desk.appliedCommands.last == "c100")
    }
}
