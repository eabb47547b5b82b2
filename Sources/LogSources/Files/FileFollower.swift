internal import LogBytes
internal import LogMetrics
internal import LogSystem

/// Follows files: finds them, knows them again, reads what is new, and says with each chunk how far.
///
/// All of it happens on one thread, step by step: `scan` looks which files there are, `pass` gives every file that has
/// something new a turn, `tend` sees to what is due by time. Nothing in here waits but for an empty chunk, and not for long,
/// so that files are opened, and thereby kept, also while nothing can be stored.
///
/// **What is certain.** A mark is sent with the lines before it, so the journal holds both or none. A change that brings no
/// line (a content has ended, a copy was known) is sent with every chunk until one with lines has taken it along: no later
/// mark can become durable without it.
final class FileFollower {
    let options: FollowOptions
    let fileSystem: any TailFileSystem
    let sink: any ChunkSink
    let counters: MetricsRegistry
    let clock: any WallClock
    let report: (String) -> Void

    /// The files that are there.
    var files: [FileKey: FollowedFile] = [:]
    /// Those of a directory and log, for finding copies.
    var families: [String: [FollowedFile]] = [:]
    var ghosts: [FileContentID: Ghost] = [:]
    var ghostFamilies: [String: [FileContentID]] = [:]
    /// The last generation of each inode that a ghost has: a new file there begins with the next, so that no two contents
    /// share a name.
    var lastGenerations: [FileKey: Int] = [:]
    /// The files by the paths that notices of change name.
    var byPath: [String: FollowedFile] = [:]
    /// Marks of an earlier run whose files have not been found yet.
    var recovered: [FileKey: FileMark] = [:]
    var queue: [FollowedFile] = []
    var openFiles: [FollowedFile] = []
    /// The directories in which something may happen that matters.
    var directories: Set<String> = []
    var hasScanned = false
    var needsScan = true
    /// The monotonic time before which no further look at all files is worth its cost.
    var scanAllowed: Int64 = 0
    var turns = 0
    var found = 0
    var refusedFiles = 0

    // What is being sent.
    var chunk: ByteChunk?
    var touched: [FollowedFile] = []
    /// Positions that no chunk with lines has taken along yet, by their keys.
    var unframed: [String: SourcePosition] = [:]
    var hasUnsent = false
    /// The bytes in front of the offset, read with what follows.
    var front: [UInt8]

    /// The name under which lines and bytes of all files are counted.
    static let sourceName = "file"

    init(
        options: FollowOptions, fileSystem: any TailFileSystem, sink: any ChunkSink,
        counters: MetricsRegistry, clock: any WallClock, report: @escaping (String) -> Void
    ) {
        self.options = options
        self.fileSystem = fileSystem
        self.sink = sink
        self.counters = counters
        self.clock = clock
        self.report = report
        front = [UInt8](repeating: 0, count: options.sizes.tailBytes)
    }

    /// Takes what an earlier run has left.
    func recover(_ positions: [SourcePosition]) {
        for position in positions {
            guard position.key.hasPrefix(FileMark.keyPrefix) else { continue }
            guard let (key, generation) = FileMark.parse(key: position.key),
                let mark = FileMark(position)
            else {
                count(.badPosition)
                report("the stored position \(position.key) is not understood; it is left alone")
                continue
            }
            // Files that this run is not about keep their positions.
            let isOurs = options.patterns.contains { $0.matches(mark.origin) }
            if let generation {
                guard isOurs else { continue }
                var ghost = Ghost(id: FileContentID(key: key, generation: generation), mark: mark)
                if mark.isInDoubt { ghost.doubtDue = clock.monotonic() + options.doubtNanoseconds }
                add(ghost)
            } else {
                recovered[key] = mark
            }
        }
    }

    // MARK: What is noted

    func count(_ event: FileEvent, _ amount: Int = 1) {
        counters.add(.fileEvents, amount, label: event.rawValue)
    }

    /// Has the mark written down with the next chunk.
    func note(_ file: FollowedFile) {
        let key = FileMark.key(file.key)
        file.mark.seen = clock.now() / 1_000_000_000
        if !file.hasOtherBirth, file.born != 0 { file.mark.born = file.born }
        unframed[key] = file.mark.position(key)
        hasUnsent = true
    }

    func note(_ ghost: Ghost) {
        unframed[ghost.key] = ghost.mark.position(ghost.key)
        hasUnsent = true
    }

    func forget(_ key: String) {
        var position = SourcePosition(key: key, offset: 0)
        position.isForgotten = true
        unframed[key] = position
        hasUnsent = true
    }

    func enqueue(_ file: FollowedFile) {
        guard !file.isQueued, file.phase != .refused else { return }
        file.isQueued = true
        queue.append(file)
    }

    /// Everything that is there has been read.
    var isFinished: Bool { hasScanned && queue.isEmpty && !hasUnsent && touched.isEmpty }

    /// The monotonic time at which something is due, should nothing happen before.
    func nextDue() -> Int64? {
        var due = ghosts.values.compactMap(\.doubtDue).min()
        for file in openFiles {
            var wait: Int64?
            if file.presence != .named { wait = options.graceNanoseconds }
            if file.heldBytes > 0 { wait = min(wait ?? .max, options.halfLineNanoseconds) }
            if let wait { due = min(due ?? .max, file.lastChange + wait) }
        }
        return due
    }

    // MARK: Tables

    func add(_ file: FollowedFile) {
        found += 1
        file.serial = found
        files[file.key] = file
        families[file.family, default: []].append(file)
        byPath[file.path] = file
        byPath[file.mark.place] = file
    }

    func remove(_ file: FollowedFile) {
        close(file)
        files[file.key] = nil
        let family = file.family
        families[family]?.removeAll { $0 === file }
        if families[family]?.isEmpty == true { families[family] = nil }
        for path in [file.path, file.mark.place] where byPath[path] === file { byPath[path] = nil }
    }

    func add(_ ghost: Ghost) {
        let last = lastGenerations[ghost.id.key] ?? ghost.id.generation
        lastGenerations[ghost.id.key] = max(last, ghost.id.generation)
        ghosts[ghost.id] = ghost
        ghostFamilies[ghost.mark.family, default: []].append(ghost.id)
    }

    func remove(_ ghost: Ghost) {
        ghosts[ghost.id] = nil
        ghostFamilies[ghost.mark.family]?.removeAll { $0 == ghost.id }
        if ghostFamilies[ghost.mark.family]?.isEmpty == true {
            ghostFamilies[ghost.mark.family] = nil
        }
    }
}
