internal import LogBytes
internal import LogRecords
internal import LogSystem

/// The frames of the journal files that a writer has left behind, and which of them are known to be on disk.
///
/// What such a file shows may stand in the machine's cache only and never come to the disk: if an fsync of it failed, the kernel
/// has told that to the writer that died, and an fsync of ours would succeed and prove nothing. Sure is what stands in front of
/// the file's mark, which was written after an fsync that succeeded. The rest, at most what a writer gathers between two
/// commits, is copied to a journal file of its own and made durable there before anything is done that relies on it: power that
/// fails during recovery leaves each frame whole, with its lines and positions, or not at all.
///
/// The copy is written under a temporary name, fsynced and renamed. So its mark covers it from the beginning, and a recovery
/// that comes after one that died copies nothing again. One frame is in memory at a time. Used by one thread.
struct LeftoverJournals {
    /// A journal file.
    struct File {
        let number: UInt64
        let path: String
        /// Parts that are damaged.
        let damages: [JournalDamage]
        /// Bytes behind the last whole frame.
        fileprivate(set) var tornBytes: Int
        /// The offset up to which it is known to be on disk.
        fileprivate let durableEnd: Int
    }

    /// A frame, and the index of the file that it is read from.
    struct Place {
        let file: Int
        let entry: JournalReader.Entry
    }

    private let directory: String
    private let fileSystem: any FileSystem
    /// The files that were left, ascending by number, and the copy behind them if there is one.
    private(set) var files: [File] = []
    /// All frames; once they are secured, in the order of their lines.
    private(set) var places: [Place] = []
    /// The file that was read last: neighbouring frames are mostly of one, and a disk on which fsyncs fail may leave more files
    /// than a process may have open.
    private var opened: (index: Int, file: any OpenFile)?

    /// Finds the frames of `journals`, ascending by number, and compares all checksums.
    init(
        _ journals: [(number: UInt64, path: String)], directory: String,
        fileSystem: any FileSystem
    ) throws(StoreError) {
        self.directory = directory
        self.fileSystem = fileSystem
        for (number, path) in journals {
            let file: any OpenFile
            do throws(FileError) {
                file = try fileSystem.open(path, .read)
            } catch {
                throw .file(error)
            }
            let reader = try JournalReader(file: file, checksums: true)
            do throws(FileError) {
                places += reader.entries.map { Place(file: files.count, entry: $0) }
                files.append(
                    File(
                        number: number, path: path, damages: reader.damages,
                        tornBytes: max(try file.size() - reader.validEnd, 0),
                        durableEnd: reader.durableEnd ?? 0))
            } catch {
                throw .file(error)
            }
        }
    }

    // MARK: Making sure

    private func isSure(_ place: Place) -> Bool {
        Self.end(place.entry) <= files[place.file].durableEnd
    }

    private static func end(_ entry: JournalReader.Entry) -> Int {
        entry.payloadOffset + Int(entry.header.storedBytes)
    }

    /// Makes all frames durable: copies those of which that is not known to a journal file with the number `number`, which nobody
    /// has used. Throws without effect.
    mutating func secure(number: UInt64) throws(FileError) {
        // Their names are durable since before their first frames; that of a copy whose writer died may not be.
        try fileSystem.synchronizeDirectory(DataDirectory.journals(directory))
        var held = SequenceSet()
        let sure = places.filter(isSure)
        for place in sure { held.insert(place.entry.header.sequences) }
        let unsure = places.filter { !isSure($0) }
        var secured = sure
        if !unsure.isEmpty { secured += try copy(unsure, number, &held) }
        places = secured.sorted {
            ($0.entry.header.firstSequence, $0.file) < ($1.entry.header.firstSequence, $1.file)
        }
    }

    /// Copies frames, less those whose lines are `held` in others: a writer whose fsync fails writes its frames again.
    ///
    /// - Returns: where they are now.
    private mutating func copy(
        _ frames: [Place], _ number: UInt64, _ held: inout SequenceSet
    ) throws(FileError) -> [Place] {
        let path = DataDirectory.journalPath(directory, number: number)
        let temporary = path + DataDirectory.temporarySuffix
        var copied: [Place] = []
        do throws(FileError) {
            let target = try fileSystem.open(temporary, .createNew)
            var end = JournalFormat.fileHeaderBytes
            // Behind a frame that has gone meanwhile, with a page that the cache gave up, the rest of the file is torn off, too.
            var torn = Set<Int>()
            for place in frames {
                let header = place.entry.header
                if held.contains(header.sequences) { continue }
                guard !torn.contains(place.file), let frame = try bytes(of: place) else {
                    torn.insert(place.file)
                    files[place.file].tornBytes +=
                        JournalFormat.frameHeaderBytes + Int(header.storedBytes)
                    continue
                }
                try frame.withView { view throws(FileError) in try target.write(view, at: end) }
                copied.append(
                    Place(
                        file: files.count,
                        entry: JournalReader.Entry(
                            header: header, payloadOffset: end + JournalFormat.frameHeaderBytes)))
                end += frame.count
                held.insert(header.sequences)
            }
            guard !copied.isEmpty else {
                try fileSystem.remove(temporary)
                return []
            }
            var header = ByteWriter(capacity: JournalFormat.fileHeaderBytes)
            JournalFormat.appendFileHeader(number: number, durableEnd: end, into: &header)
            try target.write(header.view, at: 0)
            try target.synchronize()
            try fileSystem.rename(temporary, to: path)
            files.append(
                File(number: number, path: path, damages: [], tornBytes: 0, durableEnd: end))
        } catch {
            try? fileSystem.remove(temporary)
            throw error
        }
        try fileSystem.synchronizeDirectory(DataDirectory.journals(directory))
        return copied
    }

    // MARK: Reading

    private mutating func file(_ index: Int) throws(FileError) -> any OpenFile {
        if let opened, opened.index == index { return opened.file }
        let file = try fileSystem.open(files[index].path, .read)
        opened = (index, file)
        return file
    }

    /// The bytes of a frame with its header; nil when they are not what they were.
    private mutating func bytes(of place: Place) throws(FileError) -> [UInt8]? {
        let start = place.entry.payloadOffset - JournalFormat.frameHeaderBytes
        let bytes = try file(place.file).readBytes(at: start, count: Self.end(place.entry) - start)
        let isWhole = bytes.withView { view in
            FrameHeader(view) == place.entry.header
                && view.count == Self.end(place.entry) - start
                && Checksum.crc32c(view.dropFirst(JournalFormat.frameHeaderBytes))
                    == place.entry.header.payloadChecksum
        }
        return isWhole ? bytes : nil
    }

    /// The content of a frame; nil when it is damaged.
    mutating func frame(
        _ place: Place, table: ShapeTable
    ) throws(FileError) -> JournalFrame? {
        guard let bytes = try bytes(of: place) else { return nil }
        return bytes.withView {
            JournalFrame(
                header: place.entry.header,
                payload: $0.dropFirst(JournalFormat.frameHeaderBytes), table: table)
        }
    }
}
