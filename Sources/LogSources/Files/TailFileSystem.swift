internal import LogSystem

/// Which file it is, whatever it is called: the device and the inode. A file system gives an inode to another file as soon as
/// the last name and the last descriptor of the first are gone.
struct FileKey: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
}

/// What a file system says about a file.
struct TailStatus: Equatable, Sendable {
    enum Kind: Sendable {
        case file, directory, other
    }

    var key: FileKey
    var kind: Kind
    /// Bytes.
    var size: Int
    /// Nanoseconds since the epoch.
    var modified: Int64
    /// Names that it has; none when it is deleted and somebody has it open.
    var links: Int
}

/// A name in a directory.
struct TailEntry: Sendable {
    var name: String
    var inode: UInt64
    /// Whether the name is that of a directory, or may be: of a symbolic link, or on a file system that does not tell.
    var mayBeDirectory: Bool
}

/// What following files asks of a file system: reading only, symbolic links followed. A simulation replaces it.
protocol TailFileSystem: Sendable {
    /// Opens a file for reading; never waits, whatever the path names.
    func open(_ path: String) throws(FileError) -> any TailFile
    /// What `path` names.
    func status(_ path: String) throws(FileError) -> TailStatus
    /// The entries of a directory but `.` and `..`, sorted by name.
    func list(_ directory: String) throws(FileError) -> [TailEntry]
    /// `path` without symbolic links.
    func resolve(_ path: String) throws(FileError) -> String
}

/// A file open for reading; closed when the last reference goes.
protocol TailFile: OffsetReading {
    /// When the file was made (nanoseconds since the epoch); 0 where nobody knows. It tells a file from the one that had its
    /// inode before.
    var born: Int64 { get }
    func status() throws(FileError) -> TailStatus
}
