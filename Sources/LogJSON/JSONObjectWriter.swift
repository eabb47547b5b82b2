public import LogBytes

/// An object of JSON being written, members in the order of the calls, on one line.
public struct JSONObjectWriter: ~Copyable {
    private var bytes: ByteWriter

    /// An object without members.
    public init() { bytes = ByteWriter(capacity: 256) }

    /// The object as written so far.
    public var text: String { bytes.isEmpty ? "{}" : bytes.view.text + "}" }

    /// Appends the object as written so far to `out`.
    public func append(to out: inout ByteWriter) {
        out.append(bytes.isEmpty ? ByteView("{") : bytes.view)
        out.append(UInt8(ascii: "}"))
    }

    /// Adds a text.
    public mutating func add(_ key: String, text: String) {
        begin(key)
        text.withView { JSONText.quote($0, into: &bytes) }
    }

    /// Adds a text given as bytes; those that are no UTF-8 become U+FFFD.
    public mutating func add(_ key: String, text: ByteView) {
        begin(key)
        JSONText.quote(text, into: &bytes)
    }

    /// Adds a number; what JSON cannot say becomes null.
    public mutating func add(_ key: String, number: Double) {
        let isWhole = number == number.rounded() && abs(number) < 1e15
        add(key, raw: !number.isFinite ? "null" : isWhole ? String(Int64(number)) : "\(number)")
    }

    /// Adds a whole number.
    public mutating func add(_ key: String, number: Int) { add(key, raw: "\(number)") }

    /// Adds true or false.
    public mutating func add(_ key: String, _ value: Bool) {
        add(key, raw: value ? "true" : "false")
    }

    /// Adds an object of texts, ordered by key.
    public mutating func add(_ key: String, texts: [String: String]) {
        var object = JSONObjectWriter()
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) { object.add(name, text: text) }
        add(key, raw: object.text)
    }

    /// Adds a value that is JSON already.
    public mutating func add(_ key: String, raw value: String) {
        begin(key)
        bytes.append(value)
    }

    /// Adds a value whose bytes are JSON already.
    public mutating func add(_ key: String, raw value: ByteView) {
        begin(key)
        bytes.append(value)
    }

    private mutating func begin(_ key: String) {
        bytes.append(bytes.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        key.withView { JSONText.quote($0, into: &bytes) }
        bytes.append(UInt8(ascii: ":"))
    }
}
