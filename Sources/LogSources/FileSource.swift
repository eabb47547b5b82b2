internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The lines of a named pipe or a device, up to its end: what can be read once, and has no place to come back to.
public final class FileSource: LineSource {
    /// The file's path.
    public let name: String
    private let descriptor: Int32
    private let reader: DescriptorReader

    /// The file at `path`, opened now so that a wrong path is told before anything is read.
    public init(path: String) throws {
        name = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FileError(operation: "open", path: path, code: errno)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            close(descriptor)
            throw FileError(operation: "read lines from", path: path, code: EISDIR)
        }
        do {
            reader = try DescriptorReader(descriptor: descriptor, name: path)
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// Whether `path` names something that is no file and no directory.
    public static func isPipe(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
    }

    /// Reads to the file's end.
    public func run(in context: SourceContext) throws {
        try reader.run(in: context)
    }

    /// Ends `run` after the read that it is in.
    public func stop() { reader.stop() }
}
