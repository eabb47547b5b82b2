internal import LogSystem
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Wakes a thread that waits for descriptors, once and for all: its reading end becomes readable and stays so.
final class WakePipe: Sendable {
    /// Readable from `wake` on.
    let descriptor: Int32
    private let writer: Int32
    private let flag = Atomic<Bool>(false)

    init(_ name: String) throws(ListenError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ListenError("make a pipe for", name, code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        descriptor = ends[0]
        writer = ends[1]
    }

    deinit {
        close(descriptor)
        close(writer)
    }

    /// Wakes whoever waits, now or later.
    func wake() {
        guard !flag.exchange(true, ordering: .relaxed) else { return }
        var byte: UInt8 = 0
        _ = write(writer, &byte, 1)
    }

    /// Whether `wake` was called.
    var isAwake: Bool { flag.load(ordering: .relaxed) }
}
