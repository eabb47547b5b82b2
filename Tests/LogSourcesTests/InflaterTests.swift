import CZlib
import LogBytes
import TestSupport
import Testing

@testable import LogSources

/// Bytes as zlib packs them.
enum Packed {
    static let zlib: Int32 = 15
    static let gzip: Int32 = 15 + 16
    static let raw: Int32 = -15

    /// - Parameter isQuick: with the little memory that a thousand small files a second want.
    static func bytes(
        _ input: [UInt8], _ windowBits: Int32, isQuick: Bool = false
    ) throws -> [UInt8] {
        var stream = z_stream()
        try #require(
            deflateInit2_(
                &stream, isQuick ? 1 : 6, Z_DEFLATED, isQuick ? windowBits - 6 : windowBits,
                isQuick ? 1 : 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { deflateEnd(&stream) }
        var source = input
        var packed = [UInt8](repeating: 0, count: input.count + input.count / 1_000 + 64)
        let capacity = packed.count
        let code = source.withUnsafeMutableBufferPointer { from in
            packed.withUnsafeMutableBufferPointer { to in
                stream.next_in = from.baseAddress
                stream.avail_in = UInt32(from.count)
                stream.next_out = to.baseAddress
                stream.avail_out = UInt32(capacity)
                return deflate(&stream, Z_FINISH)
            }
        }
        try #require(code == Z_STREAM_END)
        return Array(packed.prefix(capacity - Int(stream.avail_out)))
    }

    /// What is in a gzip file.
    static func unpacked(_ input: [UInt8]) throws -> [UInt8] {
        let inflater = try Inflater(.gzip, limits: .none)
        var room = [UInt8](repeating: 0, count: 1 << 16)
        var out: [UInt8] = []
        var done = 0
        while true {
            let rest = Array(input[done...])
            let step = try rest.withView { view in
                try room.withUnsafeMutableBytes { try inflater.inflate(view, into: $0) }
            }
            if step == (0, 0) { return out }
            out += room.prefix(step.produced)
            done += step.consumed
        }
    }
}

@Suite struct InflaterTests {
    /// What comes of `input`, given in pieces and taken in rooms of these sizes; the error as its reason.
    private func unpacked(
        _ input: [UInt8], _ wrapping: Inflater.Wrapping, limits: Inflater.Limits = .none,
        piece: Int = .max, room roomBytes: Int = 1_000
    ) throws -> (bytes: [UInt8], reason: InflateError.Reason?) {
        let inflater = try Inflater(wrapping, limits: limits)
        var out: [UInt8] = []
        var room = [UInt8](repeating: 0, count: roomBytes)
        var done = 0
        do throws(InflateError) {
            while true {
                let rest = Array(input[done..<min(done + min(piece, input.count), input.count)])
                var step = (consumed: 0, produced: 0)
                var thrown: InflateError?
                rest.withView { view in
                    room.withUnsafeMutableBytes { buffer in
                        do throws(InflateError) {
                            step = try inflater.inflate(view, into: buffer)
                        } catch {
                            thrown = error
                        }
                    }
                }
                if let thrown { throw thrown }
                out += room.prefix(step.produced)
                done += step.consumed
                if step == (0, 0) { break }
            }
            try inflater.finish()
        } catch {
            return (out, error.reason)
        }
        #expect(inflater.inputBytes == input.count)
        #expect(inflater.outputBytes == out.count)
        return (out, nil)
    }

