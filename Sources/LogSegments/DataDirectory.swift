public import LogRecords
internal import LogSystem

/// Names in a data directory.
///
///     DATA/LOCK                                     held (flock) by the one writer
///     DATA/journal/0000000042.journal               lines not sealed yet
///     DATA/segments/<class>/<YYYY-MM-DD>/<id>.segment
///     DATA/segments/<class>/<YYYY-MM-DD>-skewed/<id>.segment
///     DATA/state/retention.conf                     the policy that the last writer used
///     DATA/state/clock                              the time at which the last writer was seen
///     DATA/state/stream, DATA/state/alerts          what metrics, rules and alerts knew (`StateSnapshot`)
///     DATA/state/commands/<id>.command              what people tell a running weir (`CommandSpool`)
///     DATA/state/outbox/<channel>.outbox            notifications on their way
///     DATA/state/positions                          how far files and requests have been read (`PositionTable`)
///
/// The day of `<YYYY-MM-DD>-skewed` is that of the lines' arrival: their own times lie too far ahead to be believed.
///
/// A segment's id is `<first>-<last>-<from>-<to>-<generation>`: sequence numbers within which all of its lines lie, the numbers
/// of the journal files that they were sealed from, zero-padded so that names sort as numbers do, and how often they were
/// rewritten. A segment supersedes all others of its partition that have a lower generation and sequence numbers within
/// its own: they are its sources, and only a crash, or a reader that looks meanwhile, sees both.
public enum DataDirectory {
    static let segmentSuffix = ".segment"
    static let temporarySuffix = ".tmp"
    static let journalSuffix = ".journal"

    /// Digits of a number in a file name: 10^14 lines are a million a second for three years.
    private static let sequenceDigits = 14
    private static let journalDigits = 10

    static func lock(_ directory: String) -> String { directory + "/LOCK" }
    static func journals(_ directory: String) -> String { directory + "/journal" }
    static func segments(_ directory: String) -> String { directory + "/segments" }
    static func state(_ directory: String) -> String { directory + "/state" }

    /// The file in which a writer leaves its retention policy for readers.
    public static func retentionFile(_ directory: String) -> String {
        state(directory) + "/retention.conf"
    }

    static func positionsFile(_ directory: String) -> String { state(directory) + "/positions" }

    static func clockFile(_ directory: String) -> String { state(directory) + "/clock" }

    /// Directories in `state`, and how the names of the files in each end.
    static let stateDirectories = [
        CommandSpool.directoryName: CommandSpool.suffix, "outbox": ".outbox",
    ]

    /// The directory of the notifications that are not delivered yet.
    public static func outbox(_ directory: String) -> String { state(directory) + "/outbox" }

    static func journalPath(_ directory: String, number: UInt64) -> String {
        journals(directory) + "/" + padded(number, journalDigits) + journalSuffix
    }

    static func journalNumber(_ name: String) -> UInt64? {
        guard name.hasSuffix(journalSuffix) else { return nil }
        return UInt64(name.dropLast(journalSuffix.count))
    }

    static func padded(_ number: UInt64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The directory of one class and day.
    static func partition(_ directory: String, _ key: PartitionKey) -> String {
        segments(directory) + "/\(key.className)/\(key.dayName)"
    }

    static func segmentName(_ id: SegmentID) -> String {
        padded(id.sequences.lowerBound, sequenceDigits) + "-"
            + padded(id.sequences.upperBound, sequenceDigits) + "-"
            + padded(id.journals.lowerBound, journalDigits) + "-"
            + padded(id.journals.upperBound, journalDigits) + "-\(id.generation)" + segmentSuffix
    }
}

/// One class and one UTC day: what retention keeps or drops as a whole.
public struct PartitionKey: Hashable, Comparable, Sendable {
    /// The retention class.
    public let className: String
    /// The UTC day.
    public let day: CivilDate
    /// Whether it holds the lines whose own times lie more than a day ahead of their arrival; the day is that of the arrival.
    public let isSkewed: Bool

    private static let skewedSuffix = "-skewed"

    init(className: String, day: CivilDate, isSkewed: Bool = false) {
        self.className = className
        self.day = day
        self.isSkewed = isSkewed
    }

    /// The partition whose directory is called `dayName`; nil when that is no name of one.
    init?(className: String, dayName: String) {
        let isSkewed = dayName.hasSuffix(Self.skewedSuffix)
        guard let day = CivilDate(dayName.dropLast(isSkewed ? Self.skewedSuffix.count : 0)) else {
            return nil
        }
        self.init(className: className, day: day, isSkewed: isSkewed)
    }

    /// The day as directories and tables have it: `2025-01-18` or `2025-01-18-skewed`.
    public var dayName: String { "\(day)" + (isSkewed ? Self.skewedSuffix : "") }

    /// By day, then by class, skewed ones last.
    public static func < (left: PartitionKey, right: PartitionKey) -> Bool {
        (left.day, left.className, left.isSkewed ? 1 : 0)
            < (right.day, right.className, right.isSkewed ? 1 : 0)
    }
}

/// What a segment's name says of it.
struct SegmentID: Equatable {
    /// All lines have sequence numbers within these. Not all between need be in the segment.
    let sequences: ClosedRange<UInt64>
    /// The journal files that the lines were sealed from.
    let journals: ClosedRange<UInt64>

