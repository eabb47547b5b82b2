internal import LogBytes
internal import LogJSON

/// The functions of templates: Go's and Alertmanager's.
enum TemplateFunction {
    static let names = [
        "and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "index", "print", "println",
        "printf", "toUpper", "toLower", "title", "trimSpace", "join", "stringSlice", "safeHtml",
        "safeUrl", "html", "urlquery", "toJson",
    ]

    /// What a function gives. Wrong arguments give nothing: a message with a gap is better than none.
    static func call(_ name: String, _ arguments: [TemplateValue]) -> TemplateValue {
        let first = arguments.first ?? .none
        switch name {
        case "and": return arguments.first { !$0.isTrue } ?? arguments.last ?? .none
        case "or": return arguments.first(where: \.isTrue) ?? arguments.last ?? .none
        case "not": return .flag(!first.isTrue)
        case "eq": return .flag(arguments.dropFirst().contains { isSame($0, first) })
        case "ne": return .flag(arguments.count > 1 && !isSame(arguments[1], first))
        case "lt", "le", "gt", "ge": return compare(name, arguments)
        case "len": return length(first)
        case "index": return arguments.dropFirst().reduce(first) { element($0, $1) }
        case "print", "println":
            return .text(
                arguments.map(\.text).joined(separator: " ") + (name == "println" ? "\n" : ""))
        case "printf": return .text(format(first.text, Array(arguments.dropFirst())))
        case "toUpper": return .text(first.text.uppercased())
        case "toLower": return .text(first.text.lowercased())
        case "title": return .text(title(first.text))
        case "trimSpace": return .text(trimmed(first.text))
        case "join":
            return .text(
                (arguments.last ?? .none).elements.map(\.text).joined(separator: first.text))
        case "stringSlice": return .list(arguments)
        case "urlquery": return .text(PercentEncoding.encode(first.text))
        case "toJson": return .text(json(first))
        // These mark texts as harmless for Go's HTML; here everything printed is made harmless for its channel.
        default: return first
        }
    }

    private static func isSame(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
        if case .number(let a) = left, case .number(let b) = right { return a == b }
        return left.text == right.text
    }

    private static func compare(_ name: String, _ arguments: [TemplateValue]) -> TemplateValue {
        guard arguments.count == 2 else { return .none }
        let isLess: Bool
        let isMore: Bool
        if case .number(let left) = arguments[0], case .number(let right) = arguments[1] {
            isLess = left < right
            isMore = left > right
        } else {
            isLess = arguments[0].text < arguments[1].text
            isMore = arguments[0].text > arguments[1].text
        }
        switch name {
        case "lt": return .flag(isLess)
        case "le": return .flag(!isMore)
        case "gt": return .flag(isMore)
        default: return .flag(!isLess)
        }
    }

    private static func length(_ value: TemplateValue) -> TemplateValue {
        switch value {
        case .text(let text): .number(Double(text.utf8.count))
        case .texts(let texts): .number(Double(texts.count))
        default: .number(Double(value.elements.count))
        }
    }

    private static func element(_ value: TemplateValue, _ key: TemplateValue) -> TemplateValue {
        if case .texts(let texts) = value { return .text(texts[key.text] ?? "") }
        guard case .number(let number) = key, let index = Int(exactly: number),
            value.elements.indices.contains(index)
        else { return .none }
        return value.elements[index]
    }

    private static func title(_ text: String) -> String {
        var isStart = true
        return String(
            text.flatMap { character -> String in
                defer { isStart = !character.isLetter && !character.isNumber }
                return isStart ? character.uppercased() : String(character)
            })
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }

    /// `%s`, `%v`, `%d`, `%q`, `%t`, `%f`, `%.2f`, `%%`.
    private static func format(_ pattern: String, _ arguments: [TemplateValue]) -> String {
        var result = ""
        var rest = arguments[...]
        var characters = Array(pattern)[...]
        while let character = characters.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            var digits = ""
            while let next = characters.first, next.isNumber || next == "." || next == "-" {
                digits.append(next)
                characters.removeFirst()
            }
            guard let verb = characters.popFirst() else { break }
            if verb == "%" {
                result += "%"
                continue
            }
            let value = rest.popFirst() ?? .none
            switch (verb, value) {
            case ("q", _): result += json(.text(value.text))
            case ("f", .number(let number)):
                let places = digits.split(separator: ".").last.flatMap { Int($0) } ?? 6
                result += fixed(number, places: digits.contains(".") ? places : 6)
            default: result += value.text
            }
        }
        return result
    }

    private static func fixed(_ number: Double, places: Int) -> String {
        let places = min(max(places, 0), 9)
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (abs(number) * scale).rounded()
        guard scaled < 1e18 else { return "\(number)" }
        let digits = String(Int64(scaled))
        let padded = String(repeating: "0", count: max(places + 1 - digits.count, 0)) + digits
        let sign = number < 0 && scaled > 0 ? "-" : ""
        if places == 0 { return sign + padded }
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    private static func json(_ value: TemplateValue) -> String {
        switch value {
        case .texts(let texts):
            var object = JSONObjectWriter()
            for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
                object.add(name, text: text)
            }
            return object.text
        case .list, .alerts: return "[" + value.elements.map(json).joined(separator: ",") + "]"
        case .number, .flag: return value.text
        case .none: return "null"
        default: return JSONList.quoted(value.text)
        }
    }
}
