import Glibc
import LogAlerting
import LogRecords
import TestSupport
import Testing

@testable import LogChannels

@Suite struct CommandChannelTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// A channel that runs `script`.
    private func channel(_ script: String, _ more: String = "") throws -> any LogAlerting.Channel {
        let path = directory.file("script.sh")
        let file = try #require(fopen(path, "w"))
        fputs("#!/bin/sh\n\(script)\n", file)
        fclose(file)
        chmod(path, 0o700)
        return try Sample.channel(
            "command_configs: [{command: [\(path), 'a b', '{{ .CommonLabels.service }}'], \(more)}]"
        )
    }

    private func text(_ name: String) -> String {
        guard let file = fopen(directory.file(name), "r") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    @Test func labelsAreInTheEnvironmentAndAllOfItOnTheInput() throws {
        setenv("WEIR_TEST_SECRET", "never", 1)
        let out = directory.path
        let channel = try channel(
            "cat > \(out)/input; env > \(out)/env; printf '%s|' \"$@\" > \(out)/args; "
                + "ls /proc/self/fd > \(out)/fds; pwd > \(out)/pwd",
            "environment: {TOKEN: t0ken}")
        try channel.deliver(Sample.firing())
        #expect(text("input") == WebhookBody.text(Sample.firing()) + "\n")
        #expect(text("args") == "a b|api|")
        #expect(text("pwd") == "/\n")
        let environment = text("env").split(separator: "\n")
        for line in [
            "ALERT_STATUS=firing", "ALERT_NAME=high_error_rate", "ALERT_SEVERITY=critical",
            "ALERT_LABEL_SERVICE=api", "ALERT_SUMMARY=12.3% fail", "ALERT_KEY=k1",
            "ALERT_ANNOTATION_RUNBOOK_URL=https://wiki.example/errors", "TOKEN=t0ken",
        ] {
            #expect(environment.contains(Substring(line)), "\(line)")
        }
        #expect(!text("env").contains("never"))
        // Input, output, errors, and the directory that `ls` reads.
        #expect(text("fds").split(separator: "\n").count == 4, "\(text("fds"))")
    }

    @Test func whatLogsSayIsNoOptionAndNoShell() throws {
        let channel = try channel("printf '%s|' \"$@\" > \(directory.path)/args")
        var alert = Sample.alert(service: "$(touch \(directory.path)/x); `id`\n--flush")
        try channel.deliver(Sample.firing(alerts: [alert]))
        #expect(text("args") == "a b|$(touch \(directory.path)/x); `id`\\u{a}--flush|")
        #expect(access(directory.file("x"), F_OK) != 0)
        alert.labels["service"] = "--flush"
        let error = #expect(throws: ChannelError.self) {
            try channel.deliver(Sample.firing(alerts: [alert]))
        }
        #expect(error?.isTemporary == false && error?.message.contains("for an option") == true)
        try channel.deliver(Sample.hostileNotification)
    }

    @Test func statusesAreJudged() throws {
        func f(_ script: String, _ isTemporary: Bool, _ message: String) throws {
            let channel = try channel(script)
            let error = #expect(throws: ChannelError.self) { try channel.deliver(Sample.firing()) }
            #expect(error?.isTemporary == isTemporary, "\(script)")
            #expect(error?.message.hasSuffix(message) == true, "\(error as Any)")
        }
        try f("echo no; echo bad >&2; exit 3", true, "ended with status 3: no\\u{a}bad\\u{a}")
        try f("exit 75", true, "ended with status 75")
        try f("exit 64", false, "ended with status 64")
        try f("exit 127", false, "ended with status 127")
        try f("kill -9 $$", true, "was ended by signal 9")
        let missing = try Sample.channel("command_configs: [{command: [/nowhere/program]}]")
        let error = #expect(throws: ChannelError.self) { try missing.deliver(Sample.firing()) }
        #expect(error?.isTemporary == false)
        #expect(error?.message.contains("cannot be started: No such file") == true)
    }

    @Test func muchOutputIsCutAndMuchInputIsNotWaitedFor() throws {
        let channel = try channel("head -c 5000000 /dev/zero | tr '\\0' x; exit 1")
        let alerts = (0..<3_000).map { Sample.alert(service: "s\($0)") }
        let error = #expect(throws: ChannelError.self) {
            try channel.deliver(Sample.firing(alerts: alerts))
        }
        #expect((error?.message.utf8.count ?? 0) < 1_000)
    }

    @Test func whatTakesTooLongIsEnded() throws {
        let out = directory.path
        // The first asks for the end and gets it; the second has to be killed, with what it started.
        let polite = try channel("trap 'echo bye; exit 0' TERM; sleep 60 & wait", "timeout: 200ms")
        let first = #expect(throws: ChannelError.self) { try polite.deliver(Sample.firing()) }
        #expect(first?.isTemporary == true)
        #expect(first?.message.contains("longer than 200ms and was ended") == true)
        let deaf = try channel(
            "trap '' TERM; (trap '' TERM; echo $$ > \(out)/pid; sleep 60) & sleep 60 & wait; wait",
            "timeout: 200ms, grace: 100ms")
        let second = #expect(throws: ChannelError.self) { try deaf.deliver(Sample.firing()) }
        #expect(second?.message.contains("was ended") == true)
    }
}
