#if canImport(Glibc)
    internal import Glibc
#endif

/// This machine's name.
enum HostName {
    static let present: String = {
        // A name has at most 64 bytes on Linux, 255 elsewhere.
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
        return String(
            decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }()
}

/// The room of a file system.
struct DiskSpace: Sendable {
    let freeBytes: UInt64
    let totalBytes: UInt64

    /// That of the file system of `path`; nil where it cannot be had.
    init?(path: String) {
        var room = statvfs()
        guard statvfs(path, &room) == 0, room.f_blocks > 0 else { return nil }
        let unit = UInt64(room.f_frsize)
        // What is reserved for root is no room for weir.
        freeBytes = UInt64(room.f_bavail).multipliedReportingOverflow(by: unit).partialValue
        totalBytes = UInt64(room.f_blocks).multipliedReportingOverflow(by: unit).partialValue
    }

    /// The used share in percent.
    var usedPercent: Double {
        totalBytes == 0 ? 0 : 100 - Double(freeBytes) / Double(totalBytes) * 100
    }

    /// Above it, somebody should look (percent): what most monitoring warns at.
    static let crowdedPercent = 90.0
}
