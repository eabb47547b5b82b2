internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The lines of one file, from its start to its present end.
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

    /// `--file PATH`.
    static let kind = LineSourceKind(
        option: "file", help: "Lines of a file, from its start to its end."
    ) { try FileSource(path: $0) }

    /// Reads to the file's end.
    public func run(in context: SourceContext) throws {
        try reader.run(in: context)
    }

    /// Ends `run` after the read that it is in.
    public func stop() { reader.stop() }
}
