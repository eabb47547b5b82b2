import CLogKernels
import LogBytes
import TestSupport
import Testing

@Suite struct ChecksumTests {
    /// The vectors of RFC 3720 (iSCSI), appendix B.4, and the check value of the CRC catalogue.
    @Test func knownVectors() {
        func check(_ bytes: [UInt8], _ want: UInt32) {
            #expect(bytes.withView { Checksum.crc32c($0) } == want)
        }
        check([], 0)
        check(Array("123456789".utf8), 0xE306_9283)
        check(Array("a".utf8), 0xC1D0_4330)
        check(Array(repeating: 0x00, count: 32), 0x8A91_36AA)
        check(Array(repeating: 0xFF, count: 32), 0x62A8_AB43)
        check(Array(0..<32), 0x46DD_794E)
        check(Array((0..<32).reversed()), 0x113F_DB5C)
    }

    @Test func hardwareAndTableAgreeAtEveryLengthAndAlignment() {
        var generator = SeededGenerator(seed: 1)
        let bytes = generator.bytes(320)
        bytes.withView { all in
            for start in 0..<16 {
                for length in 0..<300 {
                    let part = all.slice(start..<start + length)
                    let seed = UInt32(truncatingIfNeeded: generator.next())
                    #expect(
                        weir_crc32c(seed, part.start, part.count)
                            == weir_crc32c_scalar(seed, part.start, part.count))
                }
            }
        }
    }

    @Test func hardwareAndTableAgreeOnLongBytes() {
        var generator = SeededGenerator(seed: 4)
        let bytes = generator.bytes(20_000)
        bytes.withView { all in
            for length in stride(from: 3_000, to: all.count, by: 61) {
                let part = all.slice(length % 13..<length)
                let seed = UInt32(truncatingIfNeeded: generator.next())
                #expect(
                    weir_crc32c(seed, part.start, part.count)
                        == weir_crc32c_scalar(seed, part.start, part.count))
            }
        }
    }

    @Test func partsContinueAsTheWhole() {
        var generator = SeededGenerator(seed: 2)
        let bytes = generator.bytes(100)
        bytes.withView { all in
            let whole = Checksum.crc32c(all)
            for cut in 0...all.count {
                let first = Checksum.crc32c(all.prefix(cut))
                #expect(Checksum.crc32c(all.dropFirst(cut), seed: first) == whole)
            }
        }
    }

    @Test func everyFlippedBitShows() {
        var generator = SeededGenerator(seed: 3)
        var bytes = generator.bytes(64)
        let whole = bytes.withView { Checksum.crc32c($0) }
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(bytes.withView { Checksum.crc32c($0) } != whole)
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }
}
