internal import LogBytes
internal import LogJSON

/// One entry of systemd's journal: its fields in the order in which they came.
///
/// It is used again for the next entry, and holds no more than it was made for; what goes beyond that is dropped and counted.
final class JournalEntry {
    private struct Field {
        let name: Range<Int>
        let value: Range<Int>
        /// That of the name: fields may come several times.
        let hash: UInt64
    }

    private var bytes = ByteWriter(capacity: 1 << 12)
    private var fields: [Field] = []
    private let bytesMax: Int
    private let valueBytesMax: Int
    /// The field that is being taken: where its name and its value begin.
    private var nameStart = 0
    private var valueStart: Int?
    private var valueCutBytes = 0
    /// Bytes of values that were dropped.
    private(set) var cutBytes = 0

    /// Fields of one entry; journald itself takes no more.
    private static let fieldsMax = 1_024
    /// A value gets this part of a line at most: a core dump in one field leaves room for the message.
    private static let valueShare = 4

    /// An entry of which as many bytes are held as a line may have.
    init(lineBytesMax: Int) {
        bytesMax = lineBytesMax
        valueBytesMax = max(lineBytesMax / Self.valueShare, 1)
    }

    /// Whether nothing has come.
    var isEmpty: Bool { fields.isEmpty && cutBytes == 0 }

    /// Forgets everything.
    func removeAll() {
        bytes.removeAll()
        fields.removeAll(keepingCapacity: true)
        cutBytes = 0
    }

    // MARK: Taking fields

    /// Begins a field.
    func begin(_ name: ByteView) {
        nameStart = bytes.count
        bytes.append(name)
        valueStart = bytes.count
        valueCutBytes = 0
    }

    /// Adds a part of the value; what is over the limits is dropped.
    func append(_ part: ByteView) {
        let held = bytes.count - (valueStart ?? 0)
        let room = min(valueBytesMax - held, bytesMax - bytes.count)
        let kept = valueCutBytes > 0 ? 0 : min(part.count, max(room, 0))
        bytes.append(part.prefix(kept))
        valueCutBytes += part.count - kept
    }

    /// Ends the field.
    func end() {
        guard let start = valueStart else { return }
        valueStart = nil
        // A character that was cut in the middle would make bytes of a text.
        if valueCutBytes > 0 {
            bytes.truncate(start + wholeCharacters(bytes.view.dropFirst(start)))
        }
        cutBytes += valueCutBytes
        guard fields.count < Self.fieldsMax else {
            cutBytes += bytes.count - start
            bytes.truncate(nameStart)
            return
        }
        let name = nameStart..<start
        fields.append(
            Field(name: name, value: start..<bytes.count, hash: bytes.view.slice(name).memoryHash))
    }

    /// The length of `text` without the character that its end cuts.
    private func wholeCharacters(_ text: ByteView) -> Int {
        var end = text.count
        while end > 0, text.count - end < 3, text[end - 1] & 0xC0 == 0x80 { end -= 1 }
        guard end > 0 else { return text.count }
        let width =
            switch text[end - 1] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        return text.count - end + 1 < width ? end - 1 : text.count
    }

    // MARK: As a line

    /// Writes the members of the entry's JSON object, as `journalctl -o json --all` does: values are strings, a field that
    /// came several times is an array of them, and a value that is no UTF-8 is an array of its bytes. Other than there, text
    /// with control characters, such as the colours of a terminal, stays text, so that it can be searched.
    ///
    /// - Returns: the bytes of the fields that were left out, since `out` would have more than `bytesMax` bytes with them.
    func write(into out: inout ByteWriter, upTo bytesMax: Int) -> Int {
        var leftOut = 0
        var isFirst = true
        for (index, field) in fields.enumerated() {
            let same = fields.indices.filter { isSame(fields[$0], field) }
            guard same.first == index else { continue }
            let start = out.count
            if !isFirst { out.append(ASCII.comma) }
            write(same, into: &out)
            if out.count > bytesMax {
                out.truncate(start)
                leftOut += same.reduce(0) { $0 + fields[$1].value.count }
            } else {
                isFirst = false
            }
        }
        return leftOut
    }

    private func isSame(_ one: Field, _ other: Field) -> Bool {
        one.hash == other.hash && bytes.view.slice(one.name) == bytes.view.slice(other.name)
    }

    /// Writes the member of the fields of one name.
    private func write(_ same: [Int], into out: inout ByteWriter) {
        guard let first = same.first else { return }
        JSONText.quote(bytes.view.slice(fields[first].name), into: &out)
        out.append(ASCII.colon)
        if same.count > 1 { out.append(ASCII.openBracket) }
        for (position, index) in same.enumerated() {
            if position > 0 { out.append(ASCII.comma) }
            Self.write(bytes.view.slice(fields[index].value), into: &out)
        }
        if same.count > 1 { out.append(ASCII.closeBracket) }
    }

    private static func write(_ value: ByteView, into out: inout ByteWriter) {
        guard UTF8Validation.firstFault(value) != nil else {
            return JSONText.quote(value, into: &out)
        }
        out.append(ASCII.openBracket)
        for index in 0..<value.count {
            if index > 0 { out.append(ASCII.comma) }
            out.append(String(value[index]))
        }
        out.append(ASCII.closeBracket)
    }
}
