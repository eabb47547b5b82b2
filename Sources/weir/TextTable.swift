internal import LogQuery
internal import LogSegments

/// Rows of text under headings, columns aligned: numbers to the right, words to the left.
struct TextTable {
    /// One column.
    struct Column {
        let title: String
        let isNumber: Bool

        /// A column of words.
        static func text(_ title: String) -> Column { Column(title: title, isNumber: false) }
        /// A column of numbers.
        static func number(_ title: String) -> Column { Column(title: title, isNumber: true) }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row with one cell for each column.
    mutating func add(_ cells: [String]) {
        rows.append(cells.map(TerminalText.escaped))
    }

    /// The lines of the table, indented by `indent` blanks.
    func lines(indent: Int = 2) -> [String] {
        let all = [columns.map(\.title)] + rows
        let widths = columns.indices.map { index in
            all.map { TerminalText.width($0[index]) }.max() ?? 0
        }
        return all.map { row in
            var line = String(repeating: " ", count: indent)
            for (index, cell) in row.enumerated() {
                let pad = String(
                    repeating: " ", count: widths[index] - TerminalText.width(cell))
                line += columns[index].isNumber ? pad + cell : cell + pad
                line += "  "
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

/// Numbers for people.
enum Figure {
    /// A whole number with its digits in groups: `1,234,567`.
    static func count(_ value: some BinaryInteger) -> String {
        var digits = String(value)
        var groups: [String] = []
        while digits.count > 3, digits.dropLast(3) != "-" {
            groups.append(String(digits.suffix(3)))
            digits.removeLast(3)
        }
        return ([digits] + groups.reversed()).joined(separator: ",")
    }

    /// Bytes in decimal units: `1.2 MB`.
    static func bytes(_ value: Int) -> String { ByteSize(value).description }

    /// `value` with so many digits behind the point.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        let scaled = Int((abs(value) * factor).rounded())
        let whole = scaled / Int(factor)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let fraction = String(scaled % Int(factor))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return sign + "\(whole)." + zeros + fraction
    }

    /// A share as per cent: `12.3%`.
    static func percent(_ share: Double) -> String { fixed(share * 100, 1) + "%" }

    /// Milliseconds with three significant digits, `-` when unknown.
    static func milliseconds(_ value: Double?) -> String {
        guard let value else { return "-" }
        return fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0)
    }

    /// How many times smaller the stored bytes are: `7.2x`.
    static func ratio(raw: Int, stored: Int) -> String {
        stored == 0 ? "-" : fixed(Double(raw) / Double(stored), 1) + "x"
    }
}
