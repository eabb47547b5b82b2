internal import NIOCore

/// Gives each read of a connection a buffer of its own, which goes when what it holds has been decrypted.
///
/// NIO's own allocators keep the buffers of the last reads for each connection, as long as it is open: with ten thousand
/// connections that have sent something once, hundreds of megabytes that nobody reads. An allocation costs nothing beside
/// decryption.
struct TransientReceiveAllocator: RecvByteBufferAllocator {
    /// What a read takes at most (bytes).
    let capacity: Int
    private var isFirst = true

    /// NIO keeps the very first buffer whatever is said, so that is a small one: a client's first flight fits (bytes).
    private static let firstCapacity = 512

    init(capacity: Int) { self.capacity = capacity }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: isFirst ? Self.firstCapacity : capacity)
    }

    /// No hint, together with the answer of `record`: the kept buffer is not used again.
    func nextBufferSize() -> Int? { nil }

    mutating func record(actualReadBytes: Int) -> Bool {
        isFirst = false
        return true
    }
}
