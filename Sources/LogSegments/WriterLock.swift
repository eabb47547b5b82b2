public import LogSystem

/// The lock of a data directory: one process writes at a time. Held as long as the value lives.
public final class WriterLock {
    private let file: any OpenFile

    /// Takes the lock of the data directory `directory`, which must exist.
    public convenience init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem()
    ) throws(StoreError) {
        do throws(FileError) {
            _ = try fileSystem.list(DataDirectory.segments(directory))
        } catch {
            throw error.isMissing ? .noDirectory(directory) : .writing(error)
        }
        try self.init(dataDirectory: directory, fileSystem: fileSystem)
    }

    /// Takes the lock of `directory`, which is known to be a data directory, whatever is missing in it.
    init(dataDirectory directory: String, fileSystem: any FileSystem) throws(StoreError) {
        do throws(FileError) {
            file = try fileSystem.open(DataDirectory.lock(directory), .readWrite)
        } catch {
            throw error.isMissing ? .noDirectory(directory) : .writing(error)
        }
        let isLocked: Bool
        do throws(FileError) {
            isLocked = try file.tryLock()
        } catch {
            throw .file(error)
        }
        guard isLocked else { throw .inUse(directory: directory) }
    }
}
