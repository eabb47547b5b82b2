#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// One connection of a `StreamServer`, which closes it.
final class StreamConnection {
    let descriptor: Int32
    var framer: LineFramer
    /// The monotonic time of the last read.
    var lastRead: Int64
    /// The bytes read so far.
    var readBytes = 0

    init(_ descriptor: Int32, framer: consuming LineFramer, now: Int64) {
        self.descriptor = descriptor
        self.framer = framer
        lastRead = now
    }

    /// What has arrived and has not been read (bytes).
    var unreadBytes: Int {
        var count: Int32 = 0
        guard ioctl(descriptor, UInt(FIONREAD), &count) == 0 else { return 0 }
        return Int(count)
    }
}
