import Glibc
import LogBytes

/// Memory that ends at a page which cannot be read: a load behind the end ends the program.
final class GuardedPage {
    private let base: UnsafeMutableRawPointer
    private let guardPage: UnsafeMutableRawPointer

    struct NoMemory: Error {}

    init(capacity: Int) throws {
        let page = Int(getpagesize())
        let usable = (capacity + page - 1) / page * page
        let mapped = mmap(
            nil, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != MAP_FAILED, mprotect(mapped + usable, page, PROT_NONE) == 0
        else { throw NoMemory() }
        base = mapped
        guardPage = mapped + usable
    }

    /// Copies `bytes` so that `slack` bytes and then the forbidden page follow them.
    func place(_ bytes: [UInt8], slack: Int) -> ByteView {
        let start = guardPage - slack - bytes.count
        precondition(start >= base, "BUG: a document longer than the page")
        start.copyMemory(from: bytes, byteCount: bytes.count)
        memset(guardPage - slack, 0xFF, slack)
        return ByteView(UnsafeRawBufferPointer(start: start, count: bytes.count))
    }
}
