internal import LogBytes
public import LogSystem

/// What a stage of the pipeline knew when all lines below a sequence number had passed it: a file of `DATA/state` that is
/// written from time to time and read once, at the next start. Lines from `sequence` on pass the stage again then.
///
///     8 bytes   "WEIRSNAP"
///     2 bytes   version, 2
///     8 bytes   sequence
///     sections, and for each: 1 byte 1; varint length and name; chunks: 4 bytes length, not 0, and bytes; 4 bytes 0
///     1 byte    0
///     4 bytes   CRC-32C of everything before
///
/// Sections are written piece by piece: a hundred thousand groups of rules are tens of megabytes, and a copy of them would be most
/// of what an ingest has resident. Version 1, which is read still, had the number of sections in front and each as a whole.
///
/// What the bytes of a section mean is its stage's business.
public struct StateSnapshot: Equatable, Sendable {
    /// The files that exist, one for each pace of writing.
    public enum Kind: String, CaseIterable, Sendable {
        /// Metrics and the windows of rules: large, written before each seal and now and then.
        case stream
        /// Alerts, what was told about them, silences: small, written whenever it changed.
        case alerts

        var meaning: String {
            switch self {
            case .stream: "metrics and the windows of rules"
            case .alerts: "alerts, silences and acknowledgements"
            }
        }
    }

    /// A part of the snapshot.
    public struct Section: Equatable, Sendable {
        /// Its name.
        public let name: String
        /// What the stage of that name wrote.
        public let bytes: [UInt8]

        /// A section.
        public init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    /// Lines below it are in the snapshot, lines from it on are not.
    public let sequence: UInt64
    /// The parts, in the order in which they were written.
    public let sections: [Section]

    static let magic = "WEIRSNAP"
    static let version: UInt16 = 2
    /// More sections than anybody writes: what says so is damaged.
    private static let sectionsMax = 1_000

    /// A snapshot of everything below `sequence`.
    public init(sequence: UInt64, sections: [Section]) {
        self.sequence = sequence
        self.sections = sections
    }

    /// The bytes of the section `name`; nil when there is none.
    public subscript(name: String) -> [UInt8]? { sections.first { $0.name == name }?.bytes }

    // MARK: Bytes

    var sealed: [UInt8] {
        var bytes: [UInt8] = []
        let composer = Composer(sequence: sequence) { bytes += Array($0) }
        compose(into: composer)
        composer.seal()
        return bytes
    }

    private func compose(into composer: Composer) {
        for section in sections {
            composer.section(section.name) { out, _ in section.bytes.withView { out.append($0) } }
        }
    }

    /// The snapshot in `bytes`; nil when they are damaged or of a later version.
    init?(_ bytes: [UInt8]) {
        do throws(MalformedBytes) {
            self = try bytes.withView { view throws(MalformedBytes) in try Self.read(view) }
        } catch {
            return nil
        }
    }

    private static func read(_ view: ByteView) throws(MalformedBytes) -> StateSnapshot {
        var reader = ByteReader(view)
        let tail = MemoryLayout<UInt32>.size
        guard view.count > tail, view.prefix(magic.utf8.count).text == magic else {
            throw reader.malformed("the mark")
        }
        var end = ByteReader(view.dropFirst(view.count - tail))
        guard
            try end.fixed(UInt32.self, "checksum")
                == Checksum.crc32c(view.prefix(view.count - tail))
        else {
            throw reader.malformed("the checksum")
        }
        _ = try reader.bytes(magic.utf8.count, "the mark")
        switch try reader.fixed(UInt16.self, "version") {
        case 1: return try readWhole(&reader)
        case version: return try readChunks(&reader)
        default: throw reader.malformed("the version")
        }
    }

    private static func readWhole(
        _ reader: inout ByteReader
    ) throws(MalformedBytes) -> StateSnapshot {
        let sequence = try reader.varint("sequence")
        let count = try reader.length(atMost: sectionsMax, "sections")
        var sections: [Section] = []
        for _ in 0..<count {
            let name = try reader.lengthPrefixed("name").text
            sections.append(Section(name: name, bytes: Array(try reader.lengthPrefixed("bytes"))))
        }
        return StateSnapshot(sequence: sequence, sections: sections)
    }

