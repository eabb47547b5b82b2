public import LogBytes

/// The templates of the endpoints seen last: a direct-mapped cache of fixed size in front of `EndpointTemplate`.
///
/// An entry takes 256 bytes: hash 8, hash of the template 8, length of the endpoint 2, of the template 2, then the bytes of
/// both. Endpoints that do not fit are templated each time.
public struct TemplateCache: ~Copyable {
    /// 1,024 × 256 bytes = 256 KB.
    @usableFromInline static var entryCount: Int { 1_024 }
    @usableFromInline static var entryBytes: Int { 256 }
    @usableFromInline static var headerBytes: Int { 20 }

    @usableFromInline let base: UnsafeMutableRawPointer
    private var scratch = ByteWriter(capacity: 256)

    /// An empty cache.
    public init() {
        let size = Self.entryCount * Self.entryBytes
        base = .allocate(byteCount: size, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    }

    deinit { base.deallocate() }

    /// The template of `endpoint`, valid until the next call, and its `memoryHash`.
    @inlinable
    public mutating func template(_ endpoint: ByteView) -> (view: ByteView, hash: UInt64) {
        // Zero marks a free entry.
        let hash = endpoint.memoryHash | 1
        let place = Int(truncatingIfNeeded: hash >> 40) & (Self.entryCount - 1)
        let entry = base + place * Self.entryBytes
        let bytes = (entry + Self.headerBytes).assumingMemoryBound(to: UInt8.self)
        if entry.load(as: UInt64.self) == hash,
            Int(entry.load(fromByteOffset: 16, as: UInt16.self)) == endpoint.count,
            ByteView(bytes, endpoint.count) == endpoint
        {
            let length = Int(entry.load(fromByteOffset: 18, as: UInt16.self))
            return (
                ByteView(bytes + endpoint.count, length),
                entry.load(fromByteOffset: 8, as: UInt64.self)
            )
        }
        return make(endpoint, hash, entry)
    }

    @usableFromInline
    mutating func make(
        _ endpoint: ByteView, _ hash: UInt64, _ entry: UnsafeMutableRawPointer
    ) -> (view: ByteView, hash: UInt64) {
        scratch.removeAll()
        EndpointTemplate.append(endpoint, into: &scratch)
        let templateHash = scratch.view.memoryHash
        if endpoint.count + scratch.count <= Self.entryBytes - Self.headerBytes {
            entry.storeBytes(of: hash, as: UInt64.self)
            entry.storeBytes(of: templateHash, toByteOffset: 8, as: UInt64.self)
            entry.storeBytes(of: UInt16(endpoint.count), toByteOffset: 16, as: UInt16.self)
            entry.storeBytes(of: UInt16(scratch.count), toByteOffset: 18, as: UInt16.self)
            let bytes = (entry + Self.headerBytes).assumingMemoryBound(to: UInt8.self)
            bytes.update(from: endpoint.start, count: endpoint.count)
            (bytes + endpoint.count).update(from: scratch.base, count: scratch.count)
        }
        return (scratch.view, templateHash)
    }
}
