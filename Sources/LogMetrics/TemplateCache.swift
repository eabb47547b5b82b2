public import LogBytes

/// The templates of the endpoints seen last: a direct-mapped cache of fixed size in front of `EndpointTemplate`.
///
/// An entry takes 256 bytes: hash of the template 8, length of the endpoint 2, of the template 2, then the bytes of both. An
/// endpoint gets in when it comes a second time; those that do not fit are templated each time.
public struct TemplateCache: ~Copyable {
    /// 1,024 × 264 bytes = 264 KB.
    @usableFromInline static var entryCount: Int { 1_024 }
    @usableFromInline static var entryBytes: Int { 256 }
    @usableFromInline static var headerBytes: Int { 12 }

    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let tags: CacheTags
    private var scratch = ByteWriter(capacity: 256)

    /// An empty cache.
    public init() {
        let size = Self.entryCount * Self.entryBytes
        base = .allocate(byteCount: size, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        tags = CacheTags(count: Self.entryCount)
    }

    deinit { base.deallocate() }

    /// The template of `endpoint`, valid until the next call, and its `memoryHash`.
    @inlinable
    public mutating func template(_ endpoint: ByteView) -> (view: ByteView, hash: UInt64) {
        let hash = endpoint.memoryHash
        guard tags.isFilled(hash) else { return make(endpoint, hash) }
        let entry = base + tags.place(hash) * Self.entryBytes
        let bytes = (entry + Self.headerBytes).assumingMemoryBound(to: UInt8.self)
        guard Int(entry.load(fromByteOffset: 8, as: UInt16.self)) == endpoint.count,
            endpoint.hasSameBytes(as: ByteView(bytes, endpoint.count))
        else { return make(endpoint, hash) }
        let length = Int(entry.load(fromByteOffset: 10, as: UInt16.self))
        return (ByteView(bytes + endpoint.count, length), entry.load(as: UInt64.self))
    }

    @usableFromInline
    mutating func make(_ endpoint: ByteView, _ hash: UInt64) -> (view: ByteView, hash: UInt64) {
        scratch.removeAll()
        EndpointTemplate.append(endpoint, into: &scratch)
        let templateHash = scratch.view.memoryHash
        if endpoint.count + scratch.count <= Self.entryBytes - Self.headerBytes, tags.claim(hash) {
            let entry = base + tags.place(hash) * Self.entryBytes
            entry.storeBytes(of: templateHash, as: UInt64.self)
            entry.storeBytes(of: UInt16(endpoint.count), toByteOffset: 8, as: UInt16.self)
            entry.storeBytes(of: UInt16(scratch.count), toByteOffset: 10, as: UInt16.self)
            let bytes = (entry + Self.headerBytes).assumingMemoryBound(to: UInt8.self)
            bytes.update(from: endpoint.start, count: endpoint.count)
            (bytes + endpoint.count).update(from: scratch.base, count: scratch.count)
        }
        return (scratch.view, templateHash)
    }
}
