internal import LogBytes
internal import LogJSON

/// The bytes of a format being written. Given a `flush`, it hands them on in pieces and keeps none, so that ten thousand
/// series need no memory of their size.
public struct MetricOutput {
    /// Bytes that are gathered before they are handed on.
    private static let pieceBytes = 64 << 10
    /// Room at the beginning: for many outputs a line or two is all.
    private static let firstBytes = 512

    /// What was written, and room for more: as long as its capacity, so that writing needs no growing array.
    private var storage: [UInt8] = []
    private var used = 0
    private var handedOn = 0
    private let flush: (([UInt8]) -> Void)?

    /// An output that keeps everything, or hands it on to `flush`.
    public init(flush: (([UInt8]) -> Void)? = nil) { self.flush = flush }

    /// What was written and not handed on.
    public var bytes: [UInt8] { Array(storage[..<used]) }

    /// The number of all bytes written.
    public var count: Int { handedOn + used }

    /// Everything written, where nothing was handed on.
    public var text: String { String(decoding: storage[..<used], as: UTF8.self) }

    /// Has `body` write at most `length` bytes at the end; it answers how many it wrote.
    @inline(__always)
    mutating func write(atMost length: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        if storage.count - used < length { grow(length) }
        let start = used
        used += storage.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { body($0 + start) } ?? 0
        }
    }

    private mutating func grow(_ length: Int) {
        let used = used
        let size = max(used + length, storage.count * 2, Self.firstBytes)
        storage = storage.withUnsafeBufferPointer { old in
            [UInt8](unsafeUninitializedCapacity: size) { fresh, count in
                fresh.initialize(repeating: 0)
                if let from = old.baseAddress, let target = fresh.baseAddress {
                    target.update(from: from, count: used)
                }
                count = size
            }
        }
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    mutating func append(_ source: UnsafeBufferPointer<UInt8>) {
        guard let start = source.baseAddress else { return }
        write(atMost: source.count) { place in
            place.update(from: start, count: source.count)
            return source.count
        }
    }

    mutating func append(_ source: [UInt8]) { source.withUnsafeBufferPointer { append($0) } }

    /// Appends two texts, a number in decimal digits, and the end of a line where `endsLine`.
    @inline(__always)
    mutating func append(
        _ first: [UInt8], _ second: [UInt8], _ number: UInt64, endsLine: Bool = false
    ) {
        write(atMost: first.count + second.count + Self.digitsMax + 1) { place in
            var end = Self.copy(first, to: place)
            end = Self.copy(second, to: end)
            end = Self.write(number, to: end)
            if endsLine {
                end.pointee = ASCII.newline
                end += 1
            }
            return end - place
        }
    }

    @inline(__always)
    private static func copy(
        _ source: [UInt8], to place: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        source.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress { place.update(from: start, count: buffer.count) }
        }
        return place + source.count
    }

    /// Digits of 2⁶⁴ − 1.
    private static let digitsMax = 20

    private static func write(
        _ number: UInt64, to place: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var length = 1
        var rest = number
        while rest >= 10 {
            rest /= 10
            length += 1
        }
        rest = number
        var index = length
        while index > 0 {
            index -= 1
            place[index] = ASCII.zero + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return place + length
    }

    /// Appends `text` in the quotes of JSON.
    mutating func append(quoted text: String) {
        var quoted = ByteWriter(capacity: text.utf8.count + 16)
        text.withView { JSONText.quote($0, into: &quoted) }
        append(UnsafeBufferPointer(start: quoted.view.start, count: quoted.count))
    }

    /// Appends a number as JSON has it; what JSON cannot say becomes null.
    mutating func append(json value: Double) {
        if value.isFinite { append(number: value) } else { append("null") }
    }

    /// Appends a number as Prometheus has it.
    mutating func append(number value: Double) {
        if value >= 0, value < 1e15, value == value.rounded() {
            append([], [], UInt64(value))
        } else {
            append(PrometheusText.number(value))
        }
    }

    /// Call between two series.
    @inline(__always)
    mutating func flushIfLarge() {
        if used >= Self.pieceBytes { finish() }
    }

    /// Hands on what is left.
    mutating func finish() {
        guard let flush, used > 0 else { return }
        flush(bytes)
        handedOn += used
        used = 0
    }
}
