internal import NIOCore

/// The sizes of the buffers that a connection reads into: they grow with what comes, and none is kept.
///
/// NIO keeps the buffers of a connection for its next read: 2 kB at least, and up to 256 kB after a large body, which 10,000
/// connections that wait between their requests would hold for nothing. A buffer that "may grow" is not taken again, and with
/// one read a turn only the very first is kept; so that one is tiny. Malloc gives the next one about as fast.
struct ReadBuffers: RecvByteBufferAllocator {
    private var size: UInt32 = Self.first
    private var isShrinking = false

    /// Of the one that stays: a connection's first read takes so many bytes, and its second the rest of a head.
    private static let first: UInt32 = 16
    /// Holds the head of most requests.
    private static let least: UInt32 = 512
    /// As much as the receive buffer of a socket hands over at once in practice; also what one connection may take of a turn.
    private static let most: UInt32 = 1 << 16

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: Int(size))
    }

    func nextBufferSize() -> Int? { nil }

    mutating func record(actualReadBytes: Int) -> Bool {
        if size < Self.least {
            size = Self.least
        } else if actualReadBytes >= Int(size) {
            // Four steps to the top: a body is read in few pieces, whatever came before.
            size = min(size * 4, Self.most)
            isShrinking = false
        } else if actualReadBytes <= Int(size / 4), size > Self.least {
            if isShrinking { size = max(size / 4, Self.least) }
            isShrinking.toggle()
        } else {
            isShrinking = false
        }
        return true
    }
}
