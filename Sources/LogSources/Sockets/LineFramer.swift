internal import LogBytes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Cuts what one connection sends into lines.
///
/// Whole lines leave as one block for each read, from where they were read to; only what a read leaves unfinished is kept.
/// Too long a line keeps its first bytes, the rest is skipped to its end and counted.
struct LineFramer: ~Copyable {
    private enum Mode {
        case undecided, newline, nul, octet
    }

    private var mode: Mode
    private var carry: CarriedLine
    private var octets = OctetState()
    private var opening = ConnectionOpening()

    /// A framer for lines of at most `lineBytesMax` bytes.
    init(_ framing: LineFraming, lineBytesMax: Int, budget: CarryBudget) {
        carry = CarriedLine(limit: lineBytesMax, budget: budget)
        mode =
            switch framing {
            case .auto: .undecided
            case .newline: .newline
            case .nul: .nul
            case .octet: .octet
            }
    }

    /// Takes what was read, at most the handoff's `blockBytesMax` bytes, which it may change. False when the outlet is
    /// closed.
    mutating func take(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ handoff: LineHandoff)
        -> Bool
    {
        if mode == .undecided, !decide(ByteView(bytes, count)) {
            carry.append(ByteView(bytes, count))
            // It has had its chance: a first line so long is no GELF.
            if carry.cutBytes > 0 { mode = .newline }
            return true
        }
        switch mode {
        case .undecided: return true
        case .newline: return takeLines(bytes, count, ASCII.newline, handoff)
        case .nul: return takeLines(bytes, count, 0, handoff)
        case .octet:
            guard replayOpening(handoff) else { return false }
            return takeMessages(bytes, count, handoff)
        }
    }

    /// Hands on what is left at the end of the connection.
    ///
    /// - Returns: whether there was a last line without its end; nil when the outlet is closed.
    mutating func finish(_ handoff: LineHandoff) -> Bool? {
        if octets.digits > 0 { carryDigits() }
        octets = OctetState()
        guard !carry.isEmpty else { return false }
        return handCarried(handoff) ? true : nil
    }

    // MARK: The opening

    /// Decides the mode by the first bytes; false when they are too few.
    private mutating func decide(_ bytes: ByteView) -> Bool {
        switch opening.look(at: bytes) {
        case .undecided: return false
        case .newline, .auto: mode = .newline
        case .nul: mode = .nul
        case .octet: mode = .octet
        }
        return true
    }

