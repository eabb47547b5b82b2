import LogBytes
import LogSystem
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A data directory of its own for one test, removed at the end; in memory where the machine has such a place, since these
/// tests open thousands of stores and every one of them fsyncs.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(parent)/weir-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FileError(operation: "make", path: "/tmp/weir-test", code: errno)
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { removeTree(path) }

    private func removeTree(_ path: String) {
        let disk = DiskFileSystem()
        for entry in (try? disk.list(path)) ?? [] {
            let inner = path + "/" + entry.name
            if entry.isDirectory { removeTree(inner) } else { try? disk.remove(inner) }
        }
        try? disk.removeDirectory(path)
    }
}
