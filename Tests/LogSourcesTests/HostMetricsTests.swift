import Foundation
import LogBytes
import LogSystem
import TestSupport
import Testing

@testable import LogSources

@Suite struct HostMetricsTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try write("stat", "cpu  100 10 50 800 20 5 5 10 0 0\ncpu0 1 1\ncpu1 1 1\nintr 5\n")
        try write("loadavg", "0.52 1.25 2.00 1/200 99\n")
        try write("uptime", "3600.50 7000\n")
        try write(
            "meminfo",
            "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 250 kB\nSwapTotal: 100 kB\n"
                + "SwapFree: 60 kB\n")
        try write(
            "diskstats",
            " 254 0 vda 10 0 100 5 20 0 200 7 0 1000 12\n 7 0 loop0 1 0 1 1 1 0 1 1 0 1 1\n")
        try FileManager.default.createDirectory(
            atPath: directory.file("net"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: directory.file("self"), withIntermediateDirectories: true)
        try write("net/dev", Self.interfaces(received: 1_000, sent: 500))
        try write("self/mounts", "/dev/vda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n")
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: directory.file(name)))
    }

    private static func interfaces(received: Int, sent: Int) -> String {
        "Inter-| Receive\n face |bytes\n    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n"
            + "  eth0: \(received) 5 1 2 0 0 0 0 \(sent) 4 0 1 0 0 0 0\n"
    }

    private var reading: HostReading { HostReading(ProcFiles(root: directory.path)) }

    @Test func aReadingHoldsWhatTheKernelSays() throws {
        let reading = reading
        #expect(reading.processor.total == 1_000)
        #expect(reading.processor.user == 110)
        #expect(reading.processors == 2)
        #expect(reading.load == [0.52, 1.25, 2])
        #expect(reading.memory.total == 1_024_000)
        #expect(reading.memory.available == 256_000)
        #expect(
            reading.devices
                == [
                    "vda": .init(readBytes: 51_200, writtenBytes: 102_400, busyMilliseconds: 1_000)
                ])
        #expect(
            reading.interfaces
                == ["eth0": .init(receivedBytes: 1_000, sentBytes: 500, failures: 4)])
        #expect(reading.mounts.map(\.path) == ["/"])
        #expect(reading.mounts.first.map { $0.total > $0.used } == true)
    }

    @Test func linesTellWhatHappenedBetweenTwoReadings() throws {
        let before = reading
        try write("stat", "cpu  160 10 70 900 20 5 5 30 0 0\ncpu0 1 1\ncpu1 1 1\n")
        try write("net/dev", Self.interfaces(received: 3_000, sent: 100))
        try write("diskstats", " 254 0 vda 10 0 300 5 20 0 200 7 0 1500 12\n")
        let lines = HostLines(
            before, reading, seconds: 2, time: 1_737_201_600_000_000_000, host: "box"
        ).all
        let head = #"{"timestamp":"2025-01-18T12:00:00.000Z","level":"INFO","logger":"weir.host","#
        #expect(
            lines.first
                == head
                + #""event":"host_metrics","host":"box","cpu_percent":50,"cpu_user_percent":30,"#
                + #""cpu_system_percent":10,"cpu_iowait_percent":0,"cpu_steal_percent":10,"#
                + #""cpu_count":2,"load1":0.52,"load5":1.25,"load15":2,"#
                + #""memory_total_bytes":1024000,"memory_available_bytes":256000,"#
                + #""memory_percent":75,"swap_total_bytes":102400,"swap_used_bytes":40960,"#
                + #""uptime_seconds":3600.5,"message":"cpu 50.0 %, memory 75.0 %, load 0.52"}"#)
        #expect(
            lines.contains(
                head
                    + #""event":"host_device","host":"box","device":"vda","#
                    + #""read_bytes_per_second":51200,"written_bytes_per_second":0,"#
                    + #""busy_percent":25,"message":"device vda 25.0 % busy"}"#))
        // What was sent has begun anew: the counter is what was sent since.
        #expect(
            lines.contains(
                head
                    + #""event":"host_network","host":"box","interface":"eth0","#
                    + #""received_bytes_per_second":1000,"sent_bytes_per_second":50,"failures":0,"#
                    + #""message":"network eth0 1000.0 B/s received, 50.0 B/s sent"}"#))
        #expect(
            lines.contains { $0.contains(#""event":"host_disk""#) && $0.contains(#""mount":"/""#) })
        #expect(lines.count == 4)
    }

    @Test func nothingToReadIsNoTrap() {
        let nothing = HostReading(ProcFiles(root: directory.file("absent")))
        #expect(nothing.processor.total == 0)
        #expect(HostLines(nothing, nothing, seconds: 0, time: 0, host: "x").all.count == 1)
    }

    @Test func theSourceSendsClassMetricsUntilItIsStopped() throws {
        let source = try HostMetricsSource(interval: "1s", root: directory.path)
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 1 << 16)
        let running = Background {
            (try? source.run(in: SourceContext(outlet: outlet))) != nil
        }
        guard case .delivery(let delivery) = outlet.receive(until: nil) else {
            Issue.record("nothing came")
            return
        }
        #expect(delivery.className == "metrics")
        #expect(delivery.source == "host")
        #expect(
            String(decoding: Array(delivery.chunk.view), as: UTF8.self).contains("host_metrics"))
        source.stop()
        outlet.recycle(delivery.chunk)
        #expect(try running.result())
    }

    @Test func wrongIntervalsAreTold() {
        for text in ["", "15", "10ms", "soon"] {
            #expect(throws: SourceError.self, "\(text)") {
                _ = try HostMetricsSource(interval: text)
            }
        }
    }
}