    /// 0 for what was sealed from the journal; what is made of other segments has one more than they.
    let generation: Int

    init(sequences: ClosedRange<UInt64>, journals: ClosedRange<UInt64>, generation: Int = 0) {
        self.sequences = sequences
        self.journals = journals
        self.generation = generation
    }

    /// Whether the lines of `other`, of the same partition, are in this segment, as far as they are still stored.
    func supersedes(_ other: SegmentID) -> Bool {
        generation > other.generation
            && sequences.lowerBound <= other.sequences.lowerBound
            && sequences.upperBound >= other.sequences.upperBound
    }

    init?(name: String) {
        guard name.hasSuffix(DataDirectory.segmentSuffix) else { return nil }
        let numbers = name.dropLast(DataDirectory.segmentSuffix.count)
            .split(separator: "-", omittingEmptySubsequences: false).compactMap { UInt64($0) }
        guard numbers.count == 5, numbers[0] <= numbers[1], numbers[2] <= numbers[3],
            let generation = Int(exactly: numbers[4])
        else { return nil }
        sequences = numbers[0]...numbers[1]
        journals = numbers[2]...numbers[3]
        self.generation = generation
    }
}

/// A segment file as the directory lists it.
struct SegmentFile: Equatable {
    let key: PartitionKey
    let id: SegmentID
    let path: String
}

/// What is in a data directory, by name alone.
enum DirectoryListing {
    /// The journal files, ascending by number.
    static func journals(
        _ directory: String, _ fileSystem: any FileSystem
    ) throws(FileError) -> [(number: UInt64, path: String)] {
        try fileSystem.list(DataDirectory.journals(directory)).compactMap { entry in
            guard let number = DataDirectory.journalNumber(entry.name) else { return nil }
            return (number, DataDirectory.journals(directory) + "/" + entry.name)
        }.sorted { $0.number < $1.number }
    }

    /// What is in the directory of segments.
    struct Segments: Equatable {
        /// The segment files, by day, class and id.
        var files: [SegmentFile] = []
        /// Files whose lines are in `files`, rewritten.
        var superseded: [SegmentFile] = []
        /// The paths of temporary files.
        var temporary: [String] = []
    }

    /// The segment files.
    static func segments(
        _ directory: String, _ fileSystem: any FileSystem
    ) throws(FileError) -> Segments {
        var found = Segments()
        for key in try partitions(directory, fileSystem) {
            try add(key, DataDirectory.partition(directory, key), fileSystem, to: &found)
        }
        found.files.sort { ($0.key, $0.path) < ($1.key, $1.path) }
        return found
    }

    /// The partitions that have a directory.
    static func partitions(
        _ directory: String, _ fileSystem: any FileSystem
    ) throws(FileError) -> [PartitionKey] {
        var keys: [PartitionKey] = []
        let root = DataDirectory.segments(directory)
        for classEntry in try entries(root, fileSystem) where classEntry.isDirectory {
            for dayEntry in try entries(root + "/" + classEntry.name, fileSystem)
            where dayEntry.isDirectory {
                let key = PartitionKey(className: classEntry.name, dayName: dayEntry.name)
                if let key { keys.append(key) }
            }
        }
        return keys
    }

    /// Removes what other segments supersede, as a crash leaves it.
    static func removeSuperseded(
        _ listing: Segments, _ directory: String, _ fileSystem: any FileSystem
    ) throws(FileError) {
        // The name of the segment that stays may not be durable yet, if its writer died before the directory's fsync.
        for key in Set(listing.superseded.map(\.key)) {
            try fileSystem.synchronizeDirectory(DataDirectory.partition(directory, key))
        }
        for file in listing.superseded { try fileSystem.remove(file.path) }
    }

    private static func add(
        _ key: PartitionKey, _ path: String, _ fileSystem: any FileSystem,
        to found: inout Segments
    ) throws(FileError) {
        var files: [SegmentFile] = []
        for entry in try entries(path, fileSystem) {
            let path = path + "/" + entry.name
            if let id = SegmentID(name: entry.name) {
                files.append(SegmentFile(key: key, id: id, path: path))
            } else if entry.name.hasSuffix(DataDirectory.temporarySuffix) {
                found.temporary.append(path)
            }
        }
        let rewritten = files.filter { $0.id.generation > 0 }
        for file in files {
            if rewritten.contains(where: { $0.id.supersedes(file.id) }) {
                found.superseded.append(file)
            } else {
                found.files.append(file)
            }
        }
    }

    /// The entries of a directory that retention may remove at any moment: none when it is gone.
    static func entries(
        _ path: String, _ fileSystem: any FileSystem
    ) throws(FileError) -> [DirectoryEntry] {
        do throws(FileError) {
            return try fileSystem.list(path)
        } catch  where error.isMissing {
            return []
        }
    }
}
