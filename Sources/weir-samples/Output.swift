#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An open file descriptor to which lines go.
struct Output {
    /// 1 MiB: large enough that system calls do not matter, small enough for any cache.
    static let chunkBytes = 1 << 20

    /// No line of ours is longer; the buffer has this much room beyond a chunk.
    static let lineBytesMax = 4096

    /// Standard output.
    static let standard = Output(descriptor: 1)

    /// What the system said when it refused the bytes.
    struct Failure: Error, CustomStringConvertible {
        /// The system's error number.
        var code: Int32

        var description: String {
            "Cannot write the lines: \(String(cString: strerror(code))) (errno \(code))."
        }
    }

    /// The descriptor; it stays open.
    var descriptor: Int32

    /// Writes all bytes, however many calls that takes.
    func write(_ bytes: [UInt8]) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: raw[written...]))
            }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                throw Failure(code: errno)
            }
        }
    }
}

/// The system call of that name, which `Output.write` would otherwise hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
