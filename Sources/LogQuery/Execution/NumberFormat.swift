internal import LogBytes
internal import LogRecords

/// How results are written: numbers without exponent, times without trailing zeros, as VictoriaLogs writes them.
enum NumberFormat {
    /// Appends the shortest decimal that reads back as `value`; whole numbers without a point.
    static func append(_ value: Double, into out: inout ByteWriter) {
        guard value.isFinite else {
            out.append(value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf")
            return
        }
        if value == value.rounded(), abs(value) < 1e15 {
            out.append("\(Int64(value))")
            return
        }
        let text = "\(value)"
        guard let mark = text.firstIndex(of: "e"),
            let exponent = Int(text[text.index(after: mark)...])
        else {
            out.append(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
            return
        }
        let shifted = String(text[..<mark]).withView {
            NumberText.appendShifted($0, places: exponent, into: &out)
        }
        // More digits than are shifted exactly: as the library writes it.
        if !shifted { out.append(text) }
    }

    /// Appends RFC 3339 with as many digits of fraction as are needed.
    static func append(time: Int64, into out: inout ByteWriter) {
        var digits = 9
        var fraction = time - Timestamp.floorDivide(time, Timestamp.second) * Timestamp.second
        if fraction == 0 { digits = 0 }
        while digits > 0, fraction % 10 == 0 {
            fraction /= 10
            digits -= 1
        }
        Timestamp.append(time, digits: digits, into: &out)
    }
}
