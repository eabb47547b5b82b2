internal import LogBytes

/// The series of the endpoints seen last, by their raw bytes: a direct-mapped cache of fixed size.
///
/// A tag of 8 bytes says which endpoint an entry stands for, so that looking in vain touches 32 KB only. Endpoints get in when
/// they come a second time: paths with an identifier of their own in each line are not all copied.
///
/// An entry takes 128 bytes: series 4, number of the service 2, length of the endpoint 2, then its bytes. Endpoints that do not
/// fit are templated each time.
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

    /// A hash of an endpoint of a service, which has a number.
    @inline(__always)
    static func hash(_ service: Int, _ endpoint: ByteView) -> UInt64 {
        ShortKey.hash(endpoint, seed: UInt64(truncatingIfNeeded: service))
    }

    /// The series of an endpoint, −1 when it is not in the cache.
    @inline(__always)
    func find(_ service: Int, _ endpoint: ByteView, hash: UInt64) -> Int {
        guard tags.isFilled(hash) else { return -1 }
        let entry = base + tags.place(hash) * Self.entryBytes
        guard entry.load(fromByteOffset: 4, as: UInt16.self) == UInt16(clamping: service),
            entry.load(fromByteOffset: 6, as: UInt16.self) == UInt16(clamping: endpoint.count),
            ShortKey.hasBytes(
                endpoint, of: (entry + Self.headerBytes).assumingMemoryBound(to: UInt8.self))
        else { return -1 }
        return Int(entry.load(as: UInt32.self))
    }

    func insert(_ service: Int, _ endpoint: ByteView, hash: UInt64, series: Int) {
        guard service < Int(UInt16.max), endpoint.count <= Self.entryBytes - Self.headerBytes,
            tags.claim(hash)
        else { return }
        let entry = base + tags.place(hash) * Self.entryBytes
        entry.storeBytes(of: UInt32(series), as: UInt32.self)
        entry.storeBytes(of: UInt16(service), toByteOffset: 4, as: UInt16.self)
        entry.storeBytes(of: UInt16(endpoint.count), toByteOffset: 6, as: UInt16.self)
        (entry + Self.headerBytes).copyMemory(
            from: endpoint.start, byteCount: endpoint.count)
    }
}

/// The series of pairs of a service and an endpoint that came lately, by the numbers of both: a direct-mapped cache.
struct PairCache: ~Copyable {
    private struct Entry: BitwiseCopyable {
        var place = TextPlace.none
        var service: Int32 = 0
        var series: Int32 = 0
    }

    private static var bits: UInt64 { 12 }

    private let entries: UnsafeMutablePointer<Entry>

    init() {
        entries = .allocate(capacity: 1 << Self.bits)
        entries.initialize(repeating: Entry(), count: 1 << Self.bits)
    }

    deinit { entries.deallocate() }

    @inline(__always)
    private static func index(_ service: Int, _ place: TextPlace) -> Int {
        let pair = UInt64(truncatingIfNeeded: service << 16 ^ Int(place.index))
        return Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> (64 - bits))
    }

    /// The series of the endpoint at `place` of a service, −1 when it is not there.
    @inline(__always)
    func find(_ service: Int, _ place: TextPlace) -> Int {
        let entry = entries + Self.index(service, place)
        guard entry.pointee.place == place,
            entry.pointee.service == Int32(truncatingIfNeeded: service),
            place != .none
        else { return -1 }
        return Int(entry.pointee.series)
    }

    func insert(_ service: Int, _ place: TextPlace, series: Int) {
        if place == .none { return }
        entries[Self.index(service, place)] = Entry(
            place: place, service: Int32(truncatingIfNeeded: service),
            series: Int32(truncatingIfNeeded: series))
    }
}
