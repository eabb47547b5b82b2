#if canImport(Glibc)
    import Glibc
#endif

/// Files of the checkout that tests read.
enum TestFile {
    struct Unreadable: Error {
        let path: String
    }

    /// The bytes of the file at `path`, from the package's folder.
    static func bytes(_ path: String) throws -> [UInt8] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        guard let handle = fopen("/\(root)/\(path)", "r") else { throw Unreadable(path: path) }
        defer { fclose(handle) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, handle)
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
        }
    }

    /// The text of the file at `path`, from the package's folder.
    static func text(_ path: String) throws -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }
}
