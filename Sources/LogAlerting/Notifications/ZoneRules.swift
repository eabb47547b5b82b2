internal import LogBytes
internal import LogRecords

/// The clock of a time zone: how far it is ahead of UTC at any moment.
///
/// Made from a file of the zone database (RFC 8536), as it stands under `/usr/share/zoneinfo`: a list of the moments at
/// which the clock changed, and a rule for all times behind the last of them.
public struct ZoneRules: Equatable, Sendable {
    /// The largest zone file that is read. The largest that exists has 4 KB.
    static let fileBytesMax = 64 << 10

    /// The name as the configuration gives it.
    public let name: String
    /// Seconds since the epoch, ascending, at which the clock changed, and the seconds east of UTC from then on.
    private let changes: [(time: Int64, offset: Int64)]
    /// Seconds east of UTC before the first change.
    private let firstOffset: Int64
    /// The rule for times behind the last change.
    private let rule: ZoneRecurrence?

    /// Coordinated universal time.
    public static let utc = ZoneRules(name: "UTC", secondsEast: 0)

    /// A clock that is always `secondsEast` ahead of UTC.
    init(name: String, secondsEast: Int64) {
        self.name = name
        changes = []
        firstOffset = secondsEast
        rule = nil
    }

    /// Two zones are equal when their clocks are.
    public static func == (left: ZoneRules, right: ZoneRules) -> Bool {
        left.name == right.name && left.firstOffset == right.firstOffset && left.rule == right.rule
            && left.changes.elementsEqual(right.changes, by: ==)
    }

    /// Seconds that the clock is ahead of UTC at `time`, nanoseconds since the epoch.
    public func secondsEast(at time: Int64) -> Int64 {
        let second = Timestamp.floorDivide(time, Timestamp.second)
        guard let last = changes.last, second >= changes[0].time else {
            return changes.isEmpty ? rule?.secondsEast(at: second) ?? firstOffset : firstOffset
        }
        if second >= last.time { return rule?.secondsEast(at: second) ?? last.offset }
        var low = 0
        var high = changes.count - 1
        // The last change at or before the second lies in low..<high.
        while high - low > 1 {
            let middle = (low + high) / 2
            if changes[middle].time <= second { low = middle } else { high = middle }
        }
        return changes[low].offset
    }

    /// The zone `UTC`, or one that is named by its distance: `+02:00`, `-0330`.
    static func fixed(_ name: String) -> ZoneRules? {
        if ["UTC", "GMT", "Z", "Etc/UTC"].contains(name) {
            return ZoneRules(name: name, secondsEast: 0)
        }
        guard let sign = name.first, sign == "+" || sign == "-" else { return nil }
        let digits = name.dropFirst().filter { $0 != ":" }
        guard digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let hours = Int64(digits.prefix(2)), let minutes = Int64(digits.suffix(2)),
            hours <= 23, minutes <= 59
        else { return nil }
        let seconds = (hours * 60 + minutes) * 60
        return ZoneRules(name: name, secondsEast: sign == "-" ? -seconds : seconds)
    }

    /// The zone of a file of the zone database, nil when the bytes are no such file.
    init?(name: String, file: [UInt8]) {
        guard file.count <= Self.fileBytesMax else { return nil }
        let parsed = file.withView { view -> ZoneFile? in
            do throws(MalformedBytes) {
                return try ZoneFile(view)
            } catch {
                return nil
            }
        }
        guard let parsed else { return nil }
        self.name = name
        changes = parsed.changes
        firstOffset = parsed.firstOffset
        rule = parsed.rule
    }
}

/// The contents of a zone file.
///
///     0   4  "TZif"
///     4   1  version: 0, or '2' and more
///     5  15  unused
///    20   6 × 4  numbers, most significant byte first: isUT, isStd, leap seconds, changes, types, letters
///        then changes × (4 or 8) times, changes × 1 types, types × 6 (seconds east 4, daylight saving 1, letters 1),
///        letters, leap seconds × (8 or 12), isStd, isUT
///
/// From version 2 on all of it comes twice, the second time with times of 8 bytes, and then a rule between two newlines.
private struct ZoneFile {
    private(set) var changes: [(time: Int64, offset: Int64)] = []
    private(set) var firstOffset: Int64 = 0
    private(set) var rule: ZoneRecurrence?

    private struct Header {
        let version: UInt8
        let isUT: Int
        let isStandard: Int
        let leaps: Int
        let changes: Int
        let types: Int
        let letters: Int

        func bytes(time: Int) -> Int {
            changes * (time + 1) + types * 6 + letters + leaps * (time + 4) + isStandard + isUT
        }
    }

    init(_ view: ByteView) throws(MalformedBytes) {
        var reader = ByteReader(view)
        var header = try Self.header(&reader)
        var timeBytes = 4
        if header.version >= 0x32 {
            _ = try reader.bytes(header.bytes(time: 4), "the times of 32 bits")
            header = try Self.header(&reader)
            timeBytes = 8
        }
        try read(&reader, header, timeBytes)
        guard timeBytes == 8, reader.remaining > 2 else { return }
        let footer = try reader.bytes(reader.remaining, "the rule").text
        rule = ZoneRecurrence(footer.filter { $0 != "\n" })
    }

    private static func header(_ reader: inout ByteReader) throws(MalformedBytes) -> Header {
        guard try reader.bytes(4, "the magic number").text == "TZif" else {
            throw reader.malformed("the magic number")
        }
        let version = try reader.fixed(UInt8.self, "the version")
        _ = try reader.bytes(15, "the header")
        var numbers: [Int] = []
        for _ in 0..<6 {
            let number = Int(UInt32(bigEndian: try reader.fixed(UInt32.self, "a number")))
            guard number <= ZoneRules.fileBytesMax else { throw reader.malformed("a number") }
            numbers.append(number)
        }
        return Header(
            version: version, isUT: numbers[0], isStandard: numbers[1], leaps: numbers[2],
            changes: numbers[3], types: numbers[4], letters: numbers[5])
    }

    private mutating func read(
        _ reader: inout ByteReader, _ header: Header, _ timeBytes: Int
    ) throws(MalformedBytes) {
        var times: [Int64] = []
        for _ in 0..<header.changes {
            times.append(
                timeBytes == 8
                    ? Int64(bigEndian: try reader.fixed(Int64.self, "a time"))
                    : Int64(Int32(bigEndian: try reader.fixed(Int32.self, "a time"))))
        }
        let types = Array(try reader.bytes(header.changes, "the types"))
        var offsets: [Int64] = []
        for _ in 0..<header.types {
            offsets.append(Int64(Int32(bigEndian: try reader.fixed(Int32.self, "an offset"))))
            _ = try reader.bytes(2, "a type")
        }
        let rest = header.letters + header.leaps * (timeBytes + 4)
        _ = try reader.bytes(rest + header.isStandard + header.isUT, "the end of the times")
        // No clock is more than a day and a bit off.
        guard let first = offsets.first, offsets.allSatisfy({ abs($0) < 100_000 }),
            zip(times, times.dropFirst()).allSatisfy(<),
            types.allSatisfy({ Int($0) < offsets.count })
        else { throw reader.malformed("the times") }
        firstOffset = first
        changes = zip(times, types).map { (time: $0, offset: offsets[Int($1)]) }
    }
}
