import Foundation
import Glibc
import LogAlerting
import LogRecords
import LogSystem
import TestSupport
import Testing

@testable import LogChannels

/// Notifications to Debian's real Alertmanager, asked with its own client.
@Suite struct RealAlertmanagerTests {
    private let directory: TemporaryDirectory
    private let webhook = try? Receiving()

    init() throws { directory = try TemporaryDirectory() }

    /// What a program says; nil when it fails.
    private func run(_ program: String, _ arguments: [String]) -> String? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
    }

    /// Asks until `isThere`, for a minute at most.
    private func wait(_ what: String, _ isThere: () throws -> Bool) throws {
        let clock = SystemClock()
        let deadline = clock.monotonic() + 60 * Timestamp.second
        while try !isThere() {
            try #require(clock.monotonic() < deadline, "\(what) never came")
            usleep(20_000)
        }
    }

    /// A port that was free a moment ago.
    private func freePort() throws -> Int {
        let server = try LoopbackServer { _ in }
        defer { server.stop() }
        return server.port
    }

    private func start(_ url: String, _ port: Int) throws -> Process {
        let configuration = """
            route: {receiver: hook, group_by: ['...'], group_wait: 1ms, group_interval: 10ms}
            receivers:
              - name: hook
                webhook_configs: [{url: '\(url)/', send_resolved: true}]
            """
        let file = directory.file("alertmanager.yml")
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: file))
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: try #require(MonitoringTools.alertmanager))
        let folder = MonitoringTools.alertmanagerFolder
        if FileManager.default.fileExists(atPath: folder) {
            process.currentDirectoryURL = URL(fileURLWithPath: folder)
        }
        process.arguments = [
            "--config.file=\(file)", "--storage.path=\(directory.file("data"))",
            "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=",
        ]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func notification(_ service: String, end: Int64? = nil) -> AlertNotification {
        var alert = Sample.alert(service: service, isFiring: end == nil)
        alert.startTime = SystemClock().now() - 60 * Timestamp.second
        alert.endTime = end
        return Sample.firing(key: "\(service)-\(end ?? 0)", group: service, alerts: [alert])
    }

    @Test(
        .enabled(
            if: MonitoringTools.alertmanager != nil && MonitoringTools.amtool != nil,
            MonitoringTools.hint))
    func fireSilenceResolve() throws {
        let hook = try #require(webhook)
        defer { hook.server.stop() }
        let port = try freePort()
        let process = try start(hook.url, port)
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let url = "http://127.0.0.1:\(port)"
        let tool = try #require(MonitoringTools.amtool)
        func amtool(_ arguments: String...) -> String? {
            run(tool, ["--alertmanager.url=\(url)"] + arguments)
        }
        try wait("the Alertmanager") { amtool("alert", "query") != nil }
        let channel = try Sample.channel(
            "alertmanager_configs: [{urls: ['http://127.0.0.1:1', '\(url)']}]",
            now: SystemClock().now())

        // It fires, and Alertmanager tells whom it is told to tell.
        try channel.deliver(notification("api"))
        let first = try #require(hook.requests.wait(for: 1).first)
        #expect(first.body.contains(#""status":"firing""#))
        #expect(first.body.contains(#""service":"api""#))
        #expect(first.body.contains(#""summary":"12.3% fail""#))

        // It is silenced by hand: known, and told to nobody.
        let silence = amtool(
            "silence", "add", "service=web", "--comment=test", "--author=test")
        #expect(silence != nil)
        try channel.deliver(notification("web"))
        try wait("the silenced alert") {
            amtool("alert", "query", "--silenced", "-o", "json")?.contains(#""service":"web""#)
                == true
        }

        // It ends.
        try channel.deliver(notification("api", end: SystemClock().now() - Timestamp.second))
        let last = try #require(hook.requests.wait(for: 2).last)
        #expect(last.body.contains(#""status":"resolved""#))
        #expect(last.body.contains(#""service":"api""#))
        #expect(!hook.requests.all.contains { $0.body.contains(#""service":"web""#) })
        #expect(amtool("alert", "query", "service=api")?.contains("high_error_rate") == false)
    }
}
