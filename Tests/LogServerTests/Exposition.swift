/// Prometheus' text format read back, by the rules of its description and nothing of weir's own.
struct Exposition {
    struct Family {
        let name: String
        let help: String
        let kind: String
        var samples: [Sample] = []
    }

    struct Sample: Equatable {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    struct Malformed: Error, CustomStringConvertible {
        let line: String
        let what: String

        var description: String { "\(what): \(line)" }
    }

    private(set) var families: [Family] = []

    /// Reads `text`; throws at the first line that a Prometheus server may refuse.
    init(_ text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else {
            throw Malformed(line: String(text.suffix(40)), what: "the last line has no end")
        }
        var known: Set<String> = []
        var series: Set<String> = []
        var help: (name: String, text: String)?
        for part in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let line = String(part)
            func malformed(_ what: String) -> Malformed { Malformed(line: line, what: what) }
            if line.hasPrefix("# HELP ") {
                guard help == nil else { throw malformed("two HELP lines") }
                let words = line.dropFirst(7).split(separator: " ", maxSplits: 1)
                guard words.count == 2 else { throw malformed("HELP says nothing") }
                help = (String(words[0]), String(words[1]))
            } else if line.hasPrefix("# TYPE ") {
                let words = line.dropFirst(7).split(separator: " ").map(String.init)
                guard words.count == 2, let text = help, text.name == words[0] else {
                    throw malformed("TYPE without its HELP")
                }
                guard known.insert(words[0]).inserted else { throw malformed("a family again") }
                guard ["counter", "gauge", "histogram"].contains(words[1]) else {
                    throw malformed("a kind that does not exist")
                }
                families.append(Family(name: words[0], help: text.text, kind: words[1]))
                help = nil
            } else {
                var reader = SampleReader(line)
                let sample = try reader.sample()
                guard help == nil, let family = families.last, family.owns(sample.name) else {
                    throw malformed("a sample outside of its family")
                }
                let key = sample.labels.sorted { $0.key < $1.key }
                guard series.insert("\(sample.name) \(key)").inserted else {
                    throw malformed("a series again")
                }
                families[families.count - 1].samples.append(sample)
            }
        }
        guard help == nil else { throw Malformed(line: "", what: "HELP at the end") }
    }

    /// The family of that name.
    subscript(name: String) -> Family? { families.first { $0.name == name } }

    /// The value of one sample.
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        families.lazy.flatMap(\.samples).first { $0.name == name && $0.labels == labels }?.value
    }
}

extension Exposition.Family {
    func owns(_ sample: String) -> Bool {
        sample == name && kind != "histogram"
            || kind == "histogram"
                && ["_bucket", "_sum", "_count"].contains { sample == name + $0 }
    }
}

/// One line with a sample: name, labels in braces, value.
private struct SampleReader {
    private let line: String
    private var rest: Substring

    init(_ line: String) {
        self.line = line
        rest = line[...]
    }

    private func malformed(_ what: String) -> Exposition.Malformed {
        Exposition.Malformed(line: line, what: what)
    }

    private mutating func skip(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func name(_ pattern: Regex<Substring>) throws -> String {
        guard let match = try pattern.prefixMatch(in: rest) else { throw malformed("no name") }
        rest = rest[match.range.upperBound...]
        return String(match.output)
    }

    private mutating func quoted() throws -> String {
        guard skip("\"") else { throw malformed("a value without a quote") }
        var value = String.UnicodeScalarView()
        var scalars = rest.unicodeScalars
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\"":
                rest = Substring(scalars)
                return String(value)
            case "\\":
                switch scalars.popFirst() {
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                case "n": value.append("\n")
                default: throw malformed("an escape that does not exist")
                }
            default: value.append(scalar)
            }
        }
        throw malformed("a value without an end")
    }

    mutating func sample() throws -> Exposition.Sample {
        let name = try name(/[a-zA-Z_:][a-zA-Z0-9_:]*/)
        var labels: [String: String] = [:]
        if skip("{") {
            repeat {
                let label = try self.name(/[a-zA-Z_][a-zA-Z0-9_]*/)
                guard skip("=") else { throw malformed("a label without a value") }
                guard labels.updateValue(try quoted(), forKey: label) == nil else {
                    throw malformed("a label again")
                }
            } while skip(",")
            guard skip("}") else { throw malformed("labels without an end") }
        }
        guard skip(" "), let value = Double(rest.lowercased().replacing("+inf", with: "inf"))
        else { throw malformed("no value") }
        return Exposition.Sample(name: name, labels: labels, value: value)
    }
}
