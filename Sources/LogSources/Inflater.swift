internal import CZlib
public import LogBytes

/// Inflates compressed bytes piece by piece, with a limit to what may come of them.
///
/// The one way in for everything compressed, so that no small input can fill the memory or the disk: the output is capped,
/// and so is its ratio to the input. What comes out is never inflated again.
///
/// One thread at a time.
public final class Inflater: @unchecked Sendable {
    /// How the input is wrapped.
    public enum Wrapping: Sendable {
        /// gzip (RFC 1952): one member or several, one behind the other.
        case gzip
        /// HTTP's `deflate`: zlib's wrapping (RFC 1950), or none (RFC 1951), as some clients send it.
        case deflate
    }

    /// What may come out.
    public struct Limits: Sendable {
        /// The bytes of all output together.
        public var outputBytesMax: Int
        /// Bytes of output for each byte of input, from `ratioFreeBytes` on; nil where only room bounds the output.
        public var ratioMax: Int?

        /// Deflate itself reaches 1032; logs of one line again and again come near 300, others stay below 50.
        public static let ratioMaxDefault = 500
        /// So much may come out at any ratio (bytes): a few lines repeated are no attack.
        public static let ratioFreeBytes = 1 << 20
        /// No limits: for who handles the output in bounded pieces and keeps none.
        public static let none = Limits(outputBytesMax: .max, ratioMax: nil)

        /// These limits.
        public init(outputBytesMax: Int, ratioMax: Int? = Limits.ratioMaxDefault) {
            self.outputBytesMax = outputBytesMax
            self.ratioMax = ratioMax
        }
    }

    private let wrapping: Wrapping
    private let limits: Limits
    /// On the heap at one address: zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var state = State.beforeMember
    /// The first byte of a `deflate` input, until the second tells how it is wrapped.
    private var firstByte: UInt8?
    private var memberCount = 0
    /// What is wrong behind the last byte that was given out.
    private var damage: InflateError?

    /// The bytes taken from the input so far.
    public private(set) var inputBytes = 0
    /// The bytes given out so far.
    public private(set) var outputBytes = 0

    private enum State {
        /// No byte of a (further) member has been seen.
        case beforeMember
        case inMember
        /// zlib knows no further member, and padding is all that may follow a gzip one.
        case ended
    }