    /// Octet-counted messages whose head came in pieces: the pieces are read again, as a head.
    private mutating func replayOpening(_ handoff: LineHandoff) -> Bool {
        guard opening.isPending else { return true }
        opening.isPending = false
        guard !carry.isEmpty else { return true }
        var head = Array(carry.view)
        carry.removeAll()
        return head.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return true }
            return takeMessages(base, buffer.count, handoff)
        }
    }

    // MARK: Lines that a byte ends

    private mutating func takeLines(
        _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ delimiter: UInt8,
        _ handoff: LineHandoff
    ) -> Bool {
        var rest = ByteView(bytes, count)
        if !carry.isEmpty {
            guard let end = rest.firstIndex(of: delimiter) else {
                carry.append(rest)
                return true
            }
            carry.append(rest.prefix(end))
            guard handCarried(handoff) else { return false }
            rest = rest.dropFirst(end + 1)
        }
        guard let last = rest.lastIndex(of: delimiter) else {
            if !rest.isEmpty { carry.append(rest) }
            return true
        }
        let block = rest.prefix(last + 1)
        let isHanded =
            delimiter == 0
            ? handTerminated(bytes + (count - rest.count), last + 1, handoff) : handoff.hand(block)
        guard isHanded else { return false }
        if last + 1 < rest.count { carry.append(rest.dropFirst(last + 1)) }
        return true
    }

    /// Hands on lines that zero bytes end: at once where none has newlines inside.
    private func handTerminated(
        _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ handoff: LineHandoff
    ) -> Bool {
        let block = ByteView(bytes, count)
        let isPlain = block.firstIndex(of: ASCII.newline) == nil
        var start = 0
        while start < count, let length = block.dropFirst(start).firstIndex(of: 0) {
            bytes[start + length] = ASCII.newline
            if !isPlain {
                let line = block.slice(start..<start + length + 1)
                guard Self.handMessage(line, handoff) else { return false }
            }
            start += length + 1
        }
        return isPlain ? handoff.hand(block) : true
    }

    /// Hands on one message that ends in a newline of ours. A newline of its own at its end, which some senders add to the
    /// other end mark, goes.
    private static func handMessage(
        _ message: ByteView, cutBytes: Int = 0, _ handoff: LineHandoff
    ) -> Bool {
        var line = message
        if line.count > 1, line[line.count - 2] == ASCII.newline {
            line = line.prefix(line.count - 1)
        }
        let hasNewlines = line.firstIndex(of: ASCII.newline) != line.count - 1
        return handoff.hand(line, isOneLine: hasNewlines, cutBytes: cutBytes)
    }

    private mutating func handCarried(_ handoff: LineHandoff) -> Bool {
        carry.end()
        let isHanded = Self.handMessage(carry.view, cutBytes: carry.cutBytes, handoff)
        carry.removeAll()
        return isHanded
    }

    // MARK: Messages with their length in front

    private struct OctetState {
        /// The number that has been read of a head, and its digits.
        var value = 0
        var digits = 0
        /// Bytes of the message that are to come; nil outside of one.
        var remaining: Int?
        /// There was no length in front: a newline ends the line, as where a sender mixes both.
        var isLoose = false
    }

    /// The longest length that is taken for one: a terabyte is no log line.
    private static let lengthDigitsMax = 9

    private mutating func takeMessages(
        _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ handoff: LineHandoff
    ) -> Bool {
        // Whole messages move together over their heads, each with a newline behind it, to leave as one block.
        var start = 0
        var end = 0
        var index = 0
        while index < count {
            if octets.isLoose {
                let rest = ByteView(bytes + index, count - index)
                let length = rest.firstIndex(of: ASCII.newline)
                carry.append(rest.prefix(length ?? rest.count))
                guard let length else { return handoff.hand(ByteView(bytes + start, end - start)) }
                guard handoff.hand(ByteView(bytes + start, end - start)), handCarried(handoff)
                else { return false }
                octets.isLoose = false
                index += length + 1
                start = index
                end = index
                continue
            }
            guard let remaining = octets.remaining else {
                readHead(bytes[index])
                // The first byte of a line without a head belongs to the line.
                if !octets.isLoose { index += 1 }
                continue
            }
            let length = min(remaining, count - index)
            octets.remaining = remaining > length ? remaining - length : nil
            let message = ByteView(bytes + index, length)
            // A newline needs one byte. A head has two, but may have come with the read before.
            let hasRoom = index > end
            index += length
            guard length == remaining, carry.isEmpty, hasRoom else {
                carry.append(message)
                if length < remaining { break }
                guard handoff.hand(ByteView(bytes + start, end - start)), handCarried(handoff)
                else { return false }
                start = index
                end = index
                continue
            }
            memmove(bytes + end, message.start, length)
            bytes[end + length] = ASCII.newline
            let line = ByteView(bytes + end, length + 1)
            if line.firstIndex(of: ASCII.newline) == length {
                end += length + 1
                continue
            }
            guard handoff.hand(ByteView(bytes + start, end - start)),
                Self.handMessage(line, handoff)
            else { return false }
            start = index
            end = index
        }
        return handoff.hand(ByteView(bytes + start, end - start))
    }

    /// Takes a byte of a message's head, or finds that there is none.
    private mutating func readHead(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9")
        where (octets.digits > 0 || byte != UInt8(ascii: "0"))
            && octets.digits < Self.lengthDigitsMax:
            octets.value = octets.value * 10 + Int(byte - UInt8(ascii: "0"))
            octets.digits += 1
        case UInt8(ascii: " ") where octets.digits > 0:
            octets.remaining = octets.value
            octets.value = 0
            octets.digits = 0
        case ASCII.newline where octets.digits == 0:
            // Some senders add a newline that they do not count.
            break
        default:
            carryDigits()
            octets.isLoose = true
        }
    }

    /// Digits that turned out to be no head are the start of a line.
    private mutating func carryDigits() {
        if octets.digits > 0 { String(octets.value).withView { carry.append($0) } }
        octets.value = 0
        octets.digits = 0
    }
}
