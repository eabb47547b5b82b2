/// The identifier that the lines of one request share: 128 bits.
struct TraceID {
    private let high: UInt64
    private let low: UInt64

    /// A fresh one.
    init(using random: inout RandomSource) {
        high = random.next()
        low = random.next()
    }

    /// Appends it as a member of an object: `,"trace_id":"…32 hexadecimal digits…"`.
    func append(to buffer: inout LineBuffer) {
        buffer.append(",\"trace_id\":\"")
        buffer.append(hex: high, digits: 16)
        buffer.append(hex: low, digits: 16)
        buffer.append(UInt8(ascii: "\""))
    }
}
