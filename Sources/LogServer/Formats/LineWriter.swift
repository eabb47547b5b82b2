internal import LogBytes
internal import LogJSON
internal import LogRecords

/// Writes the line for an entry of a protocol that has none of its own (Loki, OpenTelemetry): one JSON object.
///
///     {"_time":"2025-01-18T12:00:00.123456789Z","service":"api","_msg":"payment failed","trace_id":"6f1c…"}
///
/// The time comes first, then labels, then the message, then what else the entry has. A message that is itself a JSON object
/// is not put into a string: its members stand in the line as they were sent, in their order and spelling, so that level,
/// trace and whatever it says are found as in any other line. A member whose name a label has too gets `_extracted` behind
/// its name, as Loki calls it.
final class LineWriter {
    /// The line, without its newline.
    private(set) var line = ByteWriter(capacity: 1 << 10)
    private var isFirst = true
    /// The names written so far, as they stand in the line.
    private var names: Set<[UInt8]> = []
    /// Where set, a message that is JSON stays a string.
    var keepsMessages = false

    static let extractedSuffix: StaticString = "_extracted"

    /// Begins a line.
    func begin() {
        line.removeAll()
        names.removeAll(keepingCapacity: true)
        line.append(ASCII.openBrace)
        isFirst = true
    }

    /// Ends the line.
    func end() { line.append(ASCII.closeBrace) }

    /// Writes `"name":`, behind a comma where one is needed; what follows is the value.
    func key(_ name: ByteView) {
        separate()
        let start = line.count
        JSONText.quote(name, into: &line)
        names.insert(Array(line.view.slice(start + 1..<line.count - 1)))
        line.append(ASCII.colon)
    }

    /// Writes `"name":` for a name that is JSON already, between its quotes.
    func key(json name: ByteView) {
        separate()
        names.insert(Array(name))
        line.append(ASCII.quote)
        line.append(name)
        line.append(ASCII.quote)
        line.append(ASCII.colon)
    }

    private func separate() {
        if !isFirst { line.append(ASCII.comma) }
        isFirst = false
    }

    /// Writes a member whose value is text.
    func member(_ name: ByteView, text: ByteView) {
        key(name)
        JSONText.quote(text, into: &line)
    }

    /// Writes a member whose name and value are literals.
    func member(_ name: StaticString, text: ByteView) {
        member(ByteView(name), text: text)
    }

    /// Writes a member whose value is a whole number.
    func member(_ name: StaticString, number: UInt64) {
        key(ByteView(name))
        line.append(String(number))
    }

    /// Writes `_time`.
    func time(_ nanoseconds: Int64) {
        key(ByteView("_time"))
        line.append(ASCII.quote)
        Timestamp.append(nanoseconds, into: &line)
        line.append(ASCII.quote)
    }

    /// Writes the message: `_msg`, or its members where it is a JSON object.
    func message(_ text: ByteView) {
        guard !keepsMessages, JSONMembers.isObject(text), var members = JSONMembers(text) else {
            member("_msg", text: text)
            return
        }
        while let member = members.member() {
            separate()
            guard names.contains(Array(member.key)) else {
                line.append(json: member.whole)
                continue
            }
            line.append(ASCII.quote)
            line.append(member.key)
            line.append(ByteView(Self.extractedSuffix))
            line.append(ASCII.quote)
            line.append(ASCII.colon)
            line.append(json: member.value)
        }
    }

    /// Appends raw JSON behind a key.
    func raw(_ json: ByteView) { line.append(json: json) }

    /// Lets a body write a value behind a key.
    func value<Result, Failure: Error>(
        _ body: (inout ByteWriter) throws(Failure) -> Result
    ) throws(Failure) -> Result { try body(&line) }
}

extension Vector where Element == UInt8 {
    /// Appends valid JSON on one line: a line break can only be white space between its tokens, and becomes a space. So no
    /// value that a client has laid out over several lines can end a line here and begin another.
    mutating func append(json: ByteView) {
        let start = count
        append(json)
        for index in start..<count where self[index] == ASCII.newline {
            self[index] = ASCII.space
        }
    }
}
