internal import LogBytes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Writes whole blocks of a file past the kernel's page cache.
///
/// What is written once and read only after a crash, or for some minutes, need not be copied into pages that have to be found,
/// cleared of what was there and given back. Where a file system or a device does not take part, it does nothing.
final class DirectWriter: @unchecked Sendable {
    /// Smaller pieces are not worth waiting for the device.
    static let bytesMin = 1 << 18
    /// What addresses, offsets and lengths have to be multiples of; devices ask for no more.
    private static var blockBytes: Int { OpenMode.blockBytes }
    /// So much is written at once.
    private static let bufferBytes = 1 << 20

    #if arch(x86_64)
        /// Linux's flag, which glibc shows to GNU sources only.
        private static let isDirect: Int32 = 0o40000
    #else
        private static let isDirect: Int32 = 0o200000
    #endif

    private let path: String
    private let lock = Lock()
    private var descriptor: Int32 = -1
    private var isPossible = true
    private var buffer: UnsafeMutableRawPointer?

    /// For the file at `path`, which stays there as long as it is written.
    init(path: String) { self.path = path }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        buffer?.deallocate()
    }

    /// The bytes from `offset` to the next block.
    static func bytesToBlock(from offset: Int) -> Int { -offset & (blockBytes - 1) }

    /// Writes as many of the whole blocks that `bytes` begins with as it can; how many bytes those are. `offset` is that of a
    /// block. What it did not write is for somebody else to write, and to find out why.
    func write(_ bytes: ByteView, at offset: Int) -> Int {
        lock.locked {
            var done = 0
            let end = bytes.count & ~(Self.blockBytes - 1)
            let isBlock = UInt(bitPattern: bytes.start) & UInt(Self.blockBytes - 1) == 0
            while done < end, open() {
                let size = min(end - done, Self.bufferBytes)
                let start = UnsafeRawPointer(bytes.start + done)
                let source = isBlock ? start : copy(start, size)
                let step = retrying { pwrite(descriptor, source, size, off_t(offset + done)) }
                if step <= 0 {
                    if errno == EINVAL { isPossible = false }
                    break
                }
                // A full disk may take a part, whose last block is not whole.
                done += step & ~(Self.blockBytes - 1)
                if step < size { break }
            }
            return done
        }
    }

    private func open() -> Bool {
        guard isPossible else { return false }
        if descriptor >= 0 { return true }
        descriptor = retrying {
            Glibc.open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | Self.isDirect)
        }
        isPossible = descriptor >= 0
        return isPossible
    }

    private func copy(_ start: UnsafeRawPointer, _ count: Int) -> UnsafeRawPointer {
        let buffer = buffer ?? makeBuffer()
        buffer.copyMemory(from: start, byteCount: count)
        return UnsafeRawPointer(buffer)
    }

    private func makeBuffer() -> UnsafeMutableRawPointer {
        let fresh = UnsafeMutableRawPointer.allocate(
            byteCount: Self.bufferBytes, alignment: Self.blockBytes)
        buffer = fresh
        return fresh
    }
}
