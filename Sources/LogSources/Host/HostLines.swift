internal import LogJSON
internal import LogRecords

/// The lines that two readings of a machine make: one for the machine, one for each file system, block device and network
/// interface.
struct HostLines {
    /// The logger that the lines name.
    static let logger = "weir.host"

    private let before: HostReading
    private let now: HostReading
    private let time: String
    private let host: String
    private let seconds: Double

    /// - Parameters:
    ///   - seconds: the time between the readings.
    ///   - time: that of the later one, nanoseconds since the epoch.
    init(_ before: HostReading, _ now: HostReading, seconds: Double, time: Int64, host: String) {
        self.before = before
        self.now = now
        self.seconds = max(seconds, 0.001)
        self.time = Timestamp.text(time, digits: 3)
        self.host = host
    }

    /// The lines, without newlines.
    var all: [String] { [machine] + mounts + devices + interfaces }

    private func begin(_ event: String) -> JSONObjectWriter {
        var json = JSONObjectWriter()
        json.add("timestamp", text: time)
        json.add("level", text: "INFO")
        json.add("logger", text: Self.logger)
        json.add("event", text: event)
        json.add("host", text: host)
        return json
    }

    private var machine: String {
        let ticks = Double(max(now.processor.total - before.processor.total, 1))
        func percent(_ part: (HostReading.Processor) -> Int) -> Double {
            Self.rounded(Double(max(part(now.processor) - part(before.processor), 0)) * 100 / ticks)
        }
        var json = begin("host_metrics")
        let busy = Self.rounded(max(100 - percent(\.idle) - percent(\.waiting), 0))
        json.add("cpu_percent", number: busy)
        json.add("cpu_user_percent", number: percent(\.user))
        json.add("cpu_system_percent", number: percent(\.system))
        json.add("cpu_iowait_percent", number: percent(\.waiting))
        json.add("cpu_steal_percent", number: percent(\.stolen))
        json.add("cpu_count", number: now.processors)
        for (name, value) in zip(["load1", "load5", "load15"], now.load) {
            json.add(name, number: value)
        }
        let memory = now.memory
        let used = Self.share(memory.total - memory.available, of: memory.total)
        json.add("memory_total_bytes", number: memory.total)
        json.add("memory_available_bytes", number: memory.available)
        json.add("memory_percent", number: used)
        json.add("swap_total_bytes", number: memory.swapTotal)
        json.add("swap_used_bytes", number: memory.swapTotal - memory.swapFree)
        json.add("uptime_seconds", number: now.uptimeSeconds)
        let load = now.load.first.map { ", load \($0)" } ?? ""
        json.add("message", text: "cpu \(busy) %, memory \(used) %\(load)")
        return json.text
    }

    private var mounts: [String] {
        now.mounts.map { mount in
            var json = begin("host_disk")
            // As df reckons: what root keeps for itself is not to be had.
            let used = Self.share(mount.used, of: mount.used + mount.available)
            json.add("mount", text: mount.path)
            json.add("device", text: mount.device)
            json.add("disk_total_bytes", number: mount.total)
            json.add("disk_used_bytes", number: mount.used)
            json.add("disk_available_bytes", number: mount.available)
            json.add("disk_percent", number: used)
            if mount.inodes > 0 {
                json.add(
                    "inodes_percent",
                    number: Self.share(mount.inodes - mount.freeInodes, of: mount.inodes))
            }
            json.add("message", text: "disk \(mount.path) \(used) % full")
            return json.text
        }
    }

    private var devices: [String] {
        now.devices.sorted { $0.key < $1.key }.map { name, device in
            let old = before.devices[name] ?? device
            var json = begin("host_device")
            let read = rate(old.readBytes, device.readBytes)
            let written = rate(old.writtenBytes, device.writtenBytes)
            let busy = rate(old.busyMilliseconds, device.busyMilliseconds) / 10
            json.add("device", text: name)
            json.add("read_bytes_per_second", number: read)
            json.add("written_bytes_per_second", number: written)
            json.add("busy_percent", number: Self.rounded(min(busy, 100)))
            json.add("message", text: "device \(name) \(Self.rounded(min(busy, 100))) % busy")
            return json.text
        }
    }

    private var interfaces: [String] {
        now.interfaces.sorted { $0.key < $1.key }.map { name, interface in
            let old = before.interfaces[name] ?? interface
            var json = begin("host_network")
            let received = rate(old.receivedBytes, interface.receivedBytes)
            let sent = rate(old.sentBytes, interface.sentBytes)
            json.add("interface", text: name)
            json.add("received_bytes_per_second", number: received)
            json.add("sent_bytes_per_second", number: sent)
            json.add("failures", number: max(interface.failures - old.failures, 0))
            json.add(
                "message", text: "network \(name) \(received) B/s received, \(sent) B/s sent")
            return json.text
        }
    }

    /// What a counter has gained a second; one that began anew counts from zero.
    private func rate(_ old: Int, _ new: Int) -> Double {
        Self.rounded(Double(new >= old ? new - old : new) / seconds)
    }

    private static func share(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? rounded(Double(part) * 100 / Double(whole)) : 0
    }

    /// One digit behind the point.
    private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
