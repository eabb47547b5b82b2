internal import LogBytes
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Passes bytes on to a descriptor, waiting while its reader is slow. One thread uses it.
final class Tee: @unchecked Sendable {
    private let descriptor: Int32
    private var isOpen = true

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes all of `bytes`. A reader that has gone is told of once; the lines are stored all the same.
    func write(_ bytes: ByteView, _ context: SourceContext) {
        var rest = bytes
        while isOpen, !rest.isEmpty {
            let count = systemWrite(descriptor, rest.start, rest.count)
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&ready, 1, -1)
            } else if errno != EINTR {
                isOpen = false
                let error = FileError(operation: "pass on to", path: "standard output", code: errno)
                context.report("\(error); lines are no longer passed on, but stored")
            }
        }
    }
}

/// `write(2)`, which the method of that name hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