    private static func readChunks(
        _ reader: inout ByteReader
    ) throws(MalformedBytes) -> StateSnapshot {
        let sequence = try reader.fixed(UInt64.self, "sequence")
        var sections: [Section] = []
        while try reader.fixed(UInt8.self, "whether a section follows") != 0 {
            guard sections.count < sectionsMax else { throw reader.malformed("sections") }
            let name = try reader.lengthPrefixed("name").text
            var bytes: [UInt8] = []
            while true {
                let length = Int(try reader.fixed(UInt32.self, "the length of a chunk"))
                if length == 0 { break }
                guard length <= reader.remaining else {
                    throw reader.malformed("the length of a chunk")
                }
                bytes += Array(try reader.bytes(length, "a chunk"))
            }
            sections.append(Section(name: name, bytes: bytes))
        }
        return StateSnapshot(sequence: sequence, sections: sections)
    }

    // MARK: Files

    /// What is wrong with the bytes of a file; nil when nothing is.
    static func fault(_ bytes: [UInt8]) -> String? {
        if StateSnapshot(bytes) != nil { return nil }
        return laterVersion(bytes).map { "it has version \($0), which this weir does not know" }
            ?? "it is cut short or damaged"
    }

    /// The version of a whole file that a later weir wrote; nil when it is none.
    private static func laterVersion(_ bytes: [UInt8]) -> UInt32? {
        let head = magic.utf8.count
        guard bytes.count >= head + 2, bytes.starts(with: magic.utf8) else { return nil }
        let number = UInt32(bytes[head]) | UInt32(bytes[head + 1]) << 8
        let body = bytes.dropLast(4)
        var sum: UInt32 = 0
        for byte in bytes.suffix(4).reversed() { sum = sum << 8 | UInt32(byte) }
        guard number > version, Array(body).withView({ Checksum.crc32c($0) }) == sum else {
            return nil
        }
        return number
    }

    private static func path(_ directory: String, _ kind: Kind) -> String {
        DataDirectory.state(directory) + "/" + kind.rawValue
    }

    /// Reads the snapshot of `kind`; nil when none was ever written.
    public static func read(
        _ kind: Kind, directory: String, fileSystem: any FileSystem = DiskFileSystem()
    ) throws(StoreError) -> StateSnapshot? {
        let path = path(directory, kind)
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try fileSystem.readAll(path)
        } catch {
            if error.isMissing { return nil }
            throw .file(error)
        }
        if let snapshot = StateSnapshot(bytes) { return snapshot }
        if let later = laterVersion(bytes) { throw .unknownVersion(file: path, version: later) }
        throw .damaged(file: path, offset: 0, what: "it is cut short or damaged")
    }

    /// Replaces the snapshot of `kind` by this one, atomically and durably.
    public func write(
        _ kind: Kind, directory: String, fileSystem: any FileSystem = DiskFileSystem()
    ) throws(StoreError) {
        try Self.write(kind, below: sequence, directory: directory, fileSystem: fileSystem) {
            compose(into: $0)
        }
    }

    /// Replaces the snapshot of `kind` by one of everything below `sequence`, whose sections `body` writes, atomically and
    /// durably.
    public static func write(
        _ kind: Kind, below sequence: UInt64, directory: String,
        fileSystem: any FileSystem = DiskFileSystem(), _ body: (Composer) -> Void
    ) throws(StoreError) {
        do throws(FileError) {
            try fileSystem.replace(path(directory, kind), in: DataDirectory.state(directory)) {
                file throws(FileError) in
                let pieces = FilePieces(file)
                let composer = Composer(sequence: sequence) { pieces.append($0) }
                body(composer)
                composer.seal()
                try pieces.finish()
            }
        } catch {
            throw .writing(error)
        }
    }
}
