internal import LogMetrics
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The lines of files, followed through rotation as `tail -F` does, or read to their present ends.
public final class FilesSource: LineSource {
    /// `files`.
    public var name: String { "files" }

    private let options: FollowOptions
    private let fileSystem: any TailFileSystem
    private let watcher: InotifyWatcher
    private let clock = SystemClock()
    private let stopping = StopFlag()

    /// All files are looked at so often (nanoseconds), should a notice be missing: some file systems give none.
    private static let lookInterval: Int64 = 2_000_000_000
    /// The same where there are no notices at all.
    private static let blindLookInterval: Int64 = 250_000_000
    /// When little comes, it is gathered for so long (nanoseconds): one frame for the lines of many files, and of many writes.
    private static let lingerNanoseconds: Int64 = 50_000_000
    /// Looking at all files takes at most this part of the time.
    private static let lookShare: Int64 = 10

    /// A source that reads the files that `patterns` match.
    ///
    /// - Parameters:
    ///   - patterns: paths, or patterns of paths (`*`, `?`, `[a-z]`, `**`, `{a,b}`); relative to the working directory.
    ///   - start: where files begin that are there now and were never read before. Others begin at their start.
    ///   - isFollowing: false to read to the present ends only; then every pattern must match a file that can be read.
    public init(patterns: [String], from start: FileStart = .start, isFollowing: Bool = true) throws
    {
        var directory = "/"
        if let working = getcwd(nil, 0) {
            directory = String(cString: working)
            free(working)
        }
        let fileSystem = DiskTailFileSystem()
        var options = FollowOptions(
            patterns: patterns.map { Self.pattern($0, in: directory, fileSystem) })
        options.from = start
        options.isFollowing = isFollowing
        options.openFilesMax = DiskTailFileSystem.raiseOpenFilesLimit()
        for pattern in options.patterns { try Self.check(pattern, isFollowing, fileSystem) }
        self.options = options
        self.fileSystem = fileSystem
        watcher = try InotifyWatcher(clock: clock)
    }

    /// A path that is there is that path, whatever characters it has.
    private static func pattern(
        _ text: String, in directory: String, _ fileSystem: some TailFileSystem
    ) -> PathPattern {
        PathPattern(text, in: directory, isLiteral: (try? fileSystem.status(text)) != nil)
    }

    /// Tells at once what can never be read.
    private static func check(
        _ pattern: PathPattern, _ isFollowing: Bool, _ fileSystem: some TailFileSystem
    ) throws {
        guard !pattern.isPattern else {
            let found = pattern.expand(
                list: { (try? fileSystem.list($0)) ?? [] }, visited: { _ in },
                isDirectory: { (try? fileSystem.status($0))?.kind == .directory })
            if found.isEmpty, !isFollowing {
                throw FileError(operation: "find a file for", path: pattern.text, code: ENOENT)
            }
            return
        }
        do throws(FileError) {
            if try fileSystem.open(pattern.text).status().kind == .directory {
                throw FileError(operation: "read lines from", path: pattern.text, code: EISDIR)
            }
        } catch {
            // What is not there yet may come.
            guard isFollowing, error.isMissing else { throw error }
        }
    }

    /// `--file GLOB`.
    static let kind = LineSourceKind(
        option: "file", help: "Lines of files, followed through rotation."
    ) { try FilesSource(patterns: [$0]) }

    /// Reads until `stop`, or to the present ends.
    public func run(in context: SourceContext) throws {
        let follower = FileFollower(
            options: options, fileSystem: fileSystem, sink: context.outlet,
            counters: context.counters, clock: clock, report: context.report)
        follower.recover(context.positions)
        tellMissing(context)
        var nextLook: Int64 = 0
        var isBlind = false
        while !stopping.isSet {
            let began = clock.monotonic()
            if follower.needsScan && began >= follower.scanAllowed || began >= nextLook {
                follower.scan()
                isBlind = watchDirectories(of: follower, isBlind, context)
                let now = clock.monotonic()
                nextLook = now + (isBlind ? Self.blindLookInterval : Self.lookInterval)
                follower.scanAllowed = now + (now - began) * Self.lookShare
            }
            follower.tend()
            guard let isBusy = follower.pass() else { return }
            if !options.isFollowing, follower.isFinished {
                follower.tend()
                break
            }
            wait(for: follower, isBusy: isBusy, began: began, nextLook)
        }
        _ = follower.flush()
        follower.noteGauges()
    }

    /// Ends `run` after the files that it is at.
    public func stop() {
        stopping.set()
        watcher.wake()
    }

    private func tellMissing(_ context: SourceContext) {
        for pattern in options.patterns where !pattern.isPattern {
            if let error = Self.missing(pattern.text, fileSystem) {
                context.report("\(error); it is read when it comes")
            }
        }
    }

    private static func missing(_ path: String, _ fileSystem: any TailFileSystem) -> FileError? {
        do throws(FileError) {
            _ = try fileSystem.status(path)
            return nil
        } catch {
            return error
        }
    }

    private func watchDirectories(
        of follower: FileFollower, _ wasBlind: Bool, _ context: SourceContext
    ) -> Bool {
        guard options.isFollowing else { return false }
        let isBlind = !watcher.watch(follower.directories)
        if isBlind, !wasBlind {
            context.report(
                "not all directories can be watched (see the sysctl fs.inotify.max_user_watches); "
                    + "files are looked at 4 times a second instead")
        }
        return isBlind
    }

    /// Waits for notices; where little comes, until it is worth a chunk.
    private func wait(for follower: FileFollower, isBusy: Bool, began: Int64, _ nextLook: Int64) {
        var due = nextLook
        if let other = follower.nextDue() { due = min(due, other) }
        if follower.needsScan { due = min(due, follower.scanAllowed) }
        if isBusy || !options.isFollowing { due = 0 }
        take(watcher.wait(until: due), follower)
        let lingerEnd = began + Self.lingerNanoseconds
        while !isBusy, options.isFollowing, !stopping.isSet, clock.monotonic() < lingerEnd {
            take(watcher.wait(until: 0), follower)
            stopping.wait(until: lingerEnd)
        }
    }

    private func take(_ notices: [DirectoryNotice], _ follower: FileFollower) {
        for notice in notices {
            switch notice {
            case .written(let path): follower.noteWrite(path)
            case .changed(let path, let isDirectory):
                follower.noteChange(path, isDirectory: isDirectory)
            case .all:
                follower.count(.overflow)
                follower.needsScan = true
                follower.scanAllowed = 0
            }
        }
    }
}

/// Set once, by any thread.
private final class StopFlag: @unchecked Sendable {
    private let lock = Lock()
    private var value = false

    var isSet: Bool { lock.locked { value } }

    func set() {
        lock.locked {
            value = true
            lock.signal()
        }
    }

    /// Waits until it is set, or the monotonic time `deadline`.
    func wait(until deadline: Int64) {
        lock.locked {
            while !value {
                if !lock.wait(until: deadline) { return }
            }
        }
    }
}
