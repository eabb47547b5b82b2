internal import LogBytes
internal import LogSystem

/// How far a file has been read, and how it is known again: what stands in the journal beside its lines.
///
/// A mark is good for a file whose first `head.length` bytes and whose last `tail.length` bytes before the offset have these
/// hashes; of a compressed file, those of its unpacked content count. So a file that was emptied and has grown past the
/// offset, or that has got the inode of another, is told from the one that was read, and a copy is known for what it is.
struct FileMark: Equatable, Sendable {
    /// Counts the contents that the inode has had: a truncation begins a new one.
    var generation = 0
    /// The offset behind the last byte that was taken.
    var offset = 0
    /// The first bytes, as many as have been taken, up to a limit.
    var head = ContentHash()
    /// The last bytes before the offset.
    var tail = ContentHash()
    /// Set in a line that was too long: its rest is to be skipped.
    var isSkipping = false
    /// Set when the file is compressed; the offset is that of the unpacked content.
    var isPacked = false
    /// Set when there may have been more in it that was not read, until somebody has counted that.
    var isInDoubt = false
    /// Set when it had lost its place to another, was read to its end and left alone: nothing is lost when it is gone.
    var isDrained = false
    /// The content of which this file is a copy that must not be read as long as the other is there.
    var link: FileContentID?
    /// When the file was made, where that is known (nanoseconds since the epoch).
    var born: Int64 = 0
    /// When it was written down, seconds since the epoch.
    var seen: Int64 = 0
    /// The path under which the file came first: that of the log, of which this may be a rotated part.
    var origin = ""
    /// The same without symbolic links.
    var place = ""
}

/// One of the contents that an inode has had.
struct FileContentID: Hashable, Sendable {
    var key: FileKey
    var generation: Int
}

// MARK: As a position

extension FileMark {
    /// The beginning of the keys of all positions of files.
    static let keyPrefix = "file:"

    /// The position's key of a file that is there.
    static func key(_ key: FileKey) -> String { "\(keyPrefix)\(key.device):\(key.inode)" }

    /// The position's key of a content that is gone from its inode.
    static func key(_ id: FileContentID) -> String { "\(key(id.key)):\(id.generation)" }

    /// What a position's key names: a file, or with a generation a content that is gone.
    static func parse(key text: String) -> (key: FileKey, generation: Int?)? {
        guard text.hasPrefix(keyPrefix) else { return nil }
        let parts = text.dropFirst(keyPrefix.count).split(
            separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let device = UInt64(parts[0]),
            let inode = UInt64(parts[1])
        else { return nil }
        let key = FileKey(device: device, inode: inode)
        if parts.count == 2 { return (key, nil) }
        guard let generation = Int(parts[2]), generation >= 0 else { return nil }
        return (key, generation)
    }

    /// Version, generation, head, tail, flags, link, time, birth, origin and place, with tabs between.
    var detail: String {
        var flags = ""
        if isSkipping { flags += "s" }
        if isPacked { flags += "z" }
        if isInDoubt { flags += "d" }
        if isDrained { flags += "e" }
        let link = link.map { "\($0.key.device):\($0.key.inode):\($0.generation)" } ?? ""
        return [
            Self.version, "\(generation)", Self.text(head), Self.text(tail), flags, link, "\(seen)",
            "\(born)",
            Self.escaped(origin), place == origin ? "" : Self.escaped(place),
        ].joined(separator: "\t")
    }

    private static let version = "1"

    /// The position to be stored under `key`.
    func position(_ key: String) -> SourcePosition {
        SourcePosition(key: key, offset: UInt64(offset), detail: detail)
    }

    /// The mark that a position holds; nil when it is none, or of another version.
    init?(_ position: SourcePosition) {
        let parts = position.detail.split(separator: "\t", omittingEmptySubsequences: false)
        guard parts.count == 10, parts[0] == Self.version, let generation = Int(parts[1]),
            let offset = Int(exactly: position.offset), generation >= 0,
            let head = Self.hash(parts[2]), let tail = Self.hash(parts[3]),
            let seen = Int64(parts[6]), let born = Int64(parts[7]), head.length <= offset,
            tail.length <= offset
        else { return nil }
        self.generation = generation
        self.offset = offset
        self.head = head
        self.tail = tail
        isSkipping = parts[4].contains("s")
        isPacked = parts[4].contains("z")
        isInDoubt = parts[4].contains("d")
        isDrained = parts[4].contains("e")
        if !parts[5].isEmpty {
            guard let linked = Self.parse(key: Self.keyPrefix + parts[5]),
                let generation = linked.generation
            else { return nil }
            link = FileContentID(key: linked.key, generation: generation)
        }
        self.seen = seen
        self.born = born
        origin = Self.unescaped(parts[8])
        place = parts[9].isEmpty ? origin : Self.unescaped(parts[9])
    }

    private static func text(_ hash: ContentHash) -> String {
        "\(hash.length):" + String(hash.value, radix: 16)
    }

    private static func hash(_ text: Substring) -> ContentHash? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let length = Int(parts[0]), length >= 0,
            let value = UInt64(parts[1], radix: 16)
        else { return nil }
        return ContentHash(length: length, value: value)
    }

    private static func escaped(_ path: String) -> String {
        guard path.utf8.contains(where: { $0 == ASCII.tab || $0 == UInt8(ascii: "%") }) else {
            return path
        }
        return path.replacing("%", with: "%25").replacing("\t", with: "%09")
    }

    private static func unescaped(_ path: Substring) -> String {
        guard path.utf8.contains(UInt8(ascii: "%")) else { return String(path) }
        return String(path).replacing("%09", with: "\t").replacing("%25", with: "%")
    }
}

// MARK: Reading on

extension FileMark {
    /// How many bytes of a file's start and of what was read last are compared. The start grows with what is read, so the
    /// smallest file is known; lines with a time in them differ well within the last 256 bytes.
    struct Sizes: Sendable {
        var headBytes = 1_024
        var tailBytes = 256
    }

    /// Takes note of `taken`, which follows the offset, and of `before`, the `tail.length` bytes in front of it.
    mutating func advance(over taken: ByteView, behind before: ByteView, _ sizes: Sizes) {
        if head.length < sizes.headBytes, head.length == offset {
            head.extend(taken.prefix(sizes.headBytes - head.length))
        }
        if taken.count >= sizes.tailBytes {
            tail = ContentHash(taken.dropFirst(taken.count - sizes.tailBytes))
        } else {
            var hash = ContentHash()
            hash.extend(before.dropFirst(before.count + taken.count - sizes.tailBytes))
            hash.extend(taken)
            tail = hash
        }
        offset += taken.count
    }
}
