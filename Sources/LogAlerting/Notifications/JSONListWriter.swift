internal import LogBytes
internal import LogJSON

/// A list of JSON texts being written.
struct JSONListWriter: ~Copyable {
    private var bytes = ByteWriter()

    /// The list as written so far.
    var text: String { "[" + bytes.view.text + "]" }

    mutating func add(text: String) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
        text.withView { JSONText.quote($0, into: &bytes) }
    }
}
