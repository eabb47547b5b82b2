internal import LogRecords

/// A function of templates, under the name that Prometheus gives it.
enum TemplateFunction: String, CaseIterable, Sendable {
    case humanize, humanize1024, humanizePercentage, humanizeDuration, humanizeTimestamp
    case printf, toUpper, toLower, title, trimSpace, stripPort, stripDomain
    case queryEscape, pathEscape, jsonEscape, quotesEscape, htmlEscape, crlfEscape
    case or, and, not, eq, ne, gt, ge, lt, le, len, print

    /// How many arguments it takes.
    var arguments: ClosedRange<Int> {
        switch self {
        case .printf, .print: 1...20
        case .or, .and: 2...20
        case .eq, .ne, .gt, .ge, .lt, .le: 2...2
        default: 1...1
        }
    }

    /// How it is written.
    var example: String {
        switch self {
        case .printf: "{{ printf \"%.2f\" $value }}"
        case .print: "{{ print $labels.a $labels.b }}"
        case .or, .and: "{{ \(rawValue) $labels.NAME \"text\" }}"
        case .eq, .ne: "{{ if \(rawValue) $labels.NAME \"text\" }}…{{ end }}"
        case .gt, .ge, .lt, .le: "{{ if \(rawValue) $value 5 }}…{{ end }}"
        case .not: "{{ if not $labels.NAME }}…{{ end }}"
        default: "{{ $value | \(rawValue) }}"
        }
    }

    /// What it makes of as many arguments as it takes.
    func apply(_ values: [TemplateValue], _ context: AlertTemplate.Values) -> TemplateValue {
        let first = values[0]
        let text = first.shown(context)
        switch self {
        case .or: return values.first(where: \.isTrue) ?? values[values.count - 1]
        case .and: return values.first { !$0.isTrue } ?? values[values.count - 1]
        case .not: return .truth(!first.isTrue)
        case .eq, .ne, .gt, .ge, .lt, .le:
            return .truth(compare(first, values[1], context))
        case .len: return .number(Double(text.count))
        case .print: return .text(values.map { $0.shown(context) }.joined(separator: " "))
        case .printf:
            return .text(NumberStyle.format(text, Array(values.dropFirst()), context))
        case .humanize, .humanize1024, .humanizePercentage, .humanizeDuration,
            .humanizeTimestamp:
            guard let number = first.number else { return .text(text) }
            return .text(humanized(number, isMeasured(first), context))
        default: return .text(transformed(text))
        }
    }

    private func isMeasured(_ value: TemplateValue) -> Bool {
        if case .measured = value { true } else { false }
    }

    private func compare(
        _ left: TemplateValue, _ right: TemplateValue, _ context: AlertTemplate.Values
    ) -> Bool {
        if let left = left.number, let right = right.number {
            switch self {
            case .eq: return left == right
            case .ne: return left != right
            case .gt: return left > right
            case .ge: return left >= right
            case .lt: return left < right
            default: return left <= right
            }
        }
        let (left, right) = (left.shown(context), right.shown(context))
        switch self {
        case .eq: return left == right
        case .ne: return left != right
        case .gt: return left > right
        case .ge: return left >= right
        case .lt: return left < right
        default: return left <= right
        }
    }

    /// The value of an alert has a unit: a share is shown in percent and a latency as a duration whatever the function is
    /// called that Prometheus, which knows no units, needs for it.
    private func humanized(
        _ number: Double, _ isMeasured: Bool, _ context: AlertTemplate.Values
    ) -> String {
        switch (self, context.unit) {
        case (.humanizeDuration, .milliseconds) where isMeasured:
            return context.unit.text(number)
        case (.humanizePercentage, .percent) where isMeasured: return context.unit.text(number)
        case (.humanize, let unit) where isMeasured && unit != .plain && unit != .count:
            return unit.text(number)
        case (.humanizePercentage, _): return NumberStyle.significant(number * 100, 4) + "%"
        case (.humanizeDuration, _): return ValueUnit.seconds.text(number)
        case (.humanizeTimestamp, _):
            guard abs(number) < 9e9 else { return NumberStyle.plain(number) }
            return Timestamp.text(Int64(number * 1e9), digits: 0)
        case (.humanize1024, _): return NumberStyle.scaled(number, by: 1_024)
        default: return NumberStyle.scaled(number, by: 1_000)
        }
    }

    private func transformed(_ text: String) -> String {
        switch self {
        case .toUpper: return text.uppercased()
        case .toLower: return text.lowercased()
        case .title:
            return text.split(separator: " ", omittingEmptySubsequences: false)
                .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
        case .trimSpace:
            let front = text.drop { $0.isWhitespace }
            return String(
                String(front.reversed()).drop { $0.isWhitespace }.reversed())
        case .stripPort:
            guard let colon = text.lastIndex(of: ":"), text.firstIndex(of: ":") == colon else {
                return text
            }
            return String(text[..<colon])
        case .stripDomain: return String(text.prefix { $0 != "." })
        case .queryEscape: return escaped(text, keeping: "-_.~")
        case .pathEscape: return escaped(text, keeping: "-_.~!$&'()*+,;=:@")
        case .htmlEscape:
            return text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
                .replacing(">", with: "&gt;").replacing("\"", with: "&#34;")
                .replacing("'", with: "&#39;")
        case .crlfEscape: return text.replacing("\n", with: "\\n").replacing("\r", with: "\\r")
        case .jsonEscape: return "\"" + quoted(text) + "\""
        default: return quoted(text)
        }
    }

    private func quoted(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n").replacing("\r", with: "\\r")
            .replacing("\t", with: "\\t")
    }

    private func escaped(_ text: String, keeping kept: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isKept =
                byte < 0x80 && (scalar.properties.isAlphabetic || (48...57).contains(byte))
                || kept.utf8.contains(byte)
            if isKept {
                result.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }
}
