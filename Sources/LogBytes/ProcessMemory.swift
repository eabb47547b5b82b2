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

    /// Has memory that was just allocated cleared in large pages, where it is large itself.
    static func preferLargePages(_ memory: UnsafeMutableRawPointer, _ bytes: Int) {
        if bytes >= largeMin { weir_prefer_large_pages(memory, bytes) }
    }
}
