import LogAlerting
import TestSupport
import Testing

@Suite struct DefaultAlertsTests {
    @Test func theFileAtTheTopIsTheDefault() throws {
        #expect(try Checkout.text("alerts.yaml") == AlertConfiguration.defaultText)
    }

    /// Ten quiet minutes, three minutes in which /pay fails and is slow while someone guesses passwords, 20 quiet minutes.
    private func incident() -> [String] {
        var lines: [String] = []
        for second in 0..<1_980 {
            let time = Double(second)
            let isBroken = (600..<780).contains(second)
            lines.append(TestStream.request(time, 200, 30, endpoint: "/orders/\(second)"))
            lines.append(
                TestStream.request(
                    time + 0.2, isBroken && second % 2 == 0 ? 503 : 200, isBroken ? 2_500 : 80,
                    endpoint: "/pay?id=\(second)"))
            if isBroken, second % 20 == 0 { lines.append(TestStream.login(time + 0.5)) }
        }
        return lines
    }

    @Test func theDefaultRulesFindAnIncidentAndItsEnd() throws {
        let transitions = TestStream.run(
            try AlertConfiguration.makeDefault().rules, incident(), size: 100)
        let shown = transitions.map {
            "\($0.alert) \($0.state.rawValue) \(TestStream.seconds($0.eventTime))"
        }
        #expect(
            shown == [
                "server_error_burst firing 618.2",
                "slow_responses firing 620.0",
                "high_error_rate firing 670.0",
                "failed_logins firing 680.5",
                "server_error_burst resolved 822.0",
                "high_error_rate resolved 1020.0",
                "slow_responses resolved 1070.0",
                "failed_logins resolved 1300.0",
            ], "\(shown)")
        let slow = try #require(transitions.first { $0.alert == "slow_responses" })
        #expect(slow.labels["endpoint"] == "/pay")
        #expect(slow.annotations["summary"] == "1 of 20 requests to /pay takes 2.5s or longer")
    }

    @Test func linesWithoutAServiceAreSpokenOf() throws {
        let lines = (0..<30).map {
            TestStream.line(
                Double($0) / 10, #""status_code":500,"duration_ms":2000,"event":"login_failed""#)
        }
        let transitions = TestStream.run(try AlertConfiguration.makeDefault().rules, lines)
        #expect(
            Set(transitions.compactMap { $0.annotations["summary"] }) == [
                "100% of the requests to an unknown service fail",
                "1 of 20 requests to an unknown endpoint takes 2s or longer",
                "10 server errors of an unknown service within a minute",
                "5 failed logins from an unknown address",
            ])
        // The label itself is missing, as in Prometheus.
        #expect(transitions.allSatisfy { $0.groupText.isEmpty })
    }
}
