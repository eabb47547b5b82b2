internal import LogBytes

/// The series of the endpoints seen last, by their raw bytes: a direct-mapped cache of fixed size.
///
/// A tag of 8 bytes says which endpoint an entry stands for, so that looking in vain touches 32 KB only. Endpoints get in when
/// they come a second time: paths with an identifier of their own in each line are not all copied.
///
/// An entry takes 128 bytes: series 4, length of the service 2, of the endpoint 2, then the bytes of both. Endpoints that do
/// not fit are templated each time.
struct EndpointCache: ~Copyable {
    /// 4,096 × 136 bytes = 544 KB: as much as fits a second-level cache beside everything else.
    private static var entryCount: Int { 4_096 }
    private static var entryBytes: Int { 128 }
    private static var headerBytes: Int { 8 }

    private let base: UnsafeMutableRawPointer
    private let tags: CacheTags

    init() {
        let size = Self.entryCount * Self.entryBytes
        base = .allocate(byteCount: size, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        tags = CacheTags(count: Self.entryCount)
    }

    deinit { base.deallocate() }

    @inline(__always)
    static func hash(_ service: ByteView, _ endpoint: ByteView) -> UInt64 {
        service.memoryHash &* 0x9E37_79B9_7F4A_7C15 ^ endpoint.memoryHash
    }

    /// The series of an endpoint, −1 when it is not in the cache.
    @inline(__always)
    func find(_ service: ByteView, _ endpoint: ByteView, hash: UInt64) -> Int {
        guard tags.isFilled(hash) else { return -1 }
        let entry = base + tags.place(hash) * Self.entryBytes
        guard entry.load(fromByteOffset: 4, as: UInt16.self) == UInt16(clamping: service.count),
            entry.load(fromByteOffset: 6, as: UInt16.self) == UInt16(clamping: endpoint.count)
        else { return -1 }
        let bytes = (entry + Self.headerBytes).assumingMemoryBound(to: UInt8.self)
        guard service.hasSameBytes(as: ByteView(bytes, service.count)),
            endpoint.hasSameBytes(as: ByteView(bytes + service.count, endpoint.count))
        else { return -1 }
        return Int(entry.load(as: UInt32.self))
    }

    func insert(_ service: ByteView, _ endpoint: ByteView, hash: UInt64, series: Int) {
        guard service.count + endpoint.count <= Self.entryBytes - Self.headerBytes,
            tags.claim(hash)
        else { return }
        let entry = base + tags.place(hash) * Self.entryBytes
        entry.storeBytes(of: UInt32(series), as: UInt32.self)
        entry.storeBytes(of: UInt16(service.count), toByteOffset: 4, as: UInt16.self)
        entry.storeBytes(of: UInt16(endpoint.count), toByteOffset: 6, as: UInt16.self)
        let bytes = entry + Self.headerBytes
        bytes.copyMemory(from: service.start, byteCount: service.count)
        (bytes + service.count).copyMemory(from: endpoint.start, byteCount: endpoint.count)
    }
}
