/// The bytes of lines not yet written. It owns them; appending never fails.
struct LineBuffer {
    /// Everything appended since the last `removeAll`.
    private(set) var bytes: [UInt8] = []

    /// Makes room for `capacity` bytes; it grows beyond that when it must.
    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    /// Forgets the bytes and keeps the room.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Appends one byte.
    mutating func append(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// Appends literal text.
    mutating func append(_ text: StaticString) {
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends bytes as they are.
    mutating func append(_ text: [UInt8]) {
        bytes.append(contentsOf: text)
    }

    /// Appends a decimal number that is not negative.
    mutating func append(number: Int) {
        if number >= 10 {
            append(number: number / 10)
        }
        bytes.append(UInt8(truncatingIfNeeded: 0x30 + number % 10))
    }

    /// Appends a number with exactly `digits` digits, the leading ones 0.
    mutating func append(number: Int, digits: Int) {
        if digits > 1 {
            append(number: number / 10, digits: digits - 1)
        }
        bytes.append(UInt8(truncatingIfNeeded: 0x30 + number % 10))
    }

    /// Appends `hundredths / 100` with `decimals` (0, 1 or 2) digits after the point; 0 rounds.
    mutating func append(hundredths: Int, decimals: Int) {
        switch decimals {
        case 0:
            append(number: (hundredths + 50) / 100)
        case 1:
            append(number: hundredths / 100)
            append(UInt8(ascii: "."))
            append(number: hundredths / 10 % 10, digits: 1)
        default:
            append(number: hundredths / 100)
            append(UInt8(ascii: "."))
            append(number: hundredths % 100, digits: 2)
        }
    }

    /// Appends the lowest `digits` hexadecimal digits of a number.
    mutating func append(hex number: UInt64, digits: Int) {
        var shift = digits * 4
        while shift > 0 {
            shift -= 4
            let digit = UInt8(truncatingIfNeeded: (number >> UInt64(shift)) & 15)
            bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }

    /// Appends a time in the house format, e.g. `2025-01-18T12:00:00.123Z`.
    mutating func append(_ time: Instant) {
        let (year, month, day) = time.civilDate
        let inDay = Int(time.millisecondsSince1970 % Instant.dayMilliseconds)
        append(number: Int(year), digits: 4)
        append(UInt8(ascii: "-"))
        append(number: Int(month), digits: 2)
        append(UInt8(ascii: "-"))
        append(number: Int(day), digits: 2)
        append(UInt8(ascii: "T"))
        append(number: inDay / 3_600_000, digits: 2)
        append(UInt8(ascii: ":"))
        append(number: inDay / 60_000 % 60, digits: 2)
        append(UInt8(ascii: ":"))
        append(number: inDay / 1000 % 60, digits: 2)
        append(UInt8(ascii: "."))
        append(number: inDay % 1000, digits: 3)
        append(UInt8(ascii: "Z"))
    }
}
