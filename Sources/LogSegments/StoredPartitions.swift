public import LogQuery
internal import LogRecords
public import LogSystem

/// What lies in the directory of one class and day, as one look found it.
struct PartitionContents {
    let key: PartitionKey
    /// The files that are its lines', in the order in which they may be removed: what others supersede goes first, or a crash
    /// would bring it back.
    var files: [String] = []
    /// Their bytes.
    var storedBytes = 0
    /// Segments whose lines are not in other segments.
    var segments = 0
    /// Lines in those that can be read.
    var lines = 0
    /// The time of its newest line.
    var newest = Int64.min
    /// When the last of its lines came in.
    var lastArrival = Int64.min
    /// Why nobody knows what is in it; nil when everything is known that matters.
    var unreadable: String?

    /// The last nanosecond of its day, which no line of it is behind.
    var dayEnd: Int64 { Int64(key.day.daysSinceEpoch + 1) &* Timestamp.day &- 1 }

    /// Takes in what a segment's footer says; why it could not be read.
    mutating func add(_ file: SegmentFile, _ fileSystem: any FileSystem) -> ScanFault? {
        segments += 1
        do throws(StoreError) {
            let footer = try SegmentReader(path: file.path, fileSystem: fileSystem).footer
            lines += footer.rows
            newest = max(newest, footer.blocks.map(\.lastTime).max() ?? dayEnd)
            lastArrival = max(lastArrival, footer.arrivals.upperBound)
            return nil
        } catch {
            switch error {
            case .damaged:
                // When its last line came in is lost with it; no line is behind the end of the day.
                newest = max(newest, dayEnd)
            case .file(let cause) where cause.isMissing:
                // Merged or dropped since it was listed: another look will tell.
                unreadable = "it is being changed"
                return nil
            default:
                // Of a newer release, or on a disk that fails: what cannot be read is not judged.
                unreadable = "\(error)"
            }
            return SegmentStore.fault(error, file: file.path)
        }
    }
}

/// All partitions of a data directory, with what retention has to know of each: read from names and footers, without a lock.
public struct StoredPartitions {
    let partitions: [PartitionContents]
    /// Segments that could not be read.
    public private(set) var faults: [ScanFault] = []

    /// Looks at the data directory `directory`.
    public init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem()
    ) throws(StoreError) {
        let listing: DirectoryListing.Segments
        var found: [PartitionKey: PartitionContents] = [:]
        do throws(FileError) {
            _ = try fileSystem.list(DataDirectory.segments(directory))
            listing = try DirectoryListing.segments(directory, fileSystem)
            for key in try DirectoryListing.partitions(directory, fileSystem) {
                found[key] = PartitionContents(key: key)
            }
            for file in listing.superseded + listing.files {
                found[file.key]?.files.append(file.path)
            }
            for key in found.keys {
                let path = DataDirectory.partition(directory, key)
                // What was set aside is of the same day, and goes with it.
                for entry in try DirectoryListing.entries(path, fileSystem)
                where !entry.isDirectory && SetAsideName.isOne(entry.name) {
                    found[key]?.files.append(path + "/" + entry.name)
                }
            }
        } catch {
            throw error.isMissing ? .noDirectory(directory) : .file(error)
        }
        var faults: [ScanFault] = []
        for (key, var contents) in found {
            for path in contents.files {
                contents.storedBytes += (try? fileSystem.open(path, .read).size()) ?? 0
            }
            found[key] = contents
        }
        for file in listing.files {
            if let fault = found[file.key]?.add(file, fileSystem) { faults.append(fault) }
        }
        partitions = found.values.sorted { $0.key < $1.key }
        self.faults = faults
    }

    /// What becomes of each partition at the time `now`, nanoseconds since the epoch.
    public func plan(_ policy: RetentionPolicy, now: Int64) -> RetentionPlan {
        RetentionPlan(partitions, policy: policy, now: now)
    }

    /// The newest time that is certain from what is stored; nil when nothing is.
    ///
    /// A line's own time may lie ahead, and a clock that had leapt may have been on the arrival: the earlier of the two counts.
    static func newestTime(_ directory: String, _ fileSystem: any FileSystem) -> Int64? {
        var newest = (try? StoredPartitions(directory: directory, fileSystem: fileSystem))?
            .partitions
            .filter { $0.segments > 0 && $0.lastArrival > .min }
            .map { min($0.newest, $0.lastArrival) }.max()
        for (_, path) in (try? DirectoryListing.journals(directory, fileSystem)) ?? [] {
            guard let file = try? fileSystem.open(path, .read),
                let reader = try? JournalReader(file: file, checksums: false)
            else { continue }
            for entry in reader.entries {
                let time = min(entry.header.lastTime, entry.header.arrivalTime)
                newest = max(newest ?? time, time)
            }
        }
        return newest
    }
}
