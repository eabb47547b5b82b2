import Glibc
import LogAlerting
import TestSupport
import Testing

@testable import LogChannels

@Suite struct FileChannelTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func channel(_ more: String = "") throws -> any LogAlerting.Channel {
        try Sample.channel("file_configs: [{path: \(directory.file("alerts.log")) \(more)}]")
    }

    private func lines(_ name: String = "alerts.log") -> [String] {
        guard let file = fopen(directory.file(name), "r") else { return [] }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n")
            .map(String.init)
    }

    @Test func linesAreAddedAndOnlyTheOwnerReadsThem() throws {
        let channel = try channel()
        try channel.deliver(Sample.firing())
        try channel.deliver(Sample.hostileNotification)
        #expect(lines().count == 2)
        #expect(lines().first == WebhookBody.text(Sample.firing()))
        var status = stat()
        #expect(stat(directory.file("alerts.log"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let text = try self.channel(", format: text")
        try text.deliver(Sample.resolved())
        #expect(lines().last?.contains(" RESOLVED [critical] high_error_rate: ") == true)
    }

    @Test func rotationByRename() throws {
        let channel = try channel()
        try channel.deliver(Sample.firing())
        #expect(rename(directory.file("alerts.log"), directory.file("alerts.log.1")) == 0)
        try channel.deliver(Sample.resolved())
        #expect(lines("alerts.log.1").count == 1 && lines().count == 1)
    }

    @Test func halfALineOfACrashStandsAlone() throws {
        let file = try #require(fopen(directory.file("alerts.log"), "w"))
        fputs("{\"half", file)
        fclose(file)
        try channel().deliver(Sample.firing())
        #expect(lines() == ["{\"half", WebhookBody.text(Sample.firing())])
    }

    @Test func whatIsNoFileIsNotWrittenTo() throws {
        func f(_ message: String, _ isTemporary: Bool) throws {
            let error = #expect(throws: ChannelError.self) {
                try channel().deliver(Sample.firing())
            }
            #expect(error?.message.contains(message) == true, "\(error as Any)")
            #expect(error?.isTemporary == isTemporary)
        }
        symlink(directory.file("target"), directory.file("alerts.log"))
        try f("symbolic link", true)
        #expect(access(directory.file("target"), F_OK) != 0)
        unlink(directory.file("alerts.log"))
        mkfifo(directory.file("alerts.log"), 0o600)
        try f("is no file", false)
    }
}
