internal import CLZ4
internal import LogBytes

/// LZ4 blocks, as the system's library makes them.
enum Compression {
    /// How the bytes of a stored chunk are packed; the raw value is on disk.
    enum Method: UInt8 {
        case none = 0
        case lz4 = 1
    }

    /// LZ4 finds one match in this many steps more quickly, at a small loss of ratio; measured on log lines.
    static let journalAcceleration: Int32 = 4

    /// Appends `bytes`, packed when that saves at least an eighth, to `out`.
    static func append(
        _ bytes: ByteView, acceleration: Int32 = 1, into out: inout ByteWriter
    ) -> Method {
        guard bytes.count >= 32, bytes.count <= Int(LZ4_MAX_INPUT_SIZE) else {
            out.append(bytes)
            return .none
        }
        let room = bytes.count - bytes.count / 8
        out.reserve(room)
        let count = UnsafeRawPointer(bytes.start).withMemoryRebound(
            to: CChar.self, capacity: bytes.count
        ) { source in
            UnsafeMutableRawPointer(out.base + out.count).withMemoryRebound(
                to: CChar.self, capacity: room
            ) { target in
                LZ4_compress_fast(source, target, Int32(bytes.count), Int32(room), acceleration)
            }
        }
        guard count > 0 else {
            out.append(bytes)
            return .none
        }
        out.advance(Int(count))
        return .lz4
    }

    /// The `rawCount` bytes that `stored` packs, or nil when it does not hold just that many.
    static func unpack(_ stored: ByteView, method: Method, rawCount: Int) -> [UInt8]? {
        switch method {
        case .none:
            return stored.count == rawCount ? Array(stored) : nil
        case .lz4:
            let bytes = [UInt8](unsafeUninitializedCapacity: rawCount) { target, count in
                count = unpack(stored, into: target)
            }
            return bytes.count == rawCount ? bytes : nil
        }
    }

    /// Unpacks LZ4 into `target`; the number of bytes, 0 when `stored` is malformed or too long.
    static func unpack(_ stored: ByteView, into target: UnsafeMutableBufferPointer<UInt8>) -> Int {
        guard let base = target.baseAddress, stored.count <= Int(Int32.max) else { return 0 }
        let count = UnsafeRawPointer(stored.start).withMemoryRebound(
            to: CChar.self, capacity: stored.count
        ) { source in
            UnsafeMutableRawPointer(base).withMemoryRebound(
                to: CChar.self, capacity: target.count
            ) {
                LZ4_decompress_safe(source, $0, Int32(stored.count), Int32(clamping: target.count))
            }
        }
        return max(Int(count), 0)
    }
}
