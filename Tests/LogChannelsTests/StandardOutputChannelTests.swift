import LogAlerting
import LogBytes
import LogChannels
import LogRecords
import TestSupport
import Testing

@Suite struct StandardOutputChannelTests {
    /// The lines that a channel writes for the alerts that `lines` raise.
    private func output(_ lines: [String], pending: String = "0s") throws -> [String] {
        let text = """
            groups:
              - name: g
                rules:
                  - alert: failed_logins
                    condition: count(event:login_failed) >= 2 over 1m by client_ip
                    for: \(pending)
                    labels: {severity: warning}
                    annotations: {summary: "{{ $value }} from {{ $labels.client_ip }}"}
            """
        let configuration = try AlertConfiguration.parse(
            text, file: "t", channels: .all)
        let engine = RuleEngine(rules: configuration.rules)
        let chunk = ByteChunk(holding: lines.joined(separator: "\n"))
        let batch = RecordBatch()
        batch.reset(origin: UnsafePointer(chunk.base), arrivalTime: 1_767_700_000_000_000_000)
        batch.appendLines(chunk.view, readable: chunk.readableEnd)
        var written: [String] = []
        let services = ChannelServices { line throws(ChannelError) in written.append(line) }
        let channel = try #require(configuration.receiver.channels.first).makeChannel(services)
        for transition in engine.observe(batch) + engine.finish()
        where transition.state != .pending {
            try channel.deliver(
                AlertNotification(
                    key: "k", receiver: "r", reason: .change, groupKey: "g", groupLabels: [:],
                    alerts: [AlertNotification.Alert(transition)], time: transition.eventTime))
        }
        return written
    }

    private func login(_ time: String, _ address: String) -> String {
        #"{"timestamp":"2026-01-05T\#(time)Z","event":"login_failed","client_ip":"\#(address)"}"#
    }

    @Test func firingAndResolved() throws {
        let lines = try output([
            login("10:00:00", "203.0.113.9"), login("10:00:04.5", "203.0.113.9"),
            login("10:05:00", "198.51.100.1"),
        ])
        #expect(
            lines == [
                "2026-01-05T10:00:04.500Z FIRING [warning] failed_logins: count(event:login_failed) "
                    + "is 2 (threshold 2) over 1m, client_ip=203.0.113.9: 2 from 203.0.113.9",
                "2026-01-05T10:01:02.000Z RESOLVED [warning] failed_logins: count(event:login_failed)"
                    + " is 1 (threshold 2) over 1m, client_ip=203.0.113.9, after 57s500ms",
            ])
    }

    @Test func controlCharactersAreShown() throws {
        let address = #"\u001b[2J\nx\u202e"#
        let lines = try output([login("10:00:00", address), login("10:00:01", address)])
        let line = try #require(lines.first)
        #expect(line.contains(#"client_ip=\u{1b}[2J\u{a}x\u{202e}: 2 from"#))
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test func anAlertThatWasPendingSaysSinceWhen() throws {
        let lines = try output(
            ["10:00:00", "10:00:01", "10:00:40", "10:00:41", "10:02:00"].map { login($0, "a") },
            pending: "1m")
        #expect(
            lines.first
                == "2026-01-05T10:01:02.000Z FIRING [warning] failed_logins: count(event:login_failed)"
                + " is 2 (threshold 2) over 1m, client_ip=a, since 2026-01-05T10:00:01.000Z: 2 from a"
        )
    }

    @Test func failuresReachTheCaller() throws {
        let services = ChannelServices { _ throws(ChannelError) in
            throw ChannelError(receiver: "stdout", message: "closed", isTemporary: false)
        }
        let configuration = try AlertConfiguration.makeDefault(channels: .all)
        let channel = try #require(configuration.receiver.channels.first).makeChannel(services)
        let error = #expect(throws: ChannelError.self) { try channel.deliver(Sample.firing()) }
        #expect(error?.message == "closed")
    }

    @Test func whatHappenedIsInTheLine() throws {
        func f(_ reason: AlertNotification.Reason, _ want: String) throws {
            var written: [String] = []
            let services = ChannelServices { line throws(ChannelError) in written.append(line) }
            var notification = Sample.firing()
            notification.reason = reason
            notification.alerts[0].acknowledgedBy = "ann"
            notification.truncatedAlerts = 3
            try StandardOutputChannel(name: "x", services: services).deliver(notification)
            #expect(written.count == 2)
            #expect(written.first?.contains(want) == true, "\(written)")
            #expect(written.last?.hasSuffix("and 3 more alerts") == true)
        }
        try f(.change, " FIRING [critical] high_error_rate: error_rate is 12.3%")
        try f(.acknowledged, " ACKNOWLEDGED [critical] high_error_rate")
        try f(.acknowledged, ", by ann: 12.3% fail")
        try f(.escalated, " ESCALATED [critical]")
        try f(.test, " TEST [critical]")
    }
}
