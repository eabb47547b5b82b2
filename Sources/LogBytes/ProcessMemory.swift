internal import CLogKernels

/// How this process takes memory from the system.
public enum ProcessMemory {
    /// Larger allocations than this are pages of their own, given back at once when they are freed; hardly a buffer of ours
    /// grows so large. The most that glibc allows.
    private static let mappedMin: Int32 = 32 << 20
    /// So much freed memory at the heap's end stays with the process.
    private static let keptMax: Int32 = 32 << 20

    /// Keeps freed memory for the next allocation. For a process that frees large buffers and makes such again, over and over:
    /// the system would have to clear every page anew. Does nothing where the C library is not glibc.
    public static func keepFreed() { weir_keep_freed(mappedMin, keptMax) }

    /// Less memory than this is cleared as fast in small pages.
    private static let largeMin = 4 << 20

    /// Memory for `count` elements, at least one; goes back by `free`. Where there is none left, the process ends.
    static func allocate<Element: BitwiseCopyable>(_ count: Int) -> UnsafeMutablePointer<Element> {
        resized(nil, count)
    }

    /// The same memory with room for `count` elements, in its place or in another one; large memory in large pages.
    static func resize<Element: BitwiseCopyable>(
        _ memory: UnsafeMutablePointer<Element>, _ count: Int
    ) -> UnsafeMutablePointer<Element> {
        let resized = resized(memory, count)
        let bytes = count * MemoryLayout<Element>.stride
        if bytes >= largeMin { weir_prefer_large_pages(resized, bytes) }
        return resized
    }

    private static func resized<Element: BitwiseCopyable>(
        _ memory: UnsafeMutablePointer<Element>?, _ count: Int
    ) -> UnsafeMutablePointer<Element> {
        let (bytes, overflow) = count.multipliedReportingOverflow(
            by: MemoryLayout<Element>.stride)
        precondition(!overflow, "BUG: memory of \(count) elements")
        return weir_resize(memory, bytes).bindMemory(to: Element.self, capacity: count)
    }

    /// Gives memory of `allocate` or `resize` back.
    static func free<Element: BitwiseCopyable>(_ memory: UnsafeMutablePointer<Element>) {
        weir_free(memory)
    }
}
