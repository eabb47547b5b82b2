internal import LogBytes
internal import LogSystem

/// The latest position of everything that sources have read, and how it is written in `DATA/state/positions`.
///
///     sequence 1042                         positions of journal frames from this sequence number on are newer
///     940<tab>file:2049:131<tab>88120<tab>detail
///
/// A line is the sequence number of the frame that brought the position, its key, its offset and its detail; tabs, newlines and
/// backslashes in them are escaped. It is saved before the journal files are removed whose frames hold the positions.
struct PositionTable {
    private struct Entry {
        var position: SourcePosition
        var sequence: UInt64
    }

    private var entries: [String: Entry] = [:]
    /// Set when the file does not say what the table does.
    private(set) var isChanged: Bool

    /// Positions kept of one kind of source; of more, those go that were moved longest ago. Far more files than are followed
    /// at once, and the requests of minutes at hundreds a second: a client tries again within seconds.
    static let positionsMax = 50_000

    /// An empty table.
    ///
    /// - Parameter isChanged: whether the file has to be written again all the same.
    init(isChanged: Bool = false) { self.isChanged = isChanged }

    /// All positions.
    var positions: [SourcePosition] { entries.values.map(\.position) }

    /// Takes note of a position that stands in a frame whose first line has the number `sequence`.
    mutating func note(_ position: SourcePosition, sequence: UInt64) {
        isChanged = true
        entries[position.key] =
            position.isForgotten ? nil : Entry(position: position, sequence: sequence)
    }

    // MARK: The state file

    /// The text of the state file, when frames from `sequence` on are not in it. Drops what is over the limit.
    mutating func text(sequence: UInt64) -> String {
        isChanged = false
        var text = "sequence \(sequence)\n"
        let kinds = Dictionary(grouping: entries.values) { $0.position.key.prefix { $0 != ":" } }
        for (_, kind) in kinds.sorted(by: { $0.key < $1.key }) {
            let sorted = kind.sorted {
                ($0.sequence, $0.position.key) < ($1.sequence, $1.position.key)
            }
            for entry in sorted.dropLast(Self.positionsMax) { entries[entry.position.key] = nil }
            for entry in sorted.suffix(Self.positionsMax) {
                text += "\(entry.sequence)\t\(Self.escaped(entry.position.key))"
                text += "\t\(entry.position.offset)\t\(Self.escaped(entry.position.detail))\n"
            }
        }
        return text
    }

    /// The table that `text` holds, and the sequence number from which frames are newer; nil when it is no such text.
    static func parse(_ text: String) -> (table: PositionTable, sequence: UInt64)? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: true)[...]
        guard let first = lines.popFirst(), first.hasPrefix("sequence "),
            let sequence = UInt64(first.dropFirst("sequence ".count))
        else { return nil }
        var table = PositionTable()
        for line in lines {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count == 4, let moved = UInt64(parts[0]), let offset = UInt64(parts[2])
            else { return nil }
            let position = SourcePosition(
                key: unescaped(parts[1]), offset: offset, detail: unescaped(parts[3]))
            table.entries[position.key] = Entry(position: position, sequence: moved)
        }
        return (table, sequence)
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 9 || $0 == 10 || $0 == 92 }) else { return text }
        return text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t")
            .replacing("\n", with: "\\n")
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.utf8.contains(ASCII.backslash) else { return String(text) }
        var out = ""
        var isEscape = false
        for character in text {
            if isEscape {
                out.append(character == "t" ? "\t" : character == "n" ? "\n" : character)
                isEscape = false
            } else if character == "\\" {
                isEscape = true
            } else {
                out.append(character)
            }
        }
        return out
    }

    // MARK: Frames

    /// Appends `positions` as a frame's payload begins with them: varint number; each: varint length and bytes of the key,
    /// varint offset, varint length and bytes of the detail, byte 1 when it is to be forgotten.
    static func append(_ positions: [SourcePosition], into out: inout ByteWriter) {
        out.append(length: positions.count)
        for position in positions {
            position.key.withView { out.append(lengthPrefixed: $0) }
            out.append(varint: position.offset)
            position.detail.withView { out.append(lengthPrefixed: $0) }
            out.append(position.isForgotten ? 1 : 0)
        }
    }

    /// Reads what `append` has written.
    static func read(_ reader: inout ByteReader) throws(MalformedBytes) -> [SourcePosition] {
        let count = try reader.length(atMost: reader.remaining, "positions")
        var positions: [SourcePosition] = []
        for _ in 0..<count {
            let key = try reader.lengthPrefixed("key of a position").text
            let offset = try reader.varint("offset of a position")
            let detail = try reader.lengthPrefixed("detail of a position").text
            var position = SourcePosition(key: key, offset: offset, detail: detail)
            position.isForgotten = try reader.fixed(UInt8.self, "state of a position") == 1
            positions.append(position)
        }
        return positions
    }
}
