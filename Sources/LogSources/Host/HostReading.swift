internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What a machine says of itself at one moment. Source: proc(5), and the kernel's admin-guide/iostats.
struct HostReading: Sendable, Equatable {
    /// The time that all processors together have spent since the start, in ticks.
    struct Processor: Sendable, Equatable {
        var user = 0
        var system = 0
        var waiting = 0
        var stolen = 0
        var idle = 0

        var total: Int { user + system + waiting + stolen + idle }
    }

    /// Bytes of memory.
    struct Memory: Sendable, Equatable {
        var total = 0
        /// What programs can still have without swapping.
        var available = 0
        var swapTotal = 0
        var swapFree = 0
    }

    /// What a block device has done since the start.
    struct Device: Sendable, Equatable {
        var readBytes = 0
        var writtenBytes = 0
        /// Milliseconds during which something was under way.
        var busyMilliseconds = 0
    }

    /// What a network interface has done since the start.
    struct Interface: Sendable, Equatable {
        var receivedBytes = 0
        var sentBytes = 0
        /// Packets that were lost or damaged, both ways.
        var failures = 0
    }

    /// The room of a mounted file system, bytes and inodes.
    struct Mount: Sendable, Equatable {
        var path: String
        var device: String
        var total: Int
        var available: Int
        var used: Int
        var inodes: Int
        var freeInodes: Int
    }

    var processor = Processor()
    var processors = 0
    var load: [Double] = []
    var memory = Memory()
    var devices: [String: Device] = [:]
    var interfaces: [String: Interface] = [:]
    var mounts: [Mount] = []
    var uptimeSeconds = 0.0

    /// Sectors in `/proc/diskstats` have this size, whatever the device's.
    private static let sectorBytes = 512

    /// Reads `proc`; what is missing there stays zero.
    init(_ proc: ProcFiles) {
        readProcessors(proc)
        load = (proc.words("loadavg").first ?? []).prefix(3).compactMap { Double(String($0)) }
        uptimeSeconds = proc.words("uptime").first?.first.flatMap { Double(String($0)) } ?? 0
        readMemory(proc)
        readDevices(proc)
        readInterfaces(proc)
        readMounts(proc)
    }

    private mutating func readProcessors(_ proc: ProcFiles) {
        for words in proc.words("stat") {
            guard let name = words.first, name.hasPrefix("cpu") else { continue }
            if name != "cpu" {
                processors += 1
                continue
            }
            // user nice system idle iowait irq softirq steal
            let ticks =
                words.dropFirst().map { Int(String($0)) ?? 0 } + Array(repeating: 0, count: 8)
            processor = Processor(
                user: ticks[0] + ticks[1], system: ticks[2] + ticks[5] + ticks[6],
                waiting: ticks[4],
                stolen: ticks[7], idle: ticks[3])
        }
    }

    private mutating func readMemory(_ proc: ProcFiles) {
        var values: [Substring: Int] = [:]
        for words in proc.words("meminfo") where words.count >= 2 {
            values[words[0].dropLast()] = (Int(String(words[1])) ?? 0) * 1_024
        }
        memory = Memory(
            total: values["MemTotal"] ?? 0, available: values["MemAvailable"] ?? 0,
            swapTotal: values["SwapTotal"] ?? 0, swapFree: values["SwapFree"] ?? 0)
    }

    private mutating func readDevices(_ proc: ProcFiles) {
        for words in proc.words("diskstats") where words.count >= 13 {
            let name = String(words[2])
            // What is not there, and files that look like devices, tells nothing.
            if name.hasPrefix("loop") || name.hasPrefix("ram") { continue }
            let numbers = words.dropFirst(3).map { Int(String($0)) ?? 0 }
            devices[name] = Device(
                readBytes: numbers[2] * Self.sectorBytes,
                writtenBytes: numbers[6] * Self.sectorBytes, busyMilliseconds: numbers[9])
        }
    }

    private mutating func readInterfaces(_ proc: ProcFiles) {
        for line in (proc.text("net/dev") ?? "").split(separator: "\n").dropFirst(2) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let numbers = parts[1].split(separator: " ").map { Int(String($0)) ?? 0 }
            let name = String(parts[0].drop { $0 == " " })
            guard numbers.count >= 12, name != "lo" else { continue }
            interfaces[name] = Interface(
                receivedBytes: numbers[0], sentBytes: numbers[8],
                failures: numbers[2] + numbers[3] + numbers[10] + numbers[11])
        }
    }

    /// File systems on devices, and those that hold data without one.
    private mutating func readMounts(_ proc: ProcFiles) {
        var seen: Set<Substring> = []
        for words in proc.words("self/mounts") where words.count >= 3 {
            let isDevice = words[0].hasPrefix("/dev/") && !words[0].hasPrefix("/dev/loop")
            let holdsData = ["overlay", "zfs", "nfs", "nfs4", "cifs", "virtiofs", "9p"]
                .contains(words[2])
            // A device that is mounted in several places has the same room in all.
            guard isDevice || holdsData, seen.insert(words[0]).inserted else { continue }
            let path = Self.unescaped(words[1])
            var room = statvfs()
            guard statvfs(path, &room) == 0, room.f_blocks > 0 else { continue }
            let block = Int(room.f_frsize)
            mounts.append(
                Mount(
                    path: path, device: String(words[0]), total: Int(room.f_blocks) * block,
                    available: Int(room.f_bavail) * block,
                    used: Int(room.f_blocks - room.f_bfree) * block, inodes: Int(room.f_files),
                    freeInodes: Int(room.f_ffree)))
        }
    }

    /// A path as `mounts` writes it: spaces as `\040`.
    private static func unescaped(_ path: Substring) -> String {
        String(path).replacing("\\040", with: " ").replacing("\\011", with: "\t")
    }
}
