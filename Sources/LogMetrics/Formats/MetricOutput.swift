internal import LogBytes
internal import LogJSON

/// The bytes of a format being written. Given a `flush`, it hands them on in pieces and keeps none, so that ten thousand
/// series need no memory of their size.
public struct MetricOutput {
    /// Bytes that are gathered before they are handed on.
    private static let pieceBytes = 64 << 10

    /// What was written and not handed on.
    public private(set) var bytes: [UInt8] = []
    /// All bytes written.
    public private(set) var count = 0
    private let flush: (([UInt8]) -> Void)?

    /// An output that keeps everything, or hands it on to `flush`.
    public init(flush: (([UInt8]) -> Void)? = nil) { self.flush = flush }

    /// Everything written, where nothing was handed on.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ text: String) {
        let before = bytes.count
        bytes.append(contentsOf: text.utf8)
        count += bytes.count - before
    }

    /// Appends `text` in the quotes of JSON.
    mutating func append(quoted text: String) {
        var quoted = ByteWriter(capacity: text.utf8.count + 16)
        text.withView { JSONText.quote($0, into: &quoted) }
        bytes.append(contentsOf: quoted.buffer)
        count += quoted.count
    }

    /// Appends a number as JSON has it; what JSON cannot say becomes null.
    mutating func append(json value: Double) {
        append(value.isFinite ? PrometheusText.number(value) : "null")
    }

    /// Call between two series.
    mutating func flushIfLarge() {
        if bytes.count >= Self.pieceBytes { finish() }
    }

    /// Hands on what is left.
    mutating func finish() {
        guard let flush, !bytes.isEmpty else { return }
        flush(bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}
