internal import Yams

/// Texts of an alert file that come from the environment: `${NAME}`, `${NAME:-default}` where the variable may be unset or
/// empty, and `$${` for a dollar sign and a brace as they stand.
///
/// Addresses and secrets differ from machine to machine and have no place in a file that is shared; thresholds are what
/// deployments set. Keys of mappings are not expanded.
struct EnvironmentText {
    let environment: [String: String]

    private struct Fault: Error {
        let message: String
        let offset: Int
    }

    /// `node` with the texts of all its values expanded.
    func expanded(_ node: Node, _ yaml: YAMLReader) throws(AlertFileError) -> Node {
        switch node {
        case .scalar(var scalar):
            guard scalar.string.contains("${") else { return node }
            do throws(Fault) {
                scalar.string = try expanded(scalar.string)
            } catch {
                throw yaml.fault(
                    node, error.message, offset: yaml.column(of: error.offset, in: node))
            }
            return .scalar(scalar)
        case .mapping(var mapping):
            for (key, value) in mapping { mapping[key] = try expanded(value, yaml) }
            return .mapping(mapping)
        case .sequence(var sequence):
            for index in sequence.indices { sequence[index] = try expanded(sequence[index], yaml) }
            return .sequence(sequence)
        default: return node
        }
    }

    private func expanded(_ text: String) throws(Fault) -> String {
        var result = ""
        var rest = text[...]
        while let mark = rest.firstRange(of: "${") {
            result += rest[..<mark.lowerBound]
            if result.hasSuffix("$") {
                result.removeLast()
                result += "${"
                rest = rest[mark.upperBound...]
                continue
            }
            let offset = text.utf8.distance(from: text.startIndex, to: mark.lowerBound)
            guard let end = rest[mark.upperBound...].firstIndex(of: "}") else {
                throw Fault(
                    message: "`${` is not closed by `}`; for these very characters write `$${`",
                    offset: offset)
            }
            result += try value(rest[mark.upperBound..<end], offset)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private func value(_ inner: Substring, _ offset: Int) throws(Fault) -> String {
        let parts = inner.firstRange(of: ":-")
        let name = String(inner[..<(parts?.lowerBound ?? inner.endIndex)])
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte) else {
            throw Fault(
                message: "`${\(inner)}` names no variable; write `${NAME}` or `${NAME:-default}`",
                offset: offset)
        }
        if let value = environment[name], !value.isEmpty || parts == nil { return value }
        if let parts { return String(inner[parts.upperBound...]) }
        throw Fault(
            message: "the environment has no variable `\(name)`; set it, or give a default with "
                + "`${\(name):-default}`", offset: offset)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
