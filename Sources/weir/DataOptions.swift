internal import ArgumentParser
internal import LogSegments

/// The option `--data` of commands that read several data directories as one.
struct DataOptions: ParsableArguments {
    @Option(
        name: .customLong("data"),
        help: """
            The data directory (default: $WEIR_DATA, else ./weir-data); said repeatedly, \
            their lines come as one.
            """, completion: .directory)
    var paths: [String] = []

    func validate() throws {
        guard !paths.contains("") else { throw ValidationError("--data names no directory") }
    }

    /// The data directories, each once.
    var directories: [String] {
        if paths.isEmpty { return [DataOption().standard] }
        var seen = Set<String>()
        return paths.filter { seen.insert($0).inserted }
    }

    /// Looks at all of them.
    func open() throws -> [SegmentStore] {
        do throws(StoreError) {
            var stores: [SegmentStore] = []
            for directory in directories { stores.append(try SegmentStore(directory: directory)) }
            return stores
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}
