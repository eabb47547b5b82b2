internal import LogBytes
internal import LogJSON

/// What the answers of commands consist of.
extension JSONObjectWriter {
    mutating func add(_ name: String, _ value: String) { add(name, text: value) }

    mutating func add(_ name: String, _ value: Int) { add(name, number: value) }

    mutating func add(_ name: String, _ values: [String]) {
        let texts = values.map { value in
            var out = ByteWriter(capacity: value.utf8.count + 8)
            value.withView { JSONText.quote($0, into: &out) }
            return out.view.text
        }
        add(name, raw: "[" + texts.joined(separator: ",") + "]")
    }

    /// A member whose value is an object of counts, by name.
    mutating func add(_ name: String, _ counts: [String: Int]) {
        var object = JSONObjectWriter()
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) { object.add(name, count) }
        add(name, raw: object.text)
    }

    /// The object and a newline.
    var line: String { text + "\n" }
}
