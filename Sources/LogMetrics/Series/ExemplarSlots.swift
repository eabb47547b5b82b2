internal import LogBytes

/// For each bucket of a histogram the trace of a recent value in it.
///
/// A bucket takes one value in ten seconds, so that writing costs little and a trace stays long enough to be looked at.
/// Nothing is allocated before the first; then 64 bytes a bucket.
struct ExemplarSlots: ~Copyable {
    /// Longer identifiers are left out: W3C's has 32 bytes, a UUID 36.
    static let traceBytesMax = 40
    /// Buckets that can have an exemplar. More bounds than this share the last.
    static let bucketsMax = 24

    private struct Entry: BitwiseCopyable {
        var value: Double = 0
        var time: Int64 = 0
        var slot = Int32.min
        var length: UInt32 = 0
    }

    private static var entryBytes: Int { 64 }

    private var block: UnsafeMutableRawPointer?
    private var count = 0

    init() { block = nil }

    deinit { block?.deallocate() }

    var isAllocated: Bool { block != nil }

    /// Takes a value of bucket `bucket`, one of `count`.
    mutating func take(
        _ value: Double, _ bucket: Int, of count: Int, time: Int64, slot: Int32, trace: ByteView
    ) {
        guard trace.count > 0, trace.count <= Self.traceBytesMax else { return }
        if block == nil {
            self.count = min(count, Self.bucketsMax)
            let size = self.count * Self.entryBytes
            let fresh = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
            fresh.initializeMemory(as: UInt8.self, repeating: 0, count: size)
            for index in 0..<self.count {
                fresh.storeBytes(of: Entry(), toByteOffset: index * Self.entryBytes, as: Entry.self)
            }
            block = fresh
        }
        guard let block else { return }
        let entry = block + min(bucket, self.count - 1) * Self.entryBytes
        guard entry.load(as: Entry.self).slot < slot else { return }
        entry.storeBytes(
            of: Entry(value: value, time: time, slot: slot, length: UInt32(trace.count)),
            as: Entry.self)
        (entry + MemoryLayout<Entry>.size).copyMemory(
            from: trace.start, byteCount: trace.count)
    }

    /// All exemplars, by ascending bucket. Identifiers that are no text are left out.
    var all: [MetricExemplar] {
        guard let block else { return [] }
        return (0..<count).compactMap { index in
            let place = block + index * Self.entryBytes
            let entry = place.load(as: Entry.self)
            guard entry.length > 0 else { return nil }
            let trace = ByteView(
                (place + MemoryLayout<Entry>.size).assumingMemoryBound(to: UInt8.self),
                Int(entry.length))
            guard let text = String(validating: trace.bytes, as: UTF8.self) else { return nil }
            return MetricExemplar(value: entry.value, time: entry.time, traceID: text)
        }
    }
}

extension ByteView {
    fileprivate var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: start, count: count)
    }
}
