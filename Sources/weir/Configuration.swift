internal import Glibc
internal import LogAlerting
internal import LogChannels
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// The files that a user writes.
enum Configuration {
    /// Reads a `retention.conf`.
    static func retention(_ path: String) throws -> RetentionPolicy {
        try RetentionPolicy(text: try text(path), file: path)
    }

    /// The bytes that `--max-disk` allows.
    static func maxDisk(_ text: String) throws -> Int {
        guard let size = ByteSize(text), size.bytes > 0 else {
            throw CommandFailure("--max-disk takes a size, not `\(text)`; \(ByteSize.hint)")
        }
        return size.bytes
    }

    /// Reads an `alerts.yaml`.
    static func alerts(_ path: String) throws -> AlertConfiguration {
        try AlertConfiguration.parse(
            try text(path), file: path, channels: .all, environment: environment,
            secrets: .system(besides: path), zones: zones)
    }

    /// The time zones of this machine.
    private static let zones = ZoneSource { name in
        let isPlain = name.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "_+-/".utf8.contains(byte)
        }
        guard isPlain else { return nil }
        let path = name == "Local" ? "/etc/localtime" : "/usr/share/zoneinfo/\(name)"
        return try? DiskFileSystem().readAll(path, .readAnywhere)
    }

    /// The variables of this process.
    private static var environment: [String: String] {
        var result: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let cut = text.firstIndex(of: "=") {
                result[String(text[..<cut])] = String(text[text.index(after: cut)...])
            }
            next += 1
        }
        return result
    }

    /// The line format of this name.
    static func format(_ name: String) throws -> LineFormat {
        if let format = LineFormat(name: name) { return format }
        let names = LineFormat.allCases.map(\.name).joined(separator: ", ")
        throw CommandFailure("there is no format `\(name)` (there are \(names))")
    }

    /// The path from the root on, for those who stand elsewhere.
    static func absolute(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try DiskFileSystem().readAll(path, .readAnywhere), as: UTF8.self)
    }
}
