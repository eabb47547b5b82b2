/// How templates write numbers.
enum NumberStyle {
    /// The shortest decimal.
    static func plain(_ number: Double) -> String {
        if number == number.rounded(), abs(number) < 1e15 { return "\(Int64(number))" }
        return "\(number)"
    }

    /// With so many significant digits at most.
    static func significant(_ number: Double, _ digits: Int) -> String {
        guard number.isFinite, number != 0 else { return plain(number) }
        var magnitude = abs(number)
        var places = digits - 1
        while magnitude >= 10, places > 0 {
            magnitude /= 10
            places -= 1
        }
        while magnitude < 1, places < 15 {
            magnitude *= 10
            places += 1
        }
        let text = fixed(number, places)
        guard text.contains(".") else { return text }
        var trimmed = text[...]
        while trimmed.last == "0" { trimmed.removeLast() }
        if trimmed.last == "." { trimmed.removeLast() }
        return String(trimmed)
    }

    /// `1.2k`, `3.4M`.
    static func scaled(_ number: Double, by base: Double) -> String {
        guard number.isFinite else { return plain(number) }
        let names =
            base == 1_024
            ? ["", "ki", "Mi", "Gi", "Ti", "Pi"] : ["", "k", "M", "G", "T", "P"]
        var rest = number
        var name = 0
        while abs(rest) >= base, name + 1 < names.count {
            rest /= base
            name += 1
        }
        return significant(rest, 4) + names[name]
    }

    /// With exactly `places` digits behind the point, rounded half to even like C's.
    static func fixed(_ number: Double, _ places: Int) -> String {
        guard number.isFinite else { return number.isNaN ? "NaN" : number < 0 ? "-Inf" : "+Inf" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (abs(number) * scale).rounded(.toNearestOrEven)
        guard scaled < 1e18 else { return plain(number) }
        let digits = String(Int64(scaled))
        let padded = String(repeating: "0", count: max(places + 1 - digits.count, 0)) + digits
        let sign = number < 0 && scaled > 0 ? "-" : ""
        if places == 0 { return sign + padded }
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    /// Go's `printf` for the verbs that alerts use: `%s %v %q %d %f %.2f %g %e %t %x %%`, with width, `-` and `0`.
    static func format(
        _ pattern: String, _ arguments: [TemplateValue], _ context: AlertTemplate.Values
    ) -> String {
        var result = ""
        var rest = pattern[...]
        var next = arguments[...]
        while let character = rest.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            let flags = rest.prefix { "-+0 #".contains($0) }
            rest = rest.dropFirst(flags.count)
            let width = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(width.count)
            var places: Int?
            if rest.first == "." {
                let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
                rest = rest.dropFirst(1 + digits.count)
                places = min(Int(String(digits)) ?? 0, 15)
            }
            guard let verb = rest.popFirst() else { return result + "%!(NOVERB)" }
            if verb == "%" {
                result.append("%")
                continue
            }
            guard let argument = next.popFirst() else {
                result += "%!\(verb)(MISSING)"
                continue
            }
            let text = text(argument, verb, places, context)
            let missing = min(Int(String(width)) ?? 0, 200) - text.count
            let padding = String(
                repeating: flags.contains("0") && !flags.contains("-") ? "0" : " ",
                count: max(missing, 0))
            result += flags.contains("-") ? text + padding : padding + text
        }
        return result
    }

    private static func text(
        _ value: TemplateValue, _ verb: Character, _ places: Int?,
        _ context: AlertTemplate.Values
    ) -> String {
        switch verb {
        case "f", "F":
            return value.number.map { fixed($0, places ?? 6) } ?? "%!f(\(value.shown(context)))"
        case "d":
            return value.number.map { fixed($0, 0) } ?? "%!d(\(value.shown(context)))"
        case "g":
            guard let number = value.number else { return "%!g(\(value.shown(context)))" }
            return places.map { significant(number, max($0, 1)) } ?? plain(number)
        case "e":
            guard let number = value.number else { return "%!e(\(value.shown(context)))" }
            return exponential(number, places ?? 6)
        case "q": return "\"" + value.shown(context).replacing("\"", with: "\\\"") + "\""
        case "v":
            if let number = value.number, case .measured = value { return plain(number) }
            return value.shown(context)
        case "s":
            let text = value.shown(context)
            return places.map { String(text.prefix($0)) } ?? text
        default: return value.shown(context)
        }
    }

    private static func exponential(_ number: Double, _ places: Int) -> String {
        guard number.isFinite, number != 0 else { return fixed(number, places) + "e+00" }
        var mantissa = abs(number)
        var exponent = 0
        while mantissa >= 10 {
            mantissa /= 10
            exponent += 1
        }
        while mantissa < 1 {
            mantissa *= 10
            exponent -= 1
        }
        let digits = String(abs(exponent))
        return (number < 0 ? "-" : "") + fixed(mantissa, places)
            + (exponent < 0 ? "e-" : "e+") + (digits.count == 1 ? "0" : "") + digits
    }
}
