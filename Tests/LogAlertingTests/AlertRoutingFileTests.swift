import Testing

@testable import LogAlerting

@Suite struct AlertRoutingFileTests {
    private func parse(_ text: String) throws -> AlertConfiguration {
        try AlertConfiguration.parse(
            "receivers: [{name: a, stdout_configs: [{}]}, {name: b, stdout_configs: [{}]}]\n" + text
                + "\ngroups: []",
            file: "t.yaml", channelKinds: ["stdout"])
    }

    private let hour: Int64 = 3_600_000_000_000

    @Test func everythingIsRead() throws {
        let routing = try parse(
            """
            route:
              receiver: a
              group_by: [service, alertname]
              repeat_interval: 1h
              routes:
                - matchers: ['severity=~"P0|P1"', team!=x]
                  receivers: [a, b]
                  group_by: ['...']
                  group_wait: 0s
                  continue: true
                  respond_within: 5m
                  escalation:
                    - {after: {critical: 0s, P1: 30m}, receiver: b, repeat: 1h}
                    - {after: 2h, receivers: [a, b], unless: never, matchers: zone=eu}
                  routes: [{match: {x: y}, match_re: {z: 'w.*'}}]
                - {active_time_intervals: [work], mute_time_intervals: [work]}
            inhibit_rules:
              - {source_match: {severity: P0}, target_match_re: {severity: P.*}, equal: [service]}
            maintenance: [{name: m, matchers: [a=b], time_intervals: [work], end: '2027-01-01T00:00:00+01:00'}]
            flapping: {changes: 3}
            storm: {within: 1h}
            time_intervals:
              - {name: work, time_intervals: [{weekdays: ['monday:friday']}]}
            """
        ).routing
        let root = routing.root
        #expect(root.grouping == .labels(["alertname", "service"]))
        #expect(root.wait == 30_000_000_000)
        #expect(root.interval == 300_000_000_000)
        #expect(root.repetition == hour)
        let first = try #require(root.routes.first)
        #expect(first.receivers == ["a", "b"])
        #expect(first.matchers.text == #"{severity=~"P0|P1", team!="x"}"#)
        #expect(first.grouping == .all)
        #expect(first.wait == 0)
        #expect(first.repetition == hour)
        #expect(first.continues)
        #expect(first.response.delay(nil) == hour / 12)
        #expect(first.escalation.count == 2)
        #expect(first.escalation[0].after.delay(.high) == hour / 2)
        #expect(first.escalation[0].after.delay(.low) == nil)
        #expect(first.escalation[0].repetition == hour)
        #expect(first.escalation[0].unlessAcknowledged)
        #expect(!first.escalation[1].unlessAcknowledged)
        // What a route does not say is as in the one above it, but for its matchers, times and `continue`.
        let inner = try #require(first.routes.first)
        #expect(inner.matchers.text == #"{x="y", z=~"w.*"}"#)
        #expect(inner.receivers == ["a", "b"])
        #expect(inner.escalation == first.escalation)
        #expect(!inner.continues)
        #expect(root.routes[1].activeDuring.map(\.name) == ["work"])
        #expect(root.routes[1].grouping == root.grouping)
        #expect(routing.inhibitions.first?.target.text == #"{severity=~"P.*"}"#)
        #expect(routing.maintenance.first?.end == 1_798_758_000_000_000_000)
        #expect(routing.flapping == FlappingPolicy(changes: 3, within: hour))
        #expect(routing.storm == StormPolicy(groups: 100, within: hour))
        #expect(routing.receiverNames == ["a", "b"])
    }

    /// The example of Alertmanager's documentation in shape, but for what its receivers are.
    @Test func aFileOfAlertmanagerLoadsAsItIs() throws {
        let routing = try parse(
            """
            route:
              group_by: ['alertname', 'cluster', 'service']
              group_wait: 30s
              group_interval: 5m
              repeat_interval: 3h
              receiver: a
              routes:
              - match_re:
                  service: ^(foo1|foo2|baz)$
                receiver: b
                routes:
                - match:
                    severity: critical
                  receiver: a
              - matchers:
                - service = "files"
                - severity =~ "warning|critical"
                receiver: b
                continue: true
              - receiver: b
                matchers: [ owner="team-X", team=~"x|y" ]
                group_by: ['...']
            inhibit_rules:
            - source_matchers: [ severity="critical" ]
              target_matchers: [ severity="warning" ]
              equal: [ alertname, cluster, service ]
            """
        ).routing
        #expect(routing.root.routes.count == 3)
        #expect(
            routing.root.routes[1].matchers.text
                == #"{service="files", severity=~"warning|critical"}"#)
        #expect(routing.root.routes[2].matchers.count == 2)
    }

