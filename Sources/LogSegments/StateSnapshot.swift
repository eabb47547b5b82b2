public import LogBytes
public import LogSystem

/// What a stage of the pipeline knew when all lines below a sequence number had passed it: a file of `DATA/state` that is
/// written from time to time and read once, at the next start. Lines from `sequence` on pass the stage again then.
///
///     8 bytes   "WEIRSNAP"
///     2 bytes   version, 2
///     8 bytes   sequence
///     4 bytes   number of sections, and for each: varint length and name, 8 bytes length, bytes
///     4 bytes   CRC-32C of everything before
///
/// Lengths have a fixed size, so that stages write into the file's one buffer: a hundred thousand groups of rules are tens of
/// megabytes, and copies of them would be most of what an ingest has resident. Version 1, which is read still, had varints.
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

    private static let magic = "WEIRSNAP"
    private static let version: UInt16 = 2
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

    /// Writes a snapshot section by section.
    public struct Composer: ~Copyable {
        private var out = ByteWriter(capacity: 1 << 16)
        private let countOffset: Int
        private var count: UInt32 = 0

        fileprivate init(sequence: UInt64) {
            out.append(StateSnapshot.magic)
            out.append(fixed: StateSnapshot.version)
            out.append(fixed: sequence)
            countOffset = out.count
            out.append(fixed: count)
        }

        /// Adds a section, which `body` appends to the writer.
        public mutating func section(_ name: String, _ body: (inout ByteWriter) -> Void) {
            name.withView { out.append(lengthPrefixed: $0) }
            let lengthOffset = out.count
            out.append(fixed: UInt64(0))
            body(&out)
            Self.put(UInt64(out.count - lengthOffset - 8), at: lengthOffset, in: &out)
            count += 1
        }

        fileprivate mutating func seal() {
            Self.put(count, at: countOffset, in: &out)
            out.append(fixed: Checksum.crc32c(out.view))
        }

        fileprivate var view: ByteView { out.view }

        private static func put<Number: FixedWidthInteger>(
            _ number: Number, at offset: Int, in out: inout ByteWriter
        ) {
            UnsafeMutableRawPointer(out.base + offset)
                .storeBytes(of: number.littleEndian, as: Number.self)
        }
    }

    private var composer: Composer {
        var composer = Composer(sequence: sequence)
        for section in sections {
            composer.section(section.name) { out in section.bytes.withView { out.append($0) } }
        }
        composer.seal()
        return composer
    }

    var sealed: [UInt8] {
        let composer = composer
        return Array(composer.view)
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
        let written = try reader.fixed(UInt16.self, "version")
        guard written == 1 || written == version else { throw reader.malformed("the version") }
        let isFixed = written == version
        let sequence =
            isFixed ? try reader.fixed(UInt64.self, "sequence") : try reader.varint("sequence")
        let count =
            isFixed
            ? Int(try reader.fixed(UInt32.self, "sections"))
            : try reader.length(atMost: sectionsMax, "sections")
        guard count <= sectionsMax else { throw reader.malformed("the number of sections") }
        var sections: [Section] = []
        for _ in 0..<count {
            let name = try reader.lengthPrefixed("name").text
            let bytes: ByteView
            if isFixed {
                let length = try reader.fixed(UInt64.self, "the length of a section")
                guard length <= UInt64(reader.remaining) else {
                    throw reader.malformed("the length of a section")
                }
                bytes = try reader.bytes(Int(length), "a section")
            } else {
                bytes = try reader.lengthPrefixed("a section")
            }
            sections.append(Section(name: name, bytes: Array(bytes)))
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
        let composer = composer
        try Self.replace(kind, directory, fileSystem, with: composer.view)
    }

    /// Replaces the snapshot of `kind` by one of everything below `sequence`, whose sections `body` writes, atomically and
    /// durably.
    public static func write(
        _ kind: Kind, below sequence: UInt64, directory: String,
        fileSystem: any FileSystem = DiskFileSystem(), _ body: (inout Composer) -> Void
    ) throws(StoreError) {
        var composer = Composer(sequence: sequence)
        body(&composer)
        composer.seal()
        try replace(kind, directory, fileSystem, with: composer.view)
    }

    private static func replace(
        _ kind: Kind, _ directory: String, _ fileSystem: any FileSystem, with view: ByteView
    ) throws(StoreError) {
        do throws(FileError) {
            try fileSystem.replace(
                path(directory, kind), in: DataDirectory.state(directory), with: view)
        } catch {
            throw .writing(error)
        }
    }
}
