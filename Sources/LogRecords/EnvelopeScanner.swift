internal import LogBytes

/// Finds out whether a line stands in an envelope, and where its values are.
///
/// Each function leaves the values of the envelope it found in `values`, in the order of `Envelope.fields`; there are exactly
/// the bytes of `Envelope.pieces` between them. A line that is no such envelope in every byte is none.
struct EnvelopeScanner {
    private var line = ByteView.empty
    private(set) var values: [ByteView] = []
    /// The offset behind the envelope.
    private(set) var end = 0

    /// Longer headers are none: hosts and programs have names, not texts.
    private static let wordBytesMax = 255
    /// How far into a line the JSON object behind a text may begin.
    private static let prefixBytesMax = 512

    // MARK: Container runtimes

    /// `TIME stdout|stderr TAG `, as Kubernetes' runtimes write it.
    mutating func cri(_ line: ByteView) -> Bool {
        begin(line)
        guard ASCII.isDigit(line.isEmpty ? 0 : line[0]), let time = word(), time.count >= 20,
            Timestamp.parse(time) != nil, let stream = word(),
            stream == ByteView("stdout") || stream == ByteView("stderr"), let tag = word(),
            tag[0] == UInt8(ascii: "F") || tag[0] == UInt8(ascii: "P"),
            tag.count == 1 || tag[1] == ASCII.colon
        else { return false }
        values.append(time)
        values.append(stream)
        values.append(tag)
        return true
    }

    // MARK: Syslog

    /// The syslog envelope of the line, if it has one.
    mutating func syslog(_ line: ByteView) -> Envelope? {
        begin(line)
        guard take(priority()) else { return file() }
        let start = end
        if rest.hasPrefix(ByteView("1 ")) {
            end += 2
            if let envelope = rfc5424() { return envelope }
            values.removeSubrange(1...)
        }
        end = start
        return rfc3164()
    }

    /// `<0>` to `<191>`.
    private mutating func priority() -> ByteView? {
        guard line.count > 3, line[0] == UInt8(ascii: "<"),
            let close = line.prefix(5).firstIndex(of: UInt8(ascii: ">")), close > 1
        else { return nil }
        let digits = line.slice(1..<close)
        guard let number = NumberText.integer(digits), (0...191).contains(number),
            digits.count == 1 || digits[0] != ASCII.zero
        else { return nil }
        end = close + 1
        return digits
    }

    private mutating func rfc5424() -> Envelope? {
        guard let time = word(), time == ByteView("-") || Timestamp.parse(time) != nil,
            take(time), take(word()), take(word()), take(word()), take(word()),
            take(structuredData())
        else { return nil }
        if end == line.count { return .rfc5424Bare }
        guard line[end] == ASCII.space else { return nil }
        end += 1
        let mark = ByteView("\u{FEFF}")
        if rest.hasPrefix(mark) {
            end += mark.count
            return .rfc5424Marked
        }
        return .rfc5424
    }

    /// `-`, or elements in brackets; a bracket in a quoted value ends nothing.
    private mutating func structuredData() -> ByteView? {
        let start = end
        guard start < line.count else { return nil }
        if line[start] == ASCII.minus {
            end += 1
            return line.slice(start..<end)
        }
        while end < line.count, line[end] == ASCII.openBracket {
            var isQuoted = false
            var index = end + 1
            while index < line.count, isQuoted || line[index] != ASCII.closeBracket {
                if line[index] == ASCII.backslash {
                    index += 1
                } else if line[index] == ASCII.quote {
                    isQuoted.toggle()
                }
                index += 1
            }
            guard index < line.count else { return nil }
            end = index + 1
        }
        return end > start ? line.slice(start..<end) : nil
    }

    private mutating func rfc3164() -> Envelope? {
        guard take(shortTime() ?? isoTime()) else { return nil }
        switch tag() {
        case .process: return .rfc3164NoHost
        case .noProcess: return .rfc3164NoHostNoProcess
        case nil: break
        }
        guard take(word()) else { return nil }
        switch tag() {
        case .process: return .rfc3164
        case .noProcess: return .rfc3164NoProcess
        case nil: return nil
        }
    }

