internal import LogBytes
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The files of `/proc`, whose size is not known before they are read.
struct ProcFiles: Sendable {
    /// The directory, `/proc`.
    let root: String

    /// No file of it that is read here is longer: a machine with a thousand processors has 100 KB in `stat`.
    private static let bytesMax = 1 << 22

    /// The text of a file; nil where it cannot be read.
    func text(_ name: String) -> String? {
        let descriptor = open(root + "/" + name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = ByteWriter(capacity: 1 << 14)
        while bytes.count < Self.bytesMax {
            bytes.reserve(1 << 14)
            let count = read(descriptor, bytes.base + bytes.count, 1 << 14)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes.advance(count)
        }
        return bytes.view.text
    }

    /// The words of each line of a file.
    func words(_ name: String) -> [[Substring]] {
        (text(name) ?? "").split(separator: "\n").map { line in
            line.split { $0 == " " || $0 == "\t" }
        }
    }
}
