public import LogAlerting
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The kind `file`.
public struct FileKind: ChannelKind {
    /// `file`.
    public let name = "file"
    /// One line for help.
    public let summary = "lines at the end of a file, as JSON or for people"

    /// The kind.
    public init() {}

    /// `path`, and `format`: `json` (a notification on a line) or `text` (an alert on a line).
    public func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker {
        let path = try settings.required("path")
        let isText = try settings.word("format", of: ["json", "text"]) == "text"
        return { name, _ in FileChannel(name: name, path: path, isText: isText) }
    }
}

/// Appends to a file that it opens for each notification, so that a log rotator may rename it at any time. The file is made with
/// mode 0600; a symbolic link in its place is not followed.
final class FileChannel: Channel {
    let name: String
    private let path: String
    private let isText: Bool

    var showsLines: Bool { !isText }

    private static let mode: mode_t = 0o600

    init(name: String, path: String, isText: Bool) {
        self.name = name
        self.path = path
        self.isText = isText
    }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        let lines =
            isText ? AlertLine.lines(notification) : [WebhookBody.text(notification)]
        var bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        let flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let file = open(path, flags, Self.mode)
        guard file >= 0 else { throw failure("open", errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure("look at", errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ChannelError(
                receiver: name,
                message: "\(path) is no file; a program or a socket is reached by "
                    + "`command_configs` or `webhook_configs`", isTemporary: false)
        }
        // What a crash cut off gets a line of its own.
        var last: UInt8 = 10
        if status.st_size > 0 { _ = pread(file, &last, 1, status.st_size - 1) }
        if last != 10 { bytes.insert(10, at: 0) }
        let written = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        guard written == bytes.count else {
            let code = written < 0 ? errno : ENOSPC
            // Half a line would be taken for a whole one.
            _ = ftruncate(file, status.st_size)
            throw failure("write to", code)
        }
        guard fdatasync(file) == 0 else { throw failure("write to", errno) }
    }

    private func failure(_ operation: String, _ code: Int32) -> ChannelError {
        let error = FileError(operation: operation, path: path, code: code)
        // A symbolic link or a missing directory stays until somebody does something, which the retries wait for.
        return ChannelError(receiver: name, message: "\(error)", isTemporary: true)
    }
}
