internal import LogBytes

/// Reads systemd's journal export format, in whatever pieces it comes.
///
///     __CURSOR=s=739a…;i=4ece7;b=6c7c…        NAME=value, a newline
///     MESSAGE                                 NAME alone: a value that may be anything:
///     \x1a\x00\x00\x00\x00\x00\x00\x00foo…    its length in 8 bytes, little-endian, the bytes, a newline
///                                             an empty line ends the entry
///
/// (https://systemd.io/JOURNAL_EXPORT_FORMATS). One task uses it.
final class JournalExport {
    /// What is wrong with the text.
    struct Fault: Error, Equatable {
        let what: String
        /// Where, in bytes from the start.
        let offset: UInt64
    }

    private enum State {
        /// In a name; so many of its bytes are held.
        case name
        /// In a value that a newline ends.
        case text
        /// In a length; so many of its bytes have come.
        case length(UInt64, count: UInt64)
        /// In a value; so many bytes are to come.
        case bytes(UInt64)
        /// Behind a value, where a newline stands.
        case end
    }

    private var state = State.name
    private var name = ByteWriter(capacity: nameBytesMax)
    private var offset: UInt64 = 0

    /// The longest name that journald takes (bytes).
    private static let nameBytesMax = 64

    /// Takes bytes up to the end of an entry.
    ///
    /// - Returns: how many were taken, and whether `entry` is complete; if it is not, it takes more.
    func take(
        _ bytes: ByteView, into entry: JournalEntry
    ) throws(Fault) -> (count: Int, isComplete: Bool) {
        var index = 0
        defer { offset += UInt64(index) }
        while index < bytes.count {
            let rest = bytes.dropFirst(index)
            switch state {
            case .name:
                let byte = rest[0]
                if byte == ASCII.newline, name.isEmpty {
                    index += 1
                    if !entry.isEmpty { return (index, true) }
                } else {
                    try takeName(byte, at: offset + UInt64(index), entry)
                    index += 1
                }
            case .text:
                let end = rest.firstIndex(of: ASCII.newline)
                entry.append(rest.prefix(end ?? rest.count))
                index += (end ?? rest.count - 1) + 1
                if end != nil { finish(entry) }
            case .length(let value, let count):
                let more = value | UInt64(rest[0]) << (8 * count)
                index += 1
                state = count == 7 ? .bytes(more) : .length(more, count: count + 1)
                if count == 7, more == 0 { state = .end }
            case .bytes(let remaining):
                let part = rest.prefix(Int(min(UInt64(rest.count), remaining)))
                entry.append(part)
                index += part.count
                let left = remaining - UInt64(part.count)
                state = left == 0 ? .end : .bytes(left)
            case .end:
                guard rest[0] == ASCII.newline else {
                    throw Fault(
                        what: "a newline is missing behind a value with a length",
                        offset: offset + UInt64(index))
                }
                index += 1
                finish(entry)
            }
        }
        return (index, false)
    }

    /// Whether the text may end here. The empty line behind the last entry may be missing.
    var mayEnd: Bool {
        guard case .name = state else { return false }
        return name.isEmpty
    }

    private func takeName(
        _ byte: UInt8, at position: UInt64, _ entry: JournalEntry
    ) throws(Fault) {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"):
            guard name.count < Self.nameBytesMax else {
                throw Fault(
                    what: "a field's name has more than \(Self.nameBytesMax) bytes",
                    offset: position)
            }
            name.append(byte)
        case UInt8(ascii: "=") where !name.isEmpty:
            entry.begin(name.view)
            state = .text
        case ASCII.newline:
            entry.begin(name.view)
            state = .length(0, count: 0)
        default:
            throw Fault(
                what: "a field's name has A to Z, 0 to 9 and _, not byte \(byte)",
                offset: position)
        }
    }

    private func finish(_ entry: JournalEntry) {
        entry.end()
        name.removeAll()
        state = .name
    }
}
