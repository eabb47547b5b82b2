internal import LogQuery
internal import LogSystem

/// One look at a data directory: the journal's files, opened; the segments, listed and opened when they are needed.
struct StoreView {
    let journals: [JournalReader]
    let segments: [SegmentFile]
    let sealedLines: SealedLines
    /// True when a segment was gone when it was to be opened: this look does not show all lines any more.
    private(set) var hasMissed = false
    private var readers: [String: SegmentReader] = [:]

    init(directory: String, fileSystem: any FileSystem) throws(StoreError) {
        let listing = try StoreListing(directory: directory, fileSystem: fileSystem)
        segments = listing.segments
        var journals: [JournalReader] = []
        var laterFirst = UInt64.max
        for (_, file) in listing.journals.reversed() {
            var reader = try JournalReader(file: file, checksums: false)
            // Frames that were written again after a failed fsync may be headers without their content here.
            if reader.entries.contains(where: { $0.header.endSequence > laterFirst }) {
                reader = try JournalReader(file: file, checksums: true)
            }
            laterFirst = reader.entries.reduce(laterFirst) { min($0, $1.header.firstSequence) }
            journals.append(reader)
        }
        self.journals = journals.reversed()
        var readers: [String: SegmentReader] = [:]
        var hasMissed = false
        sealedLines = try SealedLines(
            journals: Set(listing.journals.map(\.number)), segments: segments, isForWriting: false
        ) { file throws(StoreError) in
            let reader = try Self.open(file, fileSystem)
            if reader == nil { hasMissed = true }
            readers[file.path] = reader
            return reader
        }
        self.readers = readers
        self.hasMissed = hasMissed
    }

    /// The sequence number behind that of every line that this look shows.
    var endSequence: UInt64 {
        max(
            journals.lazy.flatMap(\.entries).map(\.header.endSequence).max() ?? 0,
            segments.lazy.map { $0.id.sequences.upperBound &+ 1 }.max() ?? 0)
    }

    /// Opens a segment; nil when it is gone.
    private static func open(
        _ file: SegmentFile, _ fileSystem: any FileSystem
    ) throws(StoreError) -> SegmentReader? {
        do throws(StoreError) {
            return try SegmentReader(path: file.path, fileSystem: fileSystem)
        } catch {
            if case .file(let cause) = error, cause.isMissing { return nil }
            throw error
        }
    }

    /// The open segment; nil when it has been merged or dropped since it was listed.
    mutating func reader(
        _ file: SegmentFile, _ fileSystem: any FileSystem
    ) throws(StoreError) -> SegmentReader? {
        if let known = readers[file.path] { return known }
        let reader = try Self.open(file, fileSystem)
        if reader == nil { hasMissed = true }
        readers[file.path] = reader
        return reader
    }
}
