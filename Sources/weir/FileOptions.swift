internal import ArgumentParser
internal import LogSegments
internal import LogSources

/// Which files `weir ingest` reads, and how.
struct FileOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Files to follow through rotation, as tail -F does; patterns know *, ?, [a-z], {a,b} and "
                + "** for any directories. A restart reads on where the last run ended.",
            valueName: "glob"))
    var file: [String] = []

    @Flag(name: .customLong("no-follow"), help: "Read the files to their present ends and stop.")
    var isOnce = false

    @Option(
        help: ArgumentHelp(
            "Where files begin that are there already and were never read: start or end. "
                + "(default: start)", valueName: "place"))
    var from: String?

    /// Which files were read is what the damaged file said: who names files must say then what that means for them.
    var damagedPositions: StoreOptions.DamagedPositions {
        file.isEmpty || from != nil ? .setAside : .refuse
    }

    /// One source for all files; pipes and devices, which nobody can follow, have one each.
    func sources() throws -> [any LineSource] {
        for path in file where path == "-" {
            throw CommandFailure(
                "`\(path)` is no file; for standard input say `-` without --file")
        }
        let name = from ?? FileStart.start.rawValue
        guard let start = FileStart(rawValue: name) else {
            throw CommandFailure("--from is `start` or `end`, not `\(name)`")
        }
        let pipes = file.filter { FileSource.isPipe($0) }
        let files = file.filter { !FileSource.isPipe($0) }
        var sources: [any LineSource] = try pipes.map { try FileSource(path: $0) }
        if !files.isEmpty {
            sources.append(try FilesSource(patterns: files, from: start, isFollowing: !isOnce))
        }
        return sources
    }
}
