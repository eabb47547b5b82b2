internal import LogBytes

/// The series of the endpoints seen last, by their raw bytes: a direct-mapped cache of fixed size.
///
/// An entry takes 128 bytes: hash 8, series 4, length of the service 2, of the endpoint 2, then the bytes of both. Endpoints
/// that do not fit are templated each time.
struct EndpointCache: ~Copyable {
    /// 4,096 × 128 bytes = 512 KB: as much as fits a second-level cache beside everything else.
    private static var entryCount: Int { 4_096 }
    private static var entryBytes: Int { 128 }
    private static var headerBytes: Int { 16 }

    private let base: UnsafeMutableRawPointer

    init() {
        let size = Self.entryCount * Self.entryBytes
        base = .allocate(byteCount: size, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    }

    deinit { base.deallocate() }

    @inline(__always)
    static func hash(_ service: ByteView, _ endpoint: ByteView) -> UInt64 {
        // Zero marks a free entry.
        (service.memoryHash &* 0x9E37_79B9_7F4A_7C15 ^ endpoint.memoryHash) | 1
    }

    @inline(__always)
    private func entry(_ hash: UInt64) -> UnsafeMutableRawPointer {
        base + Int(truncatingIfNeeded: hash >> 40) % Self.entryCount * Self.entryBytes
    }

    /// The series of an endpoint, −1 when it is not in the cache.
    @inline(__always)
    func find(_ service: ByteView, _ endpoint: ByteView, hash: UInt64) -> Int {
        let entry = entry(hash)
        guard entry.load(as: UInt64.self) == hash,
            entry.load(fromByteOffset: 12, as: UInt16.self) == UInt16(clamping: service.count),
            entry.load(fromByteOffset: 14, as: UInt16.self) == UInt16(clamping: endpoint.count)
        else { return -1 }
        let bytes = (entry + Self.headerBytes).assumingMemoryBound(to: UInt8.self)
        guard ByteView(bytes, service.count) == service,
            ByteView(bytes + service.count, endpoint.count) == endpoint
        else { return -1 }
        return Int(entry.load(fromByteOffset: 8, as: UInt32.self))
    }

    func insert(_ service: ByteView, _ endpoint: ByteView, hash: UInt64, series: Int) {
        guard service.count + endpoint.count <= Self.entryBytes - Self.headerBytes else { return }
        let entry = entry(hash)
        entry.storeBytes(of: hash, as: UInt64.self)
        entry.storeBytes(of: UInt32(series), toByteOffset: 8, as: UInt32.self)
        entry.storeBytes(of: UInt16(service.count), toByteOffset: 12, as: UInt16.self)
        entry.storeBytes(of: UInt16(endpoint.count), toByteOffset: 14, as: UInt16.self)
        let bytes = entry + Self.headerBytes
        bytes.copyMemory(from: service.start, byteCount: service.count)
        (bytes + service.count).copyMemory(from: endpoint.start, byteCount: endpoint.count)
    }
}
