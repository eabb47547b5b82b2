public import LogAlerting
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension SecretSource {
    /// Files that nobody but their owner can read.
    ///
    /// - Parameter path: the alert file; paths that are not absolute begin in its directory.
    public static func system(besides path: String) -> SecretSource {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        return SecretSource { (path) throws(SecretError) in
            try read(path.hasPrefix("/") ? path : directory + path)
        }
    }

    /// Longer files are no secrets.
    private static let bytesMax = 64 << 10

    private static func read(_ path: String) throws(SecretError) -> String {
        let system = DiskFileSystem()
        do throws(FileError) {
            guard let attributes = try system.attributes(path), attributes.kind == .file else {
                throw FileError(operation: "read", path: path, code: ELOOP)
            }
            let file = try system.open(path, .read)
            // Asked after it is open, so that nobody can put another file in its place in between.
            guard let mode = try system.attributes(path)?.permissions, mode & 0o077 == 0 else {
                throw FileError(operation: "read", path: path, code: EACCES)
            }
            let bytes = try file.readBytes(at: 0, count: min(try file.size(), bytesMax))
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            if error.code == EACCES, access(path, R_OK) == 0 {
                throw SecretError(
                    message: "others than its owner can read the secret in \(path); chmod 600 it")
            }
            throw SecretError(message: "the secret cannot be read: \(error)")
        }
    }
}
