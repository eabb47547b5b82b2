internal import LogBytes

/// The names of metrics: which are allowed, which parts come from fields, and what Prometheus' formats make of them.
///
/// A name is made of letters, digits, underscores and colons, may have dots as Datadog and others write them (Prometheus gets
/// underscores in their place), and may have fields in braces: `api_calls_{service}_{status}` gives a metric
/// `api_calls_groq_success` for each service and status that occur.
public enum MetricName {
    /// Bytes of a name.
    public static let bytesMax = 200

    /// A part of a name.
    enum Part: Equatable {
        case text(String)
        case field(String)
    }

    /// What is wrong with a name, and where.
    struct Fault: Error {
        let message: String
        /// Bytes before the fault.
        let offset: Int
    }

    /// The parts of a name.
    static func parts(_ name: String) throws(Fault) -> [Part] {
        guard !name.isEmpty else { throw Fault(message: "the name is empty", offset: 0) }
        guard name.utf8.count <= bytesMax else {
            throw Fault(message: "a name has at most \(bytesMax) bytes", offset: 0)
        }
        var result: [Part] = []
        var text = ""
        var field: String?
        for (offset, character) in zip(0..., name.unicodeScalars) {
            switch (character, field) {
            case ("{", nil):
                if !text.isEmpty { result.append(.text(text)) }
                text = ""
                field = ""
            case ("}", let inner?):
                guard !inner.isEmpty else {
                    throw Fault(
                        message: "a field is wanted in the braces, as in `calls_{service}`",
                        offset: offset)
                }
                result.append(.field(inner))
                field = nil
            case ("{", _), ("}", nil):
                throw Fault(message: "this brace has no partner", offset: offset)
            case (_, let inner?): field = inner + String(character)
            default:
                guard isNameScalar(character, isFirst: result.isEmpty && text.isEmpty) else {
                    throw Fault(
                        message: "`\(character)` cannot stand here: a name has letters, digits, "
                            + "underscores, colons and dots, and begins with no digit",
                        offset: offset)
                }
                text.unicodeScalars.append(character)
            }
        }
        guard field == nil else {
            throw Fault(message: "a brace is not closed", offset: name.utf8.count)
        }
        if !text.isEmpty { result.append(.text(text)) }
        return result
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar, isFirst: Bool) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "_", ":": true
        case "0"..."9", ".": !isFirst
        default: false
        }
    }

    /// True when `name` can be that of a metric that a line brings.
    static func isPlain(_ name: String) -> Bool {
        guard let parts = try? parts(name), parts.count == 1, case .text = parts[0] else {
            return false
        }
        return true
    }

    /// The value of a field as a part of a name: letters, digits, and one underscore for anything else. `unknown` for
    /// nothing.
    static func word(_ value: String) -> String {
        var result = ""
        for byte in value.utf8 {
            let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26
            if isLetter || ASCII.isDigit(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else if !result.isEmpty, result.last != "_" {
                result += "_"
            }
        }
        while result.last == "_" { result.removeLast() }
        return result.isEmpty ? "unknown" : result
    }

    /// The name in Prometheus' formats, the base unit that it ends in and what a value in `unit` is multiplied with.
    static func exposed(
        _ name: String, _ kind: MetricKind, _ unit: MetricUnit
    ) -> (name: String, unit: String, scale: Double) {
        var words = name.split(omittingEmptySubsequences: false) { $0 == "_" || $0 == "." }
            .map(String.init)
        var scale = 1.0
        if let milliseconds = unit.milliseconds {
            scale = milliseconds / 1_000
            if let place = words.indices.dropFirst().last(where: {
                MetricUnit.time(words[$0]) != nil
            }) {
                words[place] = "seconds"
            } else if kind != .ratio, kind != .rate {
                let end = words.last == "total" ? words.count - 1 : words.count
                words.insert("seconds", at: end)
            }
        }
        if kind == .counter, words.last != "total" { words.append("total") }
        let bare = kind == .counter ? words.dropLast() : words[...]
        let base = unit.milliseconds != nil ? "seconds" : unit.name
        return (
            words.joined(separator: "_"), !base.isEmpty && bare.last == base ? base : "", scale
        )
    }

    /// What a value in `unit` is multiplied with to be in the unit that the configured name says.
    static func scale(_ name: String, _ unit: MetricUnit) -> Double {
        guard let kept = unit.milliseconds else { return 1 }
        let words = name.split { $0 == "_" || $0 == "." }.dropFirst()
        guard
            let named = words.last(where: { MetricUnit.time(String($0)) != nil }),
            let wanted = MetricUnit.time(String(named))?.milliseconds
        else { return 1 }
        return kept / wanted
    }
}
