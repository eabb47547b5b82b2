internal import LogBytes
internal import LogSystem

/// The file of an outbox: `weirout1`, then entries (`OutboxRecord`), appended and fsynced. From time to time it is replaced by
/// the shortest one of the same state.
///
/// After a write or an fsync has failed nobody knows what is on the disk: the file is replaced as a whole then.
struct OutboxFile {
    /// What reading found that is no entry.
    struct Damage: Equatable {
        /// Bytes that were skipped before a further entry.
        var skippedBytes = 0
        /// Bytes at the end: of an entry whose writing a crash interrupted.
        var tornBytes = 0
    }

    /// The file is of a version that this weir does not know.
    struct UnknownVersion: Error { let path: String }

    static let magic = Array("weirout1".utf8)
    /// Smaller files are not worth replacing.
    private static let replaceBytesMin = 256 << 10

    let path: String
    let directory: String
    private let fileSystem: any FileSystem
    private var file: (any OpenFile)?
    private var size = 0
    /// The size after the last replacement.
    private var shortest = 0

    init(path: String, directory: String, fileSystem: any FileSystem) {
        self.path = path
        self.directory = directory
        self.fileSystem = fileSystem
    }

    /// Reads the file, giving each entry to `apply`. A file that is not there has none.
    func read(
        _ apply: (OutboxRecord) -> Void
    ) throws(FileError) -> Result<Damage, UnknownVersion> {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try fileSystem.readAll(path)
        } catch {
            if error.isMissing { return .success(Damage()) }
            throw error
        }
        return Self.read(bytes, path: path, apply)
    }

    static func read(
        _ bytes: [UInt8], path: String, _ apply: (OutboxRecord) -> Void
    ) -> Result<Damage, UnknownVersion> {
        // A crash may leave a file without its first bytes.
        guard bytes.count >= magic.count else {
            return .success(Damage(tornBytes: bytes.count))
        }
        if !bytes.starts(with: magic), bytes.starts(with: magic.dropLast()) {
            return .failure(UnknownVersion(path: path))
        }
        return bytes.withView { view in
            var damage = Damage()
            // Bytes that do not begin as they should are damage, and what follows them may be whole.
            var offset = bytes.starts(with: magic) ? magic.count : 0
            var lost = 0
            while offset < view.count {
                if let (record, end) = OutboxRecord.read(view, at: offset) {
                    damage.skippedBytes += lost
                    lost = 0
                    apply(record)
                    offset = end
                } else {
                    lost += 1
                    offset += 1
                }
            }
            damage.tornBytes = lost
            return .success(damage)
        }
    }

    /// Whether so much of the file is over that replacing it pays.
    var isLong: Bool { size > max(Self.replaceBytesMin, 4 * shortest) }

    /// Appends entries and makes them durable. Throws where that is not so; the file must be replaced then.
    mutating func append(_ records: [OutboxRecord]) throws(FileError) {
        guard let file else {
            throw FileError(operation: "append to", path: path, code: FileError.badDescriptor)
        }
        var out = ByteWriter(capacity: 1_024)
        for record in records { record.append(to: &out) }
        do throws(FileError) {
            try file.write(out.view, at: size)
            try file.synchronize()
        } catch {
            self.file = nil
            throw error
        }
        size += out.count
    }

    /// Replaces the file by one of these entries and opens it.
    mutating func replace(_ records: [OutboxRecord]) throws(FileError) {
        file = nil
        var out = ByteWriter(capacity: 4_096)
        Self.magic.withView { out.append($0) }
        for record in records { record.append(to: &out) }
        try fileSystem.makeDirectories(directory)
        try fileSystem.replace(path, in: directory, with: out.view)
        file = try fileSystem.open(path, .readWrite)
        size = out.count
        shortest = size
    }

    /// Sets a damaged file aside under another name, for whoever wants to look at it.
    func setAside() throws(FileError) {
        try fileSystem.rename(path, to: path + ".damaged")
    }
}

extension FileError {
    /// `EBADF`: the file is not open.
    fileprivate static let badDescriptor: Int32 = 9
}
