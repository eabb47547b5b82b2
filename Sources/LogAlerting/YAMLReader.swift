internal import LogQuery
internal import Yams

/// Reads YAML nodes and says where they are not what they should be.
struct YAMLReader {
    let file: String

    func fault(_ node: Node, _ message: String, offset: Int = 0) -> AlertFileError {
        let mark = node.mark
        return AlertFileError(
            file: file, line: mark?.line ?? 1, column: (mark?.column ?? 1) + offset,
            message: message)
    }

    /// The values of a mapping by key. Keys that are not in `keys` are faults.
    func mapping(
        _ node: Node, _ what: String, keys: [String], hint: (String) -> String? = { _ in nil }
    ) throws(AlertFileError) -> [String: Node] {
        guard let mapping = node.mapping else {
            throw fault(node, "\(what) is a mapping of \(list(keys)), not \(kind(node))")
        }
        var result: [String: Node] = [:]
        for (key, value) in mapping {
            let name = try text(key, "a key of \(what)")
            guard keys.contains(name) else {
                let guess = Spelling.nearest(to: name, in: keys).map { "; did you mean `\($0)`?" }
                throw fault(
                    key,
                    "unknown key `\(name)` in \(what)"
                        + (hint(name).map { ": \($0)" } ?? guess ?? "; there are \(list(keys))"))
            }
            result[name] = value
        }
        return result
    }

    func sequence(_ node: Node, _ what: String) throws(AlertFileError) -> [Node] {
        guard let sequence = node.sequence else {
            throw fault(node, "\(what) is a list, not \(kind(node))")
        }
        return Array(sequence)
    }

    func text(_ node: Node, _ what: String) throws(AlertFileError) -> String {
        guard let scalar = node.scalar else {
            throw fault(node, "\(what) is a text, not \(kind(node))")
        }
        return scalar.string
    }

    /// A text that is not empty.
    func name(_ node: Node?, _ key: String, of owner: Node, _ what: String)
        throws(AlertFileError) -> String
    {
        guard let node else { throw fault(owner, "\(what) has no `\(key)`") }
        let text = try text(node, "`\(key)`")
        guard !text.isEmpty else { throw fault(node, "`\(key)` of \(what) is empty") }
        return text
    }

    /// Columns between a scalar's mark and the byte `offset` of its text; 0 where the text spans lines.
    func column(of offset: Int, in node: Node) -> Int {
        guard let scalar = node.scalar else { return 0 }
        let bytes = Array(scalar.string.utf8.prefix(offset))
        let characters = String(decoding: bytes, as: UTF8.self).count
        switch scalar.style {
        case .plain: return characters
        case .singleQuoted, .doubleQuoted: return characters + 1
        default: return 0
        }
    }

    private func kind(_ node: Node) -> String {
        switch node {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "the text `\(scalar.string)`"
        default: "an alias"
        }
    }

    private func list(_ keys: [String]) -> String {
        keys.map { "`\($0)`" }.joined(separator: ", ")
    }
}
