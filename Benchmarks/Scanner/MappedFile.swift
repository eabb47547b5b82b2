import Glibc
import HeapHook
import LogBytes

/// A file read into memory that is readable a little further.
final class MappedFile {
    private let base: UnsafeMutablePointer<UInt8>
    private let count: Int

    struct Unreadable: Error { let path: String }

    init(path: String) throws {
        guard let file = fopen(path, "rb") else { throw Unreadable(path: path) }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        count = ftell(file)
        fseek(file, 0, SEEK_SET)
        base = .allocate(capacity: count + ByteChunk.paddingBytes)
        guard fread(base, 1, count, file) == count else { throw Unreadable(path: path) }
        (base + count).initialize(repeating: 0, count: ByteChunk.paddingBytes)
    }

    deinit { base.deallocate() }

    /// The whole file.
    var view: ByteView { ByteView(base, count) }

    /// The address behind the last readable byte.
    var readableEnd: UnsafePointer<UInt8> { UnsafePointer(base + count + ByteChunk.paddingBytes) }
}

/// How many blocks the process has on the heap at most since its start: `malloc` calls, counted by a hook in C.
enum HeapCounter {
    static var blocks: Int { Int(weir_bench_mallocs()) }
}
