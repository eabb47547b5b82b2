internal import LogBytes
internal import LogRecords

/// A syslog message: `<165>1 2023-06-03T17:42:32.123Z host app 12345 ID47 [a@1 k="v"] text` (RFC 5424) or
/// `<165>Jun  3 17:42:32 host app[12345]: text` (RFC 3164), each also without its `<PRI>`.
struct SyslogText {
    private var rest: ByteView
    private let zoneNanoseconds: Int64
    private let now: Int64
    private var fields: [(name: String, value: [UInt8])] = []

    /// Takes `text` apart. Times of RFC 3164 name neither year nor zone: they lie in the twelve months before `now`, and are
    /// `zoneNanoseconds` east of UTC.
    init(_ text: ByteView, zoneNanoseconds: Int64, now: Int64) {
        rest = text
        self.zoneNanoseconds = zoneNanoseconds
        self.now = now
        readPriority()
        if rest.hasPrefix(ByteView("1 ")) {
            rest = rest.dropFirst(2)
            readStandard()
        } else {
            readOld()
        }
    }

    /// Gives `body` each field.
    func visit(_ body: (String, [UInt8]) -> Void) {
        for (name, value) in fields { body(name, value) }
    }

    private mutating func add(_ name: String, _ value: ByteView) {
        // `-` says that there is none.
        if value.isEmpty || value == ByteView("-") { return }
        fields.append((name, Array(value)))
    }

    private mutating func add(_ name: String, _ value: String) {
        fields.append((name, Array(value.utf8)))
    }

    private static let levels = [
        "emerg", "alert", "critical", "error", "warning", "notice", "info", "debug",
    ]

    private static let facilities = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
        "authpriv", "ftp", "ntp", "security", "console", "solaris-cron", "local0", "local1",
        "local2", "local3", "local4", "local5", "local6", "local7",
    ]

    private mutating func readPriority() {
        guard !rest.isEmpty, rest[0] == UInt8(ascii: "<"),
            let close = rest.firstIndex(of: UInt8(ascii: ">")), close <= 4,
            let priority = Int(rest.slice(1..<close).text), (0...999).contains(priority)
        else { return }
        rest = rest.dropFirst(close + 1)
        let facility = priority / 8
        add("priority", "\(priority)")
        add(
            "facility_keyword",
            facility < Self.facilities.count ? Self.facilities[facility] : "unknown")
        add("level", Self.levels[priority % 8])
        add("facility", "\(facility)")
        add("severity", "\(priority % 8)")
    }

    /// The word up to the next blank, which is passed over.
    private mutating func word() -> ByteView {
        let length = rest.firstIndex(of: ASCII.space) ?? rest.count
        let word = rest.prefix(length)
        rest = rest.dropFirst(min(length + 1, rest.count))
        return word
    }

    // MARK: RFC 5424

    private mutating func readStandard() {
        add("format", "rfc5424")
        for name in ["timestamp", "hostname", "app_name", "proc_id", "msg_id"] {
            add(name, word())
        }
        if rest.hasPrefix(ByteView("-")) {
            rest = rest.dropFirst(1)
        } else {
            while !rest.isEmpty, rest[0] == ASCII.openBracket {
                guard readStructured() else { break }
            }
        }
        if !rest.isEmpty, rest[0] == ASCII.space { rest = rest.dropFirst(1) }
        add("message", rest)
    }

    /// Reads `[id name="value" …]`; false where it is broken, which then is a part of the message.
    private mutating func readStructured() -> Bool {
        var index = 1
        let start = index
        while index < rest.count, rest[index] != ASCII.space, rest[index] != ASCII.closeBracket {
            index += 1
        }
        let id = rest.slice(start..<index).text
        var found: [(String, [UInt8])] = []
        while index < rest.count, rest[index] == ASCII.space {
            index += 1
            let nameStart = index
            while index < rest.count, rest[index] != UInt8(ascii: "=") { index += 1 }
            let name = rest.slice(nameStart..<index).text
            guard index + 1 < rest.count, rest[index + 1] == ASCII.quote else { return false }
            index += 2
            var value: [UInt8] = []
            while index < rest.count, rest[index] != ASCII.quote {
                // RFC 5424 escapes only these three.
                if rest[index] == ASCII.backslash, index + 1 < rest.count,
                    [ASCII.quote, ASCII.backslash, ASCII.closeBracket].contains(rest[index + 1])
                {
                    index += 1
                }
                value.append(rest[index])
                index += 1
            }
            guard index < rest.count else { return false }
            index += 1
            found.append(("\(id).\(name)", value))
        }
        guard index < rest.count, rest[index] == ASCII.closeBracket else { return false }
        if found.isEmpty { found.append((id, [])) }
        fields += found
        rest = rest.dropFirst(index + 1)
        return true
    }

    // MARK: RFC 3164

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private mutating func readOld() {
        add("format", "rfc3164")
        guard let (time, length) = oldTime() else {
            add("message", rest)
            return
        }
        var out = ByteWriter(capacity: 32)
        NumberFormat.append(time: time, into: &out)
        add("timestamp", out.view)
        rest = rest.dropFirst(length)
        while !rest.isEmpty, rest[0] == ASCII.space { rest = rest.dropFirst(1) }
        add("hostname", word())
        readTag()
        add("message", rest)
    }

    /// `app[123]: `, `app: `, or nothing of the kind.
    private mutating func readTag() {
        var index = 0
        while index < rest.count, rest[index] != ASCII.openBracket, rest[index] != ASCII.colon,
            rest[index] != ASCII.space
        {
            index += 1
        }
        guard index < rest.count, rest[index] != ASCII.space else { return }
        let name = rest.prefix(index)
        var process = ByteView.empty
        if rest[index] == ASCII.openBracket {
            guard let close = rest.firstIndex(of: ASCII.closeBracket), close > index else { return }
            process = rest.slice((index + 1)..<close)
            index = close + 1
        }
        guard index < rest.count, rest[index] == ASCII.colon else { return }
        add("app_name", name)
        add("proc_id", process)
        rest = rest.dropFirst(index + 1)
        if !rest.isEmpty, rest[0] == ASCII.space { rest = rest.dropFirst(1) }
    }

    /// `Jun  3 17:42:32`, or a time with year and zone in its place; and its length.
    private func oldTime() -> (time: Int64, length: Int)? {
        let word = rest.prefix(rest.firstIndex(of: ASCII.space) ?? rest.count)
        if word.count >= 19, let time = Timestamp.parse(word) { return (time, word.count) }
        guard rest.count >= 15, let month = Self.months.firstIndex(of: rest.prefix(3).text),
            rest[3] == ASCII.space, rest[6] == ASCII.space,
            rest[9] == ASCII.colon, rest[12] == ASCII.colon
        else { return nil }
        func number(_ index: Int) -> Int? {
            let text = rest.slice(index..<(index + 2)).text
            return Int(text.hasPrefix(" ") ? String(text.dropFirst()) : text)
        }
        guard let day = number(4), let hour = number(7), let minute = number(10),
            let second = number(13), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        func time(year: Int) -> Int64 {
            let date = CivilDate(
                year: year, month: month + 1,
                day: min(day, CivilDate.days(inMonth: month + 1, year: year)))
            let seconds = date.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second
            return (Int64(seconds) * Timestamp.second).addingClamped(-zoneNanoseconds)
        }
        let year = CivilDate(daysSinceEpoch: Timestamp.dayNumber(now)).year
        let this = time(year: year)
        // A clock may be a day ahead; beyond that the message is last year's.
        return (this > now.addingClamped(Timestamp.day) ? time(year: year - 1) : this, 15)
    }
}
