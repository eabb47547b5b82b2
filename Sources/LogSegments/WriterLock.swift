public import LogSystem

/// The lock of a data directory: one process writes at a time. Held as long as the value lives.
public final class WriterLock {
    private let file: any OpenFile

    /// Takes the lock of the data directory `directory`, which must exist.
    public init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem()
    ) throws(StoreError) {
        do throws(FileError) {
            _ = try fileSystem.list(DataDirectory.segments(directory))
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
