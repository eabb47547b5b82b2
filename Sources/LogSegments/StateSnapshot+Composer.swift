public import LogBytes

extension StateSnapshot {
    /// Writes a snapshot section by section, and sections chunk by chunk.
    public final class Composer {
        /// Stages pause when something whole is written; from so many bytes on, that becomes a chunk.
        private static let chunkBytes = 1 << 20

        /// What has not been handed over yet.
        private var bytes = ByteWriter(capacity: 1 << 16)
        private let write: (ByteView) -> Void
        private var checksum: UInt32 = 0
        /// Where the length of the present chunk stands in `bytes`.
        private var chunkStart = 0

        /// A snapshot of everything below `sequence`; `write` gets its bytes in order, piece by piece.
        init(sequence: UInt64, write: @escaping (ByteView) -> Void) {
            self.write = write
            bytes.append(StateSnapshot.magic)
            bytes.append(fixed: StateSnapshot.version)
            bytes.append(fixed: sequence)
        }

        /// Adds a section, which `body` appends to the writer. Where much is to come, it calls `pause` now and then, which may
        /// hand over what the writer has so far.
        public func section(
            _ name: String,
            _ body: (_ out: inout ByteWriter, _ pause: (inout ByteWriter) -> Void) -> Void
        ) {
            bytes.append(UInt8(1))
            name.withView { bytes.append(lengthPrefixed: $0) }
            // The body has the writer to itself.
            var out = ByteWriter(capacity: 1)
            swap(&out, &bytes)
            beginChunk(&out)
            body(&out) { out in
                guard out.count - chunkStart >= Self.chunkBytes else { return }
                endChunk(&out)
                handOver(&out)
                beginChunk(&out)
            }
            // An empty chunk ends the section.
            if endChunk(&out) > 0 { out.append(fixed: UInt32(0)) }
            swap(&out, &bytes)
            handOver(&bytes)
        }

        /// Ends the snapshot.
        func seal() {
            bytes.append(UInt8(0))
            let sum = Checksum.crc32c(bytes.view, seed: checksum)
            bytes.append(fixed: sum)
            handOver(&bytes)
        }

        private func beginChunk(_ out: inout ByteWriter) {
            chunkStart = out.count
            out.append(fixed: UInt32(0))
        }

        /// Fills in the length of the present chunk, and returns it.
        @discardableResult
        private func endChunk(_ out: inout ByteWriter) -> Int {
            let length = out.count - chunkStart - MemoryLayout<UInt32>.size
            UnsafeMutableRawPointer(out.base + chunkStart)
                .storeBytes(of: UInt32(length).littleEndian, as: UInt32.self)
            return length
        }

        private func handOver(_ out: inout ByteWriter) {
            checksum = Checksum.crc32c(out.view, seed: checksum)
            write(out.view)
            out.removeAll()
        }
    }
}