    /// What rsyslog writes to files: no priority, and either the short time or one with microseconds and a numeric zone.
    private mutating func file() -> Envelope? {
        guard take(shortTime() ?? fileTime()), let host = nextWord(),
            LogLevel(text: host) == .unknown, take(word())
        else { return nil }
        switch tag() {
        case .process: return .syslogFile
        case .noProcess: return .syslogFileNoProcess
        case nil: return nil
        }
    }

    /// `Jan  8 12:00:00 `.
    private mutating func shortTime() -> ByteView? {
        let time = rest.prefix(Self.shortTimeBytes)
        guard rest.count > time.count, rest[time.count] == ASCII.space, Self.isShortTime(time)
        else { return nil }
        end += time.count + 1
        return time
    }

    private static let shortTimeBytes = 15

    private static func isShortTime(_ text: ByteView) -> Bool {
        guard text.count == shortTimeBytes, text[3] == ASCII.space, text[6] == ASCII.space,
            text[9] == ASCII.colon, text[12] == ASCII.colon,
            text[4] == ASCII.space || ASCII.isDigit(text[4])
        else { return false }
        for index in [5, 7, 8, 10, 11, 13, 14] where !ASCII.isDigit(text[index]) { return false }
        return months.contains { text.hasPrefix(ByteView($0)) }
    }

    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private mutating func isoTime() -> ByteView? {
        let start = end
        guard let time = word(), time.count >= 19, Timestamp.parse(time) != nil else {
            end = start
            return nil
        }
        return time
    }

    /// `2025-01-18T12:00:00.123456+01:00 `, also without a fraction; other spellings are too common before other texts.
    private mutating func fileTime() -> ByteView? {
        let start = end
        guard let time = isoTime(), time.count == 32 && time[19] == ASCII.dot || time.count == 25,
            time[time.count - 3] == ASCII.colon
        else {
            end = start
            return nil
        }
        return time
    }

    private enum Tag {
        case process, noProcess
    }

    /// Takes `app[123]:` as app and process, or `app:` as app.
    private mutating func tag() -> Tag? {
        guard let word = nextWord(), word.count > 1, word[word.count - 1] == ASCII.colon else {
            return nil
        }
        let name = word.prefix(word.count - 1)
        if name[name.count - 1] != ASCII.closeBracket {
            guard Self.isProgram(name) else { return nil }
            end += word.count
            values.append(name)
            return .noProcess
        }
        guard let open = name.lastIndex(of: ASCII.openBracket), open > 0, open + 2 < name.count,
            Self.isProgram(name.prefix(open))
        else { return nil }
        end += word.count
        values.append(name.prefix(open))
        values.append(name.slice(open + 1..<name.count - 1))
        return .process
    }

    /// Whether a program may be called so: no brackets, no quotes.
    private static func isProgram(_ name: ByteView) -> Bool {
        (0..<name.count).allSatisfy {
            name[$0] > 0x20 && name[$0] != ASCII.openBracket && name[$0] != ASCII.quote
                && name[$0] != ASCII.openBrace && name[$0] != ASCII.colon
        }
    }

    // MARK: Text before JSON

    /// Any text up to `{"`, when the line ends as an object does.
    mutating func prefix(_ line: ByteView) -> Bool {
        begin(line)
        let object = ByteView("{\"")
        guard line.count > 4, let start = line.prefix(Self.prefixBytesMax).firstIndex(of: object),
            start > 0
        else { return false }
        var last = line.count - 1
        while last > start, line[last] <= 0x20 { last -= 1 }
        guard line[last] == ASCII.closeBrace else { return false }
        values.append(line.prefix(start))
        end = start
        return true
    }

    // MARK: Words

    private mutating func begin(_ line: ByteView) {
        self.line = line
        values.removeAll(keepingCapacity: true)
        end = 0
    }

    private var rest: ByteView { line.dropFirst(end) }

    private mutating func take(_ value: ByteView?) -> Bool {
        guard let value else { return false }
        values.append(value)
        return true
    }

    /// The bytes up to the next space or the end of the line.
    private func nextWord() -> ByteView? {
        let window = rest.prefix(Self.wordBytesMax + 1)
        let length = window.firstIndex(of: ASCII.space) ?? window.count
        return length > 0 && length <= Self.wordBytesMax ? window.prefix(length) : nil
    }

    /// Skips a word and the one space that must follow it.
    private mutating func word() -> ByteView? {
        guard let word = nextWord(), end + word.count < line.count else { return nil }
        end += word.count + 1
        return word
    }
}
