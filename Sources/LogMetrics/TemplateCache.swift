public import LogBytes

/// The templates of the endpoints seen last: a direct-mapped cache of fixed size in front of `EndpointTemplate`.
///
/// An entry takes 256 bytes: hash 8, length of the endpoint 2, of its template 2, then the bytes of both. Endpoints that do
/// not fit are templated each time.
public struct TemplateCache: ~Copyable {
    /// 1,024 × 256 bytes = 256 KB.
    private static var entryCount: Int { 1_024 }
    private static var entryBytes: Int { 256 }
    private static var headerBytes: Int { 12 }

    private let base: UnsafeMutableRawPointer
    private var scratch = ByteWriter(capacity: 256)

    /// An empty cache.
    public init() {
        let size = Self.entryCount * Self.entryBytes
        base = .allocate(byteCount: size, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    }

    deinit { base.deallocate() }

    /// The template of `endpoint`, valid until the next call.
    public mutating func template(_ endpoint: ByteView) -> ByteView {
        // Zero marks a free entry.
        let hash = endpoint.memoryHash | 1
        let entry = base + Int(truncatingIfNeeded: hash >> 40) % Self.entryCount * Self.entryBytes
        let bytes = (entry + Self.headerBytes).assumingMemoryBound(to: UInt8.self)
        if entry.load(as: UInt64.self) == hash,
            Int(entry.load(fromByteOffset: 8, as: UInt16.self)) == endpoint.count,
            ByteView(bytes, endpoint.count) == endpoint
        {
            let length = Int(entry.load(fromByteOffset: 10, as: UInt16.self))
            return ByteView(bytes + endpoint.count, length)
        }
        scratch.removeAll()
        EndpointTemplate.append(endpoint, into: &scratch)
        if endpoint.count + scratch.count <= Self.entryBytes - Self.headerBytes {
            entry.storeBytes(of: hash, as: UInt64.self)
            entry.storeBytes(of: UInt16(endpoint.count), toByteOffset: 8, as: UInt16.self)
            entry.storeBytes(of: UInt16(scratch.count), toByteOffset: 10, as: UInt16.self)
            bytes.update(from: endpoint.start, count: endpoint.count)
            (bytes + endpoint.count).update(from: scratch.base, count: scratch.count)
        }
        return scratch.view
    }
}
