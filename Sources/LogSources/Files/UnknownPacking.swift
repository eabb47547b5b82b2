/// How files are packed that weir cannot unpack; taken as lines they would be noise.
enum UnknownPacking {
    private static let starts: [(name: String, bytes: [UInt8])] = [
        ("zstd", [0x28, 0xB5, 0x2F, 0xFD]),
        ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
        ("bzip2", [0x42, 0x5A, 0x68]),
        ("LZ4", [0x04, 0x22, 0x4D, 0x18]),
        ("zip", [0x50, 0x4B, 0x03, 0x04]),
    ]

    /// As many bytes as are needed to tell.
    static let bytesMax = 10

    /// What a file that begins with these bytes is packed with.
    static func name(of start: [UInt8]) -> String? {
        guard let kind = starts.first(where: { start.starts(with: $0.bytes) }) else { return nil }
        // `BZh` may be a word: a digit and a fixed number follow.
        if kind.name == "bzip2" {
            guard start.count >= 10, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(start[3]),
                start[4..<10] == [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
            else { return nil }
        }
        return kind.name
    }
}
