import LogBytes
import LogSystem

/// The machine's disk while a writer appends: journal files have `firstBytes` bytes when their size is asked for the first
/// time, and all of them from the second time on.
struct GrowingFileSystem: FileSystem {
    let firstBytes: Int
    private let disk = DiskFileSystem()

    init(firstBytes: Int) { self.firstBytes = firstBytes }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        let file = try disk.open(path, mode)
        return path.hasSuffix(".journal") ? GrowingFile(file, firstBytes) : file
    }

    func list(_ directory: String) throws(FileError) -> [DirectoryEntry] {
        try disk.list(directory)
    }

    func makeDirectory(_ path: String) throws(FileError) -> Bool { try disk.makeDirectory(path) }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try disk.rename(path, to: newPath)
    }

    func remove(_ path: String) throws(FileError) { try disk.remove(path) }

    func removeDirectory(_ path: String) throws(FileError) { try disk.removeDirectory(path) }

    func synchronizeDirectory(_ path: String) throws(FileError) {
        try disk.synchronizeDirectory(path)
    }
}

private final class GrowingFile: OpenFile {
    private let file: any OpenFile
    private let firstBytes: Int
    private let lock = Lock()
    private nonisolated(unsafe) var asked = 0

    init(_ file: any OpenFile, _ firstBytes: Int) {
        self.file = file
        self.firstBytes = firstBytes
    }

    var path: String { file.path }

    func size() throws(FileError) -> Int {
        let isFirst = lock.locked { () -> Bool in
            // The listing sums up the sizes before the journal is read.
            asked += 1
            return asked <= 2
        }
        let size = try file.size()
        return isFirst ? min(firstBytes, size) : size
    }

    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    func write(_ bytes: ByteView, at offset: Int) throws(FileError) {
        try file.write(bytes, at: offset)
    }

    func synchronize() throws(FileError) { try file.synchronize() }

    func truncate(to size: Int) throws(FileError) { try file.truncate(to: size) }

    func tryLock() throws(FileError) -> Bool { try file.tryLock() }
}
