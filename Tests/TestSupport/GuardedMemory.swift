public import LogBytes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Memory that ends at a page which cannot be read: a load behind the end kills the test process.
public final class GuardedMemory {
    private let base: UnsafeMutableRawPointer
    private let mappedBytes: Int
    private let guardPage: UnsafeMutableRawPointer

    /// Room for `capacity` bytes before the forbidden page.
    public init(capacity: Int) throws {
        let page = Int(getpagesize())
        let usable = (capacity + page - 1) / page * page
        mappedBytes = usable + page
        let mapped = mmap(
            nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != MAP_FAILED else { throw NoMemory(code: errno) }
        base = mapped
        guardPage = mapped + usable
        guard mprotect(guardPage, page, PROT_NONE) == 0 else { throw NoMemory(code: errno) }
    }

    deinit { munmap(base, mappedBytes) }

    /// Copies `bytes` so that `slack` readable bytes, all 0xFF, and then the forbidden page follow them.
    public func place(_ bytes: [UInt8], slack: Int = 0) -> ByteView {
        let start = guardPage - slack - bytes.count
        precondition(start >= base, "the test placed more than it asked room for")
        start.copyMemory(from: bytes, byteCount: bytes.count)
        memset(guardPage - slack, 0xFF, slack)
        return ByteView(UnsafeRawBufferPointer(start: start, count: bytes.count))
    }

    struct NoMemory: Error { let code: Int32 }
}