    /// An inflater at the start of its input. Fails only where there is no memory (40 KB).
    public init(_ wrapping: Wrapping, limits: Limits) throws(InflateError) {
        self.wrapping = wrapping
        self.limits = limits
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let windowBits = wrapping == .gzip ? Self.gzipWindow : Self.zlibWindow
        let code = inflateInit2_(
            stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            // Without a state of zlib's, `inflateEnd` does nothing.
            throw InflateError(.noMemory, inputBytes: 0, outputBytes: 0)
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// zlib's codes: a window of 32 KiB, and 16 for gzip's wrapping, negative for none.
    private static let zlibWindow: Int32 = 15
    private static let gzipWindow: Int32 = 15 + 16
    private static let rawWindow: Int32 = -15

    /// True where the input may end: behind a whole member.
    public var isComplete: Bool {
        switch state {
        case .beforeMember: memberCount > 0
        case .inMember: false
        case .ended: true
        }
    }

    /// Takes from `input` and gives into `room` until one of them is used up, or the compressed data ends.
    ///
    /// Where the input is damaged, what came out before is given first; the next call throws.
    ///
    /// Call it again with the rest of the input as long as the room was filled or there is input left. Where neither moves,
    /// the input is at its end.
    public func inflate(
        _ input: ByteView, into room: UnsafeMutableRawBufferPointer
    ) throws(InflateError) -> (consumed: Int, produced: Int) {
        if let damage { throw damage }
        var consumed = 0
        var produced = 0
        while true {
            if state != .inMember {
                do throws(InflateError) {
                    guard try begin(input, &consumed) else { break }
                } catch {
                    damage = error
                    guard produced > 0 else { throw error }
                    break
                }
            }
            let step = try advance(
                input.dropFirst(consumed),
                into: UnsafeMutableRawBufferPointer(rebasing: room[produced...]))
            consumed += step.consumed
            produced += step.produced
            if let damage, produced == 0 { throw damage }
            guard state != .inMember, damage == nil else { break }
        }
        return (consumed, produced)
    }

    /// Says that there is no more input; throws when it ends in the middle.
    public func finish() throws(InflateError) {
        if let damage { throw damage }
        guard isComplete else { throw failure(.truncated) }
    }

    // MARK: Members

    /// Looks at the first byte of a member; false when there is none.
    private func begin(_ input: ByteView, _ consumed: inout Int) throws(InflateError) -> Bool {
        if wrapping == .gzip, memberCount > 0 {
            // Tapes and block devices pad with zeros, which gzip(1) ignores, too.
            while consumed < input.count, input[consumed] == 0 {
                state = .ended
                consumed += 1
                inputBytes += 1
            }
        }
        guard consumed < input.count else { return false }
        guard state == .beforeMember else { throw failure(.trailing) }
        if memberCount > 0 { inflateReset(stream) }
        if wrapping == .deflate {
            guard chooseWindow(input, &consumed) else { return false }
        }
        state = .inMember
        return true
    }

    /// Tells zlib's wrapping from none: method 8, and a header that is a multiple of 31. False while there is one byte only.
    private func chooseWindow(_ input: ByteView, _ consumed: inout Int) -> Bool {
        let first: UInt8
        if let firstByte {
            first = firstByte
        } else {
            first = input[consumed]
            consumed += 1
            inputBytes += 1
            firstByte = first
        }
        guard consumed < input.count else { return false }
        let header = Int(first) << 8 | Int(input[consumed])
        let isWrapped = first & 0x0F == 8 && first >> 4 <= 7 && header % 31 == 0
        if !isWrapped { inflateReset2(stream, Self.rawWindow) }
        return true
    }

    // MARK: zlib

    /// One call of zlib, for the rest of `input` and of `room`.
    private func advance(
        _ input: ByteView, into room: UnsafeMutableRawBufferPointer
    ) throws(InflateError) -> (consumed: Int, produced: Int) {
        if var first = firstByte {
            // It was counted when it was taken; the first byte of a stream gives no output.
            firstByte = nil
            _ = try withUnsafeMutablePointer(to: &first) { pointer throws(InflateError) in
                try call(pointer, 1, room)
            }
        }
        let step = try call(UnsafeMutablePointer(mutating: input.start), input.count, room)
        inputBytes += step.consumed
        outputBytes += step.produced
        guard outputBytes <= limits.outputBytesMax else { throw failure(.tooLarge) }
        if let ratioMax = limits.ratioMax, outputBytes > Limits.ratioFreeBytes,
            outputBytes / ratioMax > inputBytes
        {
            throw failure(.ratio)
        }
        return step
    }

    private func call(
        _ input: UnsafeMutablePointer<UInt8>, _ inputCount: Int,
        _ room: UnsafeMutableRawBufferPointer
    ) throws(InflateError) -> (consumed: Int, produced: Int) {
        // More than 4 GiB are taken in several calls.
        let available = UInt32(clamping: inputCount)
        let roomCount = UInt32(clamping: room.count)
        stream.pointee.next_in = input
        stream.pointee.avail_in = available
        // zlib wants an address, even for no room.
        stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? input
        stream.pointee.avail_out = roomCount
        let code = zlibInflate(stream, Z_NO_FLUSH)
        switch code {
        // The latter says that nothing moved: no input, or no room.
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END:
            memberCount += 1
            state = wrapping == .gzip ? .beforeMember : .ended
        case Z_MEM_ERROR: throw failure(.noMemory)
        default:
            // What came out before the damage is good, as far as anybody can tell.
            let reason = stream.pointee.msg.map { String(cString: $0) }
            damage = failure(.malformed(reason ?? "a preset dictionary is needed"))
        }
        return (
            Int(available - stream.pointee.avail_in), Int(roomCount - stream.pointee.avail_out)
        )
    }

    private func failure(_ reason: InflateError.Reason) -> InflateError {
        InflateError(reason, inputBytes: inputBytes, outputBytes: outputBytes)
    }
}

/// zlib's function, which the method of that name hides.
private func zlibInflate(_ stream: UnsafeMutablePointer<z_stream>, _ flush: Int32) -> Int32 {
    inflate(stream, flush)
}

/// Why compressed input is refused.
public struct InflateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The reasons.
    public enum Reason: Equatable, Sendable {
        /// The bytes are no such stream, or are damaged: zlib's words.
        case malformed(String)
        /// The input ended in the middle.
        case truncated
        /// Something follows the compressed data.
        case trailing
        /// More came out than may.
        case tooLarge
        /// More came out for each byte of input than may.
        case ratio
        /// zlib got no memory.
        case noMemory
    }

    /// Why.
    public let reason: Reason
    /// The bytes of input taken until then.
    public let inputBytes: Int
    /// The bytes of output until then.
    public let outputBytes: Int

    init(_ reason: Reason, inputBytes: Int, outputBytes: Int) {
        self.reason = reason
        self.inputBytes = inputBytes
        self.outputBytes = outputBytes
    }

    /// What is wrong, and where.
    public var description: String {
        let place = "at byte \(inputBytes)"
        return switch reason {
        case .malformed(let what): "damaged compressed data \(place): \(what)"
        case .truncated: "compressed data that ends in the middle, \(place)"
        case .trailing: "something else behind the compressed data, \(place)"
        case .tooLarge: "compressed data that unpacks to more than is allowed, \(place)"
        case .ratio: "compressed data that unpacks to suspiciously much, \(place)"
        case .noMemory: "no memory to unpack compressed data"
        }
    }
}