    private func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8(97 + random.below(5)) }
    }

    @Test func everyWrappingComesOutAsItWas() throws {
        func check(_ input: [UInt8]) throws {
            for (window, wrapping) in [
                (Packed.gzip, Inflater.Wrapping.gzip), (Packed.zlib, .deflate),
                (Packed.raw, .deflate),
            ] {
                let packed = try Packed.bytes(input, window)
                for piece in [1, 2, 7, Int.max] {
                    for room in [1, 3, 4_096] where input.count < 10_000 || room > 3 {
                        let got = try unpacked(packed, wrapping, piece: piece, room: room)
                        #expect(got.reason == nil)
                        #expect(got.bytes == input, "\(window), pieces of \(piece), room \(room)")
                    }
                }
            }
        }
        try check([])
        try check([0])
        try check(Array("a line\n".utf8))
        try check(text(3_000))
        var random = SeededGenerator(seed: 2)
        try check(random.bytes(300_000))
    }

    @Test func membersBehindOneAnotherAndPaddingAreOneFile() throws {
        let first = try Packed.bytes(Array("one\n".utf8), Packed.gzip)
        let second = try Packed.bytes(Array("two\n".utf8), Packed.gzip)
        for piece in [1, 5, Int.max] {
            let got = try unpacked(first + second, .gzip, piece: piece)
            #expect(got.reason == nil)
            #expect(got.bytes == Array("one\ntwo\n".utf8))
            let padded = try unpacked(first + [0, 0, 0], .gzip, piece: piece)
            #expect(padded.reason == nil)
            #expect(padded.bytes == Array("one\n".utf8))
        }
        #expect(try unpacked(first + [0] + second, .gzip).reason == .trailing)
        #expect(
            try unpacked(first + Array("junk".utf8), .gzip).reason
                == .malformed("incorrect header check"))
        let wrapped = try Packed.bytes(Array("x".utf8), Packed.zlib)
        #expect(try unpacked(wrapped + [1], .deflate).reason == .trailing)
    }

    @Test func everyCutAndEveryFlippedBitIsToldOrHarmless() throws {
        let input = text(500)
        let packed = try Packed.bytes(input, Packed.gzip)
        for count in 0..<packed.count {
            let got = try unpacked(Array(packed.prefix(count)), .gzip)
            #expect(got.reason == .truncated, "cut at \(count)")
            #expect(input.starts(with: got.bytes))
        }
        // Method, flags, data and checksum stand behind the header's first bytes; its time and system say nothing.
        for index in packed.indices where !(4..<10).contains(index) {
            var damaged = packed
            damaged[index] ^= 1 << UInt8(index % 8)
            let got = try unpacked(damaged, .gzip)
            #expect(got.reason != nil || got.bytes == input, "byte \(index)")
        }
    }

    @Test func noiseIsRefusedInEveryWrapping() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            let noise = random.bytes(1 + random.below(200))
            #expect(try unpacked(noise, .gzip).reason != nil)
            // A raw stream may be anything; it must end.
            _ = try unpacked(noise, .deflate)
        }
        #expect(try unpacked([], .gzip).reason == .truncated)
        #expect(try unpacked([], .deflate).reason == .truncated)
    }

    @Test func theOutputIsCapped() throws {
        let input = text(10_000)
        let packed = try Packed.bytes(input, Packed.gzip)
        #expect(try unpacked(packed, .gzip, limits: .init(outputBytesMax: 10_000)).reason == nil)
        let got = try unpacked(packed, .gzip, limits: .init(outputBytesMax: 9_999))
        #expect(got.reason == .tooLarge)
        #expect(got.bytes.count <= 9_999)
    }

    @Test func theRatioIsCapped() throws {
        let bomb = try Packed.bytes([UInt8](repeating: 0, count: 8 << 20), Packed.gzip)
        let got = try unpacked(
            bomb, .gzip, limits: .init(outputBytesMax: .max), room: 64 << 10)
        #expect(got.reason == .ratio)
        #expect(got.bytes.count < 2 << 20)
        #expect(try unpacked(bomb, .gzip, room: 64 << 10).reason == nil)
        // A small input may be as repetitive as it likes.
        let small = try Packed.bytes([UInt8](repeating: 0, count: 1 << 20), Packed.gzip)
        let limits = Inflater.Limits(outputBytesMax: .max)
        #expect(try unpacked(small, .gzip, limits: limits, room: 64 << 10).reason == nil)
    }
}
