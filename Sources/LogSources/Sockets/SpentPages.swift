internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Gives the memory behind a buffer's bytes back to the kernel, while the buffer stays.
///
/// NIOSSL keeps a buffer for each connection, of 32 KiB or as much as was ever decrypted at once, and offers no way to let go of
/// it. What was taken out of it is never read again: the next record is written from its start. Even one that was never filled
/// takes memory: that of the handshakes before.
enum SpentPages {
    /// The size of a page of memory.
    static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Forgets what `buffer` holds: its whole pages read as zeros from now on, and take no memory until they are written to.
    static func release(_ buffer: ByteBuffer) {
        buffer.withVeryUnsafeBytes { storage in
            guard let base = storage.baseAddress else { return }
            let start = (UInt(bitPattern: base) + UInt(pageBytes - 1)) & ~UInt(pageBytes - 1)
            let end = UInt(bitPattern: base + storage.count) & ~UInt(pageBytes - 1)
            guard end > start, let first = UnsafeMutableRawPointer(bitPattern: start) else {
                return
            }
            // Where that fails, the memory is only kept.
            _ = madvise(first, Int(end - start), MADV_DONTNEED)
        }
    }
}
