internal import LogSystem

/// The directories of a data directory whose names are known to be durable.
///
/// A directory that is there need not be durable: a process that died, or whose fsync failed, may have made it a moment
/// before. So the directory above is fsynced once for each that this process has not seen durable yet.
struct DurableDirectories {
    private let fileSystem: any FileSystem
    private let root: String
    private var durable: Set<String> = []

    /// Directories in the data directory `root`.
    init(root: String, fileSystem: any FileSystem) {
        self.root = root
        self.fileSystem = fileSystem
    }

    /// Makes the data directory and its name durable. Where weir may not look at the directory above, it did not make this
    /// one.
    func makeRoot() throws(FileError) {
        try fileSystem.makeDirectories(root)
        do throws(FileError) {
            try fileSystem.synchronizeDirectory(Self.parent(of: root))
        } catch  where error.isDenied {
        }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes a directory below the data directory and those between, where missing, and makes their names durable.
    mutating func make(_ path: String) throws(FileError) {
        var parent = root
        for name in path.dropFirst(root.count).split(separator: "/") {
            let child = parent + "/" + name
            if try fileSystem.makeDirectory(child) { durable.remove(child) }
            if !durable.contains(child) {
                try fileSystem.synchronizeDirectory(parent)
                durable.insert(child)
            }
            parent = child
        }
    }
}
