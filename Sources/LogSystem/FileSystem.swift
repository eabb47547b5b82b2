public import LogBytes

/// How a file is opened. Files that weir makes have mode 0600; symbolic links are never followed in a data directory.
public enum OpenMode: Sendable {
    /// For reading; it must exist.
    case read
    /// For reading and writing; it must not exist yet.
    case createNew
    /// As `createNew`, for what is hardly ever read: large pieces are written past the page cache where that can be done.
    case createLog
    /// For reading and writing; made when it does not exist.
    case readWrite
    /// As `readWrite`, outside the data directory: everybody may read the file.
    case readWriteShared
    /// For reading, outside the data directory: symbolic links are followed.
    case readAnywhere

    /// Of a large piece for a file opened with `createLog` no copy is made where its address and its offset in the file leave the
    /// same rest, divided by so many bytes.
    public static var blockBytes: Int { 4_096 }
}

/// An open file. Closed when the last reference goes. Threads may call it at once.
public protocol OpenFile: AnyObject, Sendable {
    /// The path it was opened under.
    var path: String { get }
    /// The number of bytes in the file.
    func size() throws(FileError) -> Int
    /// Reads up to `buffer.count` bytes from `offset`; the number read, 0 at the end of the file.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileError) -> Int
    /// Writes all of `bytes` at `offset`. After a failure some of them may have been written from the
    /// first on, and never all.
    func write(_ bytes: ByteView, at offset: Int) throws(FileError)
    /// Makes content and size durable. After a failure the file's state on disk is unknown: never call it again on this
    /// descriptor to find out (the kernel reports a lost write once).
    func synchronize() throws(FileError)
    /// Cuts the file to `size` bytes.
    func truncate(to size: Int) throws(FileError)
    /// Takes the exclusive lock of the file for as long as it is open; false when somebody else has it.
    func tryLock() throws(FileError) -> Bool
}

/// One name in a directory.
public struct DirectoryEntry: Sendable, Equatable {
    /// The name without its directory.
    public let name: String
    /// Whether it is a directory.
    public let isDirectory: Bool

    /// An entry of that name.
    public init(name: String, isDirectory: Bool) {
        self.name = name
        self.isDirectory = isDirectory
    }
}

/// What a path names, and who may use it.
public struct FileAttributes: Sendable, Equatable {
    /// What a path can name.
    public enum Kind: Sendable, Equatable {
        case file, directory, symbolicLink
        /// A socket, pipe or device.
        case other
    }

    /// What the path names; a symbolic link is not followed.
    public let kind: Kind
    /// The permissions as `chmod` takes them: 0o700.
    public let permissions: UInt32

    /// These attributes.
    public init(kind: Kind, permissions: UInt32) {
        self.kind = kind
        self.permissions = permissions
    }
}

/// Where files live. Nothing else in weir calls the operating system for files, so a simulation can replace it.
public protocol FileSystem: Sendable {
    /// Opens a file.
    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any OpenFile
    /// The entries of a directory without `.` and `..`, sorted by name.
    func list(_ directory: String) throws(FileError) -> [DirectoryEntry]
    /// What `path` names, and who may use it; nil where a file system does not know.
    func attributes(_ path: String) throws(FileError) -> FileAttributes?
    /// Makes a directory (mode 0700) in one that is there; false when it is there already.
    func makeDirectory(_ path: String) throws(FileError) -> Bool
    /// Gives a file another name in one step, replacing what had it.
    func rename(_ path: String, to newPath: String) throws(FileError)
    /// Removes a file.
    func remove(_ path: String) throws(FileError)
    /// Removes an empty directory.
    func removeDirectory(_ path: String) throws(FileError)
    /// Makes the names in a directory durable.
    func synchronizeDirectory(_ path: String) throws(FileError)
}

extension FileSystem {
    /// Not known.
    public func attributes(_ path: String) throws(FileError) -> FileAttributes? { nil }

    /// Makes a directory (mode 0700) and those above it, where missing, and makes the names of those made durable.
    public func makeDirectories(_ path: String) throws(FileError) {
        let parent = Self.parent(of: path)
        do throws(FileError) {
            guard try makeDirectory(path) else { return }
        } catch {
            guard error.isMissing, parent != path else { throw error }
            try makeDirectories(parent)
            // Where nothing can be made, as in /proc, the parent is there and the error stays.
            guard try makeDirectory(path) else { return }
        }
        try synchronizeDirectory(parent)
    }

    /// The directory that `path` is in.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The whole content of a file.
    public func readAll(_ path: String, _ mode: OpenMode = .read) throws(FileError) -> [UInt8] {
        let file = try open(path, mode)
        return try file.readBytes(at: 0, count: try file.size())
    }

    /// Replaces the content of a small file in one step: a temporary file, fsync, rename, fsync of the directory.
    public func replace(
        _ path: String, in directory: String, with bytes: ByteView, _ mode: OpenMode = .readWrite
    ) throws(FileError) {
        try replace(path, in: directory, mode) { file throws(FileError) in
            try file.write(bytes, at: 0)
        }
    }

    /// As above, for a content that `body` writes into an empty file.
    public func replace(
        _ path: String, in directory: String, _ mode: OpenMode = .readWrite,
        _ body: (any OpenFile) throws(FileError) -> Void
    ) throws(FileError) {
        let temporary = path + ".tmp"
        let file = try open(temporary, mode)
        try file.truncate(to: 0)
        try body(file)
        try file.synchronize()
        do throws(FileError) {
            try rename(temporary, to: path)
        } catch {
            try? remove(temporary)
            throw FileError(operation: "replace", path: path, code: error.code)
        }
        try synchronizeDirectory(directory)
    }
}

/// Writes a file from its beginning on, piece by piece, for writers that cannot throw in between.
public final class FilePieces {
    private let file: any OpenFile
    private var size = 0
    private var failure: FileError?

    /// Pieces of `file`, which is empty.
    public init(_ file: any OpenFile) { self.file = file }

    /// Writes a piece behind the others; after a failure nothing.
    public func append(_ piece: ByteView) {
        guard failure == nil else { return }
        do throws(FileError) {
            try file.write(piece, at: size)
            size += piece.count
        } catch {
            failure = error
        }
    }

    /// Throws what went wrong.
    public func finish() throws(FileError) {
        if let failure { throw failure }
    }
}

extension OpenFile {
    /// Reads `count` bytes from `offset`, fewer where the file ends.
    public func readBytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(count, 0)) { buffer, done in
            let room = UnsafeMutableRawBufferPointer(buffer)
            do throws(FileError) {
                while done < count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: room[done..<count])
                    let step = try read(into: rest, at: offset + done)
                    if step == 0 { break }
                    done += step
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
