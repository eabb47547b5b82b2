internal import Yams

extension YAMLReader {
    /// The values of a mapping by key, as `mapping` gives them. Keys in `idle` are noted with what stands there.
    func mapping(
        _ node: Node, _ what: String, keys: [String], idle: [String: String],
        notes: AlertFileNotes
    ) throws(AlertFileError) -> [String: Node] {
        guard let mapping = node.mapping else {
            return try self.mapping(node, what, keys: keys)
        }
        var known: [(Node, Node)] = []
        for (key, value) in mapping {
            guard let name = key.string, let reason = idle[name] else {
                known.append((key, value))
                continue
            }
            notes.add(
                AlertFileNote(
                    file: file, line: key.mark?.line ?? 1, column: key.mark?.column ?? 1,
                    message: "`\(name)` has no effect: \(reason)"))
        }
        let rest = Node.mapping(
            Node.Mapping(known, mapping.tag, mapping.style, mapping.mark))
        return try self.mapping(rest, what, keys: keys)
    }
}
