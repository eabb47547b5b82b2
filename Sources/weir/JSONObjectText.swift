internal import LogBytes
internal import LogJSON

/// An object of JSON on one line, member by member.
struct JSONObjectText {
    private var text = "{"

    mutating func add(_ name: String, _ value: String) { add(name, raw: Self.quoted(value)) }

    mutating func add(_ name: String, _ value: Int) { add(name, raw: "\(value)") }

    mutating func add(_ name: String, _ values: [String]) {
        add(name, raw: "[" + values.map(Self.quoted).joined(separator: ",") + "]")
    }

    /// A member whose value is an object of counts, by name.
    mutating func add(_ name: String, _ counts: [String: Int]) {
        let members = counts.sorted { $0.key < $1.key }.map { Self.quoted($0.key) + ":\($0.value)" }
        add(name, raw: "{" + members.joined(separator: ",") + "}")
    }

    /// A member whose value stands as it is in JSON.
    mutating func add(_ name: String, raw value: String) {
        text += (text.utf8.count > 1 ? "," : "") + Self.quoted(name) + ":" + value
    }

    /// The object and a newline.
    var line: String { text + "}\n" }

    private static func quoted(_ text: String) -> String {
        var out = ByteWriter(capacity: text.utf8.count + 8)
        text.withView { JSONText.quote($0, into: &out) }
        return out.view.text
    }
}
