internal import Glibc
internal import LogBytes
public import LogSystem

/// What people tell a running weir: lines of text in files of `DATA/state/commands`, one each, which the command line writes
/// and the ingester carries out and removes. So a command needs no server, waits while nobody runs, and whoever may write into
/// the data directory may give one.
public struct CommandSpool: Sendable {
    /// A command that waits.
    public struct Entry: Equatable, Sendable {
        /// Names it; the order of ids is the order of commands.
        public let id: String
        /// The command; nil where its file is damaged.
        public let line: String?
    }

    private let state: String
    private let path: String
    private let fileSystem: any FileSystem

    static let directoryName = "commands"
    static let suffix = ".command"
    /// Commands that wait at most: people give some a day, and a loop that goes wrong must not fill the disk.
    static let entriesMax = 10_000

    /// The commands of the data directory `directory`.
    public init(directory: String, fileSystem: any FileSystem = DiskFileSystem()) {
        state = DataDirectory.state(directory)
        path = state + "/" + Self.directoryName
        self.fileSystem = fileSystem
    }

    /// Puts a command there, durably. `id` consists of digits, lower-case letters and hyphens.
    public func put(_ line: String, id: String) throws(StoreError) {
        do throws(FileError) {
            try fileSystem.makeDirectories(path)
            guard try fileSystem.list(path).count < Self.entriesMax else {
                throw FileError(operation: "add a command to", path: path, code: ENOSPC)
            }
            try StateFile.sealed(line).withView { view throws(FileError) in
                try fileSystem.replace(path + "/" + id + Self.suffix, in: path, with: view)
            }
            try fileSystem.synchronizeDirectory(state)
        } catch {
            throw .file(error)
        }
    }

    /// The commands that wait, in order.
    public func entries() throws(StoreError) -> [Entry] {
        do throws(FileError) {
            let names = try fileSystem.list(path).map(\.name)
            var entries: [Entry] = []
            for name in names.sorted() where name.hasSuffix(Self.suffix) {
                let bytes = try fileSystem.readAll(path + "/" + name)
                let line = StateFile.text(bytes).map { String($0.prefix { $0 != "\n" }) }
                entries.append(Entry(id: String(name.dropLast(Self.suffix.count)), line: line))
            }
            return entries
        } catch {
            if error.isMissing { return [] }
            throw .file(error)
        }
    }

    /// Removes a command that has been carried out.
    public func remove(_ id: String) throws(StoreError) {
        do throws(FileError) {
            try fileSystem.remove(path + "/" + id + Self.suffix)
        } catch {
            if !error.isMissing { throw .file(error) }
        }
    }
}
