internal import CLogKernels

/// CRC-32C (Castagnoli), the checksum of every byte that weir stores.
public enum Checksum {
    /// The CRC-32C of `view`, continuing from `seed` (0 to begin).
    public static func crc32c(_ view: ByteView, seed: UInt32 = 0) -> UInt32 {
        weir_crc32c(seed, view.start, view.count)
    }
}
