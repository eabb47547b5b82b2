internal import LogBytes

/// Unpacks the compressed datagrams of GELF, one at a time, into memory that it uses again.
final class GELFCompression {
    /// What a datagram is.
    enum Content {
        /// Not compressed.
        case plain
        /// What was in it, at an address with room for one byte more; valid until the next call.
        case unpacked(UnsafeMutablePointer<UInt8>, Int)
        /// It says that it is compressed, and cannot be unpacked, or only to more than may be.
        case damaged
    }

    private let bytesMax: Int
    private var room: UnsafeMutablePointer<UInt8>?

    /// Unpacks to at most `bytesMax` bytes, one less than that fits.
    init(bytesMax: Int) { self.bytesMax = bytesMax }

    deinit { room?.deallocate() }

    func unpack(_ datagram: ByteView) -> Content {
        guard let wrapping = Self.wrapping(of: datagram) else { return .plain }
        let room = self.room ?? .allocate(capacity: bytesMax)
        self.room = room
        do throws(InflateError) {
            let count = try inflate(datagram, wrapping, room)
            return .unpacked(room, count)
        } catch {
            // `x^` is the start of some texts, too.
            return datagram[1] == UInt8(ascii: "^") ? .plain : .damaged
        }
    }

    private func inflate(
        _ datagram: ByteView, _ wrapping: Inflater.Wrapping, _ room: UnsafeMutablePointer<UInt8>
    ) throws(InflateError) -> Int {
        let inflater = try Inflater(
            wrapping, limits: Inflater.Limits(outputBytesMax: bytesMax - 1))
        var rest = datagram
        var count = 0
        while true {
            let step = try inflater.inflate(
                rest,
                into: UnsafeMutableRawBufferPointer(start: room + count, count: bytesMax - count))
            rest = rest.dropFirst(step.consumed)
            count += step.produced
            guard step.consumed > 0 || step.produced > 0 else { break }
        }
        try inflater.finish()
        return count
    }

    /// gzip by its magic number; zlib by its head, for the compression levels that there are.
    private static func wrapping(of datagram: ByteView) -> Inflater.Wrapping? {
        guard datagram.count > 2 else { return nil }
        switch (datagram[0], datagram[1]) {
        case (0x1F, 0x8B): return .gzip
        case (0x78, 0x01), (0x78, 0x5E), (0x78, 0x9C), (0x78, 0xDA): return .deflate
        default: return nil
        }
    }
}
