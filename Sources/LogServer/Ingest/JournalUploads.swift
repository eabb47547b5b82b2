internal import LogBytes
internal import LogSystem
internal import Synchronization

/// How much of the latest upload of each journal is stored.
///
/// `systemd-journal-upload` sends its last entry again whenever it starts, and all of a request again whose answer it has not
/// seen. Each entry has a cursor of its own, so that both are known for what they are.
final class JournalUploads: Sendable {
    /// The entries of one request, up to one of them, by the hashes of their cursors.
    struct Mark: Equatable {
        /// Of the first and of the last entry.
        var first: UInt64 = 0
        var last: UInt64 = 0
        /// Of all of them, in their order.
        var digest: UInt64 = 0
        var count: UInt64 = 0

        /// Adds an entry.
        mutating func add(_ cursor: UInt64) {
            if count == 0 { first = cursor }
            last = cursor
            digest = (digest &* Self.multiplier) ^ cursor
            count += 1
        }

        /// An odd number without a pattern: no order of entries gives the digest of another.
        private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

        /// As a position's detail.
        var detail: String {
            [first, last, digest].map { String($0, radix: 16) }.joined(separator: " ")
        }

        init() {}

        init?(_ position: SourcePosition) {
            let numbers = position.detail.split(separator: " ").map { UInt64($0, radix: 16) }
            guard numbers.count == 3, let first = numbers[0], let last = numbers[1],
                let digest = numbers[2]
            else { return nil }
            (self.first, self.last, self.digest) = (first, last, digest)
            count = position.offset
        }
    }

    private let marks = Mutex<[String: Mark]>([:])

    /// The kind of source in a position's key.
    static let kind = "journald:"
    /// Journals that are known at once: one or two a machine. Where there are more, all are forgotten, and what is sent again
    /// then is stored again.
    private static let journalsMax = 20_000

    /// What was recovered.
    init(_ positions: [SourcePosition]) {
        for position in positions where position.key.hasPrefix(Self.kind) {
            if let mark = Mark(position) { note(mark, position.key) }
        }
    }

    /// The position's key for the journal that an entry's cursor belongs to (`s=…;`), for one writer.
    static func key(cursor: ByteView, writer: String) -> String? {
        guard cursor.hasPrefix(ByteView("s=")), let end = cursor.firstIndex(of: UInt8(ascii: ";"))
        else { return nil }
        return kind + "\(writer)\n\(cursor.prefix(end).text)".withView { SHA256.hexadecimal($0) }
    }

    /// What is stored of a journal's latest upload.
    func mark(_ key: String) -> Mark? { marks.withLock { $0[key] } }

    /// Takes note of what is stored.
    func note(_ mark: Mark, _ key: String) {
        marks.withLock {
            if $0.count >= Self.journalsMax, $0[key] == nil { $0.removeAll() }
            $0[key] = mark
        }
    }

    /// Forgets what is stored, so that everything is taken as new.
    func forget(_ key: String) { marks.withLock { $0[key] = nil } }
}

/// Tells the entries of one request that are stored already from those that are new. One task uses it.
final class JournalUpload: @unchecked Sendable {
    private let uploads: JournalUploads
    private let writer: String
    private var key: String?
    private var known: JournalUploads.Mark?
    private var seen = JournalUploads.Mark()
    /// With the last entry that has been handed on.
    private var handed = JournalUploads.Mark()

    /// The entries that are not stored once more.
    private(set) var repeated = 0

    init(_ uploads: JournalUploads, writer: String) {
        self.uploads = uploads
        self.writer = writer
    }

    /// Whether the entry that comes next is new. Throws where the request is not the one that it began as.
    func isNew(_ cursor: ByteView) throws(HTTPFailure) -> Bool {
        let hash = cursor.memoryHash
        if seen.count == 0 {
            key = JournalUploads.key(cursor: cursor, writer: writer)
            known = key.flatMap(uploads.mark)
        }
        seen.add(hash)
        guard let known else { return true }
        if seen.first != known.first {
            // Another request, which may begin with the entry that the last one ended with.
            self.known = nil
            if seen.first == known.last { repeated += 1 }
            return seen.first != known.last
        }
        if seen.count == known.count {
            guard seen.digest == known.digest else { throw changed() }
            self.known = nil
        }
        repeated += 1
        return false
    }

    /// Takes note that the entry, new or not, is handed on, if it is to be.
    func advance() { handed = seen }

    /// Throws where the request ended before what is stored of it.
    func end() throws(HTTPFailure) {
        if known != nil { throw changed() }
    }

    /// How far the request is taken, for the frame of its lines.
    var position: SourcePosition? {
        key.map { SourcePosition(key: $0, offset: handed.count, detail: handed.detail) }
    }

    /// Takes note that everything handed on is on the disk.
    func settle() {
        // Less than is known already says nothing new.
        if let key, known == nil, handed.count > 0 { uploads.note(handed, key) }
    }

    private func changed() -> HTTPFailure {
        if let key { uploads.forget(key) }
        return .busy(
            "these entries begin like those of an upload before, and go on otherwise; send them "
                + "again, and all of them are stored")
    }
}