    @Test func faultsNameTheirPlace() throws {
        func f(
            _ text: String, _ place: String, _ message: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let error = try #require(throws: AlertFileError.self) { try parse(text) }
            #expect(
                error.description.hasPrefix("t.yaml:\(place): "), "\(error)",
                sourceLocation: sourceLocation)
            #expect(error.message.contains(message), "\(error)", sourceLocation: sourceLocation)
        }
        func child(_ text: String) -> String { "route: {receiver: a, routes: [{\(text)}]}" }
        try f("route: {receiver: c}", "2:19", "no receiver `c`; there are `a`, `b`")
        try f("route: {receivers: []}", "2:20", "is empty")
        try f("route: {receiver: a, receivers: [b]}", "2:19", "not both")
        try f("route: {receiver: a, matchers: [x=y]}", "2:32", "takes every alert")
        try f("route: {receiver: a, mute_time_intervals: [x]}", "2:43", "always speaks")
        try f("route: {receiver: a, group_wait: soon}", "2:34", "`soon` is no duration")
        try f("route: {receiver: a, group_by: ['...', x]}", "2:32", "stands in `group_by` alone")
        try f("route: {receiver: a, group_by: [x, x]}", "2:36", "twice")
        try f("route: {receiver: a, group_wiat: 1s}", "2:22", "did you mean `group_wait`")
        try f("route: {receiver: a, escalate: []}", "2:22", "write `escalation:`")
        try f(child("matchers: ['severity=~\"(\"']"), "2:52", "no regular expression")
        try f(child("matchers: [severity]"), "2:51", "one of `=`")
        try f(child("match_re: {x: '('}"), "2:46", "no regular expression")
        try f(child("continue: maybe"), "2:42", "`true` or `false`")
        try f(child("mute_time_intervals: [night]"), "2:54", "the file has no `time_intervals:`")
        try f(child("escalation: [{receiver: b}]"), "2:45", "has no `after`")
        try f(child("escalation: [{after: 5m}]"), "2:45", "has no `receiver`")
        try f(child("escalation: [{after: {huge: 5m}, receiver: b}]"), "2:54", "unknown severity")
        try f(child("escalation: [{after: 5m, receiver: b, unless: x}]"), "2:78", "`never`")
        try f("inhibit_rules: [{source_matchers: [a=b]}]", "2:17", "no `target_matchers`")
        try f("inhibit_rules: [{target_matchers: [a=b]}]", "2:17", "no `source_matchers`")
        try f("maintenance: [{name: m}]", "2:15", "never ends")
        try f("maintenance: [{name: m, end: noon}]", "2:30", "`noon` is no time")
        try f(
            "maintenance: [{name: m, start: '2026-01-02T00:00:00Z', end: '2026-01-01T00:00:00Z'}]",
            "2:61", "ends before it begins")
        try f("storm: 5", "2:8", "a mapping")
        try f("storm: {groups: 0}", "2:17", "from 1 to 10000")
        try f("flapping: {changes: 5, within: 0s}", "2:32", "longer than nothing")
        try f("flapping: {groups: 5}", "2:12", "write `flapping: {changes: 10, within: 5m}`")
        try f("silences: []", "2:1", "unknown key `silences`")
    }

    /// One fault of each part that has some, in the order of the file; names are not missed where a fault hides them.
    @Test func allFaultsAreTold() throws {
        func faults(_ text: String) throws -> [String] {
            let error = try #require(throws: AlertFileError.self) {
                try AlertConfiguration.parse(text, file: "t.yaml", channelKinds: ["stdout"])
            }
            return error.description.split(separator: "\n").map {
                $0.split(separator: ":").dropFirst().prefix(2).joined(separator: ":")
            }
        }
        #expect(
            try faults(
                """
                groups:
                  - name: g
                    rules:
                      - {alert: a, condition: 'counts() > 1 over 5m'}
                      - {alert: b, condition: 'count() > 1 over 5m', for: soon}
                      - {alert: c, condition: 'count() > 1 over 5m'}
                  - name: g
                    rules: []
                metrics:
                  - {name: x, type: countr}
                  - {name: y, type: counter}
                  - {name: z, type: gauge, fild: x}
                inhibit_rules:
                  - {source_matchers: [a=b]}
                route:
                  receiver: r
                  routes:
                    - {receiver: q}
                    - {receiver: r, routes: [{group_wait: soon}, {group_wait: 5s}, {receiver: s}]}
                receivers:
                  - {name: r}
                """)
                == ["4:32", "5:59", "7:5", "10:21", "12:28", "14:5", "18:18", "19:43", "19:79"])
        // The route names what may be the receiver with the fault.
        #expect(
            try faults("route: {receiver: r}\nreceivers: [{name: r, typ: x}, {name: q, tip: y}]")
                == ["2:23", "2:42"])
        #expect(
            try faults(
                "groups: [{name: g, rules: [{alert: a, condition: 'count() > 1 over 5m', "
                    + "active_time_intervals: [t]}]}]\n"
                    + "time_intervals: [{name: t, time_intervals: [{weekday: [monday]}]}]")
                == ["2:46"])
        let many = (0..<300).map { "{alert: a\($0), condition: x}" }.joined(separator: ", ")
        #expect(try faults("groups: [{name: g, rules: [\(many)]}]").count == 21)
    }

    @Test func treesHaveLimits() throws {
        var deep = "{receiver: a}"
        for _ in 0..<30 { deep = "{receiver: a, routes: [\(deep)]}" }
        let error = #expect(throws: AlertFileError.self) { try parse("route: " + deep) }
        #expect(error?.message.contains("20 deep") == true)
        // Aliases that stand for a billion routes.
        var bomb = "route:\n  receiver: a\n  routes:\n    - &r0 {receiver: a}\n"
        for level in 1..<12 {
            let list = Array(repeating: "*r\(level - 1)", count: 8).joined(separator: ", ")
            bomb += "    - &r\(level) {receiver: a, routes: [\(list)]}\n"
        }
        let error2 = #expect(throws: AlertFileError.self) { try parse(bomb) }
        #expect(error2?.message.contains("aliases multiply") == true)
    }
}
