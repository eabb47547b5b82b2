import LogRecords
import Testing

@testable import LogAlerting

@Suite struct AlertDeskTests {
    private let plain = "route: {receiver: a}"

    @Test func aGroupWaitsTellsRepeatsAndEnds() throws {
        let fixture = try DeskFixture("route: {receiver: a, repeat_interval: 1h}")
        #expect(try fixture.fire(0, "x") == [])
        #expect(fixture.desk.due == DeskFixture.time(30))
        #expect(try fixture.fire(10, "y") == [])
        #expect(fixture.advance(29) == [])
        #expect(fixture.advance(30) == ["30 a change: +x +y"])
        // Nothing changed: nothing is said until the hour is over.
        #expect(fixture.advance(3_600) == [])
        #expect(fixture.advance(3_630) == ["3630 a repeated: +x +y"])
        #expect(try fixture.resolve(3_700, "x") == [])
        #expect(fixture.advance(4_000) == ["3930 a change: +y -x"])
        #expect(try fixture.resolve(4_100, "y") == [])
        #expect(fixture.advance(4_230) == ["4230 a change: -y"])
        #expect(fixture.advance(90_000) == [])
        #expect(fixture.desk.alertCount == 0)
        #expect(fixture.desk.due == nil)
    }

    @Test func theGroupLabelsDivide() throws {
        let fixture = try DeskFixture("route: {receiver: a, group_by: [service]}")
        try fixture.fire(0, "x service=api", "y service=web")
        try fixture.fire(1, "z service=api", "w")
        #expect(
            fixture.advance(31).sorted() == [
                "30 a change: +x +z", "30 a change: +y", "31 a change: +w",
            ])
        #expect(
            Set(fixture.notifications.map(\.groupKey)) == [
                "{}:{}", #"{}:{service="api"}"#, #"{}:{service="web"}"#,
            ])
        #expect(fixture.notifications.map(\.groupLabels).contains(["service": "api"]))
    }

    @Test func whatEndsWhileTheGroupWaitsIsNotTold() throws {
        let fixture = try DeskFixture(plain)
        try fixture.fire(0, "x")
        try fixture.resolve(10, "x")
        #expect(fixture.advance(10_000) == [])
        // Between two messages, too.
        try fixture.fire(20_000, "x")
        fixture.advance(20_030)
        try fixture.fire(20_100, "y")
        try fixture.resolve(20_200, "y")
        #expect(fixture.advance(20_400) == [])
        #expect(fixture.notifications.map(DeskFixture.shown) == ["20030 a change: +x"])
    }

    @Test func whatFiresAgainBeforeItsEndWasToldIsNoNews() throws {
        let fixture = try DeskFixture(plain)
        try fixture.fire(0, "x")
        fixture.advance(30)
        try fixture.resolve(60, "x")
        try fixture.fire(90, "x")
        #expect(fixture.advance(1_000) == [])
        try fixture.resolve(1_100, "x")
        #expect(fixture.advance(2_000) == ["1230 a change: -x"])
        try fixture.fire(2_100, "x")
        #expect(fixture.advance(2_200) == ["2130 a change: +x"])
    }

    @Test func withoutARouteEachChangeIsToldAtOnce() throws {
        let fixture = try DeskFixture("")
        #expect(try fixture.fire(0, "x", "y") == ["0 a change: +x", "0 a change: +y"])
        #expect(try fixture.resolve(1, "x") == ["1 a change: -x"])
        #expect(try fixture.fire(2, "x") == ["2 a change: +x"])
        #expect(fixture.advance(1_000_000) == [])
        // However often and however many: the first receiver wants every line.
        for second in 0..<50 {
            let time = 1_000_000 + Double(second)
            #expect(try fixture.resolve(time, "x") == ["\(Int(time)) a change: -x"])
            #expect(try fixture.fire(time, "x") == ["\(Int(time)) a change: +x"])
        }
        #expect(try AlertConfiguration.makeDefault().routing.root.interval == 0)
    }

    @Test func routesAreFoundAsInAlertmanager() throws {
        let fixture = try DeskFixture(
            """
            route:
              receiver: a
              group_wait: 0s
              group_by: ['...']
              routes:
                - {receiver: b, matchers: ['severity=~"P0|P1"'], continue: true}
                - receiver: c
                  match: {service: db}
                  routes:
                    - {receiver: d, match_re: {zone: 'eu-.*'}}
                - {matchers: ['service!~".+"', 'severity!="P3"'], receivers: [d, e]}
            """)
        func f(_ alert: String, _ want: String) throws {
            let told = try fixture.fire(0, alert)
            #expect(told.map { $0.split(separator: " ")[1] }.sorted().joined() == want, "\(alert)")
        }
        try f("x service=api", "a")
        try f("x/P0 service=api", "b")
        try f("x/P1 service=db", "bc")
        try f("x/P2 service=db zone=eu-1", "d")
        try f("x/P2 service=db zone=us-eu-1", "c")
        try f("y/P0", "bde")
        try f("z/P3", "a")
        try f("z/P2", "de")
    }

    @Test func silencedAlertsAreToldWhenTheSilenceEnds() throws {
        let fixture = try DeskFixture(plain)
        try fixture.silence(0, "service=api", until: 1_000)
        try fixture.fire(10, "x service=api", "y service=web")
        #expect(fixture.advance(999) == ["40 a change: +y"])
        #expect(fixture.desk.active().map(\.state) == [.silenced, .firing])
        #expect(fixture.desk.active(matching: try LabelMatcher.parse("service=~a.*")).count == 1)
        // Told by the next look at the group.
        #expect(fixture.advance(1_300) == ["1240 a change: +x +y"])
        #expect(fixture.events == ["*silence_created", "silenced x", "unsilenced x"])
        // What ends within a silence is told to whoever knew it, and to nobody else.
        try fixture.silence(1_400, "service=~api|db", until: 9_000, id: "s2")
        try fixture.fire(1_410, "z service=db")
        try fixture.resolve(1_500, "x service=api", "z service=db")
        #expect(fixture.advance(8_000) == ["1540 a change: +y -x"])
    }

    @Test func aSilenceBeginsLaterAndIsEndedByHand() throws {
        let fixture = try DeskFixture("route: {receiver: a, group_wait: 0s, group_interval: 1m}")
        try fixture.silence(0, "alertname=x", until: 5_000, from: 100)
        #expect(try fixture.fire(50, "x") == ["50 a change: +x"])
        fixture.advance(120)
        #expect(fixture.desk.active().first?.state == .silenced)
        fixture.command(200, .expire(id: "s1", reason: "done"))
        #expect(fixture.desk.active().first?.state == .firing)
        #expect(fixture.advance(4_000) == [])
        fixture.command(4_100, .expire(id: "s1", reason: ""))
        fixture.command(4_100, .expire(id: "none", reason: ""))
        #expect(fixture.refusals.count == 2)
        #expect(fixture.desk.counters.refusedCommands == 2)
        #expect(
            fixture.events == [
                "*silence_created", "silenced x", "unsilenced x", "*silence_expired",
                "*command_refused", "*command_refused",
            ])
    }

    @Test func inhibitedAlertsAreLeftOut() throws {
        let fixture = try DeskFixture(
            """
            route: {receiver: a}
            inhibit_rules:
              - source_matchers: [severity="P0"]
                target_matchers: [severity=~"P.*"]
                equal: [service]
            """)
        try fixture.fire(0, "down/P0 service=api", "slow/P2 service=api", "slow/P2 service=web")
        #expect(fixture.advance(30) == ["30 a change: +down +slow"])
        #expect(fixture.notifications[0].alerts[1].labels["service"] == "web")
        // Both sides of a rule do not inhibit each other.
        try fixture.fire(60, "gone/P0 service=api")
        #expect(fixture.advance(330) == ["330 a change: +down +gone +slow"])
        try fixture.resolve(340, "down/P0 service=api")
        #expect(fixture.advance(630) == ["630 a change: +gone +slow -down"])
        try fixture.resolve(640, "gone/P0 service=api")
        #expect(fixture.advance(930) == ["930 a change: +slow +slow -gone"])
        #expect(fixture.events == ["inhibited slow", "uninhibited slow"])
    }

    @Test func timesInWhichARouteIsSilent() throws {
        let fixture = try DeskFixture(
            """
            route:
              receiver: a
              routes:
                - {receiver: b, matchers: [severity=P3], mute_time_intervals: [noon]}
                - {receiver: c, matchers: [severity=P2], active_time_intervals: [noon]}
            time_intervals:
              - name: noon
                time_intervals: [{times: [{start_time: '10:00', end_time: '11:00'}]}]
            """)
        try fixture.fire(0, "x/P3", "y/P2", "z/P3")
        #expect(fixture.advance(60) == ["30 c change: +y"])
        try fixture.resolve(1_000, "z/P3")
        #expect(fixture.advance(3_599) == [])
        #expect(fixture.advance(3_900) == ["3630 b change: +x"])
        // The end of what was told is kept for the hours in which the route speaks.
        try fixture.resolve(4_000, "y/P2")
        #expect(!fixture.advance(86_399).contains { $0.contains(" c ") })
        #expect(fixture.advance(86_400 + 300) == ["86430 c change: -y"])
    }

    @Test func maintenanceSilences() throws {
        let fixture = try DeskFixture(
            """
            route: {receiver: a, group_interval: 1m}
            maintenance:
              - name: deploys
                matchers: [service=api]
                time_intervals: [early]
              - {name: move, matchers: [service=db], start: '2026-01-05T10:05:00Z', end: '2026-01-05T10:20:00Z'}
            time_intervals:
              - name: early
                time_intervals: [{times: [{start_time: '10:00', end_time: '10:10'}]}]
            """)
        try fixture.fire(0, "x service=api")
        try fixture.fire(1, "y service=db")
        try fixture.fire(2, "z service=web")
        #expect(fixture.advance(299) == ["30 a change: +y +z"])
        #expect(fixture.desk.openMaintenanceWindows == ["deploys"])
        fixture.advance(301)
        #expect(fixture.desk.openMaintenanceWindows == ["deploys", "move"])
        try fixture.fire(302, "w service=db")
        #expect(fixture.advance(700) == ["630 a change: +x +z"])
        #expect(fixture.desk.active().filter { $0.state == .silenced }.map(\.name) == ["y", "w"])
        #expect(fixture.advance(1_300) == ["1230 a change: +x +y +z +w"])
    }

    @Test func aHigherSeverityIsNewsAndALowerOneIsNot() throws {
        let fixture = try DeskFixture("route: {receiver: a, group_wait: 0s, group_interval: 1m}")
        #expect(try fixture.fire(0, "x/P1") == ["0 a change: +x"])
        try fixture.fire(10, "x/P0")
        #expect(fixture.advance(60) == ["60 a change: +x"])
        #expect(fixture.notifications.last?.severity == .critical)
        try fixture.fire(70, "x/P1")
        #expect(fixture.advance(600) == [])
    }

    @Test func anAlertThatMovesToAnotherRouteIsOverInTheFirst() throws {
        let fixture = try DeskFixture(
            """
            route:
              receiver: a
              group_wait: 0s
              group_interval: 1m
              routes: [{receiver: b, matchers: [severity=P0]}]
            """)
        #expect(try fixture.fire(0, "x/P1") == ["0 a change: +x"])
        #expect(try fixture.fire(10, "x/P0") == ["10 b change: +x"])
        #expect(fixture.advance(60) == ["60 a change: -x"])
        try fixture.resolve(80, "x/P0")
        #expect(fixture.advance(1_000) == ["130 b change: -x"])
        #expect(fixture.desk.due == nil)
    }

    private let bySeverity = """
        route:
          receiver: a
          group_interval: 1m
          routes:
            - {receiver: b, matchers: [severity=P0], group_wait: WAIT}
            - {receivers: [b, c], matchers: [severity=P1], group_wait: 0s}
        """

    private func moving(_ wait: String) throws -> DeskFixture {
        try DeskFixture(bySeverity.replacing("WAIT", with: wait))
    }

    @Test func whoIsToldByBothRoutesHearsOneEnd() throws {
        let fixture = try moving("0s")
        #expect(try fixture.fire(0, "x/P1") == ["0 b change: +x", "0 c change: +x"])
        #expect(try fixture.fire(10, "x/P0") == ["10 b change: +x"])
        // The other one is not told any more; what channels keep for the former group is ended behind the new message.
        #expect(fixture.advance(60) == ["60 b moved: -x", "60 c change: -x"])
        let moved = try #require(fixture.notifications.first { $0.reason == .moved })
        #expect(moved.groupKey == fixture.notifications.first?.groupKey)
        #expect(moved.alerts.first?.labels["severity"] == "P1")
        #expect(moved.alerts.first?.endTime == DeskFixture.time(10))
        try fixture.resolve(80, "x/P0")
        #expect(fixture.advance(1_000) == ["130 b change: -x"])
        #expect(fixture.desk.due == nil && fixture.desk.alertCount == 0)
        let heard = fixture.notifications.filter { $0.receiver == "b" && $0.reason != .moved }
        #expect(heard.map(\.isFiring) == [true, true, false])
        #expect(heard.map(\.severity) == [.high, .critical, .critical])
        #expect(Set(fixture.notifications.map(\.key)).count == fixture.notifications.count)
    }

    @Test func anAlertThatEndsBeforeItsNewGroupSpeaksEndsOnce() throws {
        let fixture = try moving("30s")
        #expect(try fixture.fire(0, "x/P1") == ["0 b change: +x", "0 c change: +x"])
        try fixture.fire(50, "x/P0")
        #expect(fixture.advance(60) == ["60 c change: -x"])
        try fixture.resolve(70, "x/P0")
        #expect(fixture.advance(1_000) == ["80 b change: -x", "120 b moved: -x"])
        #expect(fixture.desk.due == nil && fixture.desk.alertCount == 0)
    }

    @Test func anAlertThatMovesToAndFroEndsOnce() throws {
        let fixture = try moving("0s")
        try fixture.fire(0, "x/P1")
        try fixture.fire(10, "x/P0")
        try fixture.fire(20, "x/P1")
        fixture.advance(200)
        try fixture.resolve(210, "x/P1")
        fixture.advance(1_000)
        let ends = fixture.notifications.filter {
            $0.receiver == "b" && !$0.isFiring && $0.reason != .moved
        }
        #expect(ends.count == 1)
        #expect(Set(fixture.notifications.map(\.key)).count == fixture.notifications.count)
        #expect(fixture.desk.due == nil && fixture.desk.alertCount == 0)
    }

    /// What is under way between two groups survives a restart.
    @Test func aRestartBetweenTheGroupsEndsWhatTheFirstOneSaid() throws {
        let fixture = try moving("30s")
        try fixture.fire(0, "x/P1")
        try fixture.fire(50, "x/P0")
        try fixture.restart()
        fixture.advance(200)
        try fixture.resolve(210, "x/P0")
        fixture.advance(1_000)
        let heard = fixture.notifications.filter { $0.receiver == "b" }
        #expect(heard.filter { $0.reason != .moved }.map(\.isFiring) == [true, true, false])
        #expect(heard.filter { $0.reason == .moved }.map(\.groupKey) == [heard[0].groupKey])
        #expect(fixture.desk.due == nil && fixture.desk.alertCount == 0)
    }

    @Test func tooManyAlertsInAMessageAreCounted() throws {
        let fixture = try DeskFixture(plain)
        for number in 0..<120 {
            try fixture.fire(0, number < 3 ? "w/P0 n=\(number)" : "x/P2 n=\(number)")
        }
        fixture.advance(30)
        let notification = try #require(fixture.notifications.first)
        #expect(notification.alerts.count == AlertDesk.Limits.standard.alertsInNotification)
        #expect(notification.truncatedAlerts == 20)
        #expect(notification.alerts.prefix(4).map(\.name) == ["w", "w", "w", "x"])
        #expect(fixture.desk.counters.truncatedAlerts == 20)
    }

    @Test func keysTellMessagesApartAndNothingElse() throws {
        func run(_ shift: Double) throws -> [String] {
            let fixture = try DeskFixture("route: {receiver: a, repeat_interval: 5m}")
            // The clock of the second run is ahead of the first one's; the events are the same.
            func take(_ text: String, _ state: AlertState, at seconds: Double) throws {
                fixture.keep(
                    fixture.desk.observe(
                        [try DeskFixture.transition(text, state, at: seconds)],
                        now: DeskFixture.time(seconds + shift)))
            }
            try take("x", .firing, at: 0)
            fixture.advance(700 + shift)
            try take("y", .firing, at: 701)
            fixture.advance(1_000 + shift)
            try take("x", .resolved, at: 1_001)
            fixture.advance(1_300 + shift)
            return fixture.notifications.map(\.key)
        }
        let keys = try run(0)
        #expect(keys.count == 5)
        #expect(Set(keys).count == 5)
        #expect(keys.allSatisfy { $0.utf8.count == 32 })
        #expect(try run(17) == keys)
    }
}
