internal import ArgumentParser
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
            "Where files begin that are there already and were never read: start or end.",
            valueName: "place"))
    var from = FileStart.start.rawValue

    /// One source for all files; pipes and devices, which nobody can follow, have one each.
    func sources() throws -> [any LineSource] {
        for path in file where path == "-" {
            throw CommandFailure(
                "`\(path)` is no file; for standard input say `-` without --file")
        }
        guard let start = FileStart(rawValue: from) else {
            throw CommandFailure("--from is `start` or `end`, not `\(from)`")
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
