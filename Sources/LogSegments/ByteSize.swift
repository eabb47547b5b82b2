/// A number of bytes as people write it: `500MB`, `20 GB`, `1.5TB`, `512MiB`.
public struct ByteSize: Sendable, Equatable, CustomStringConvertible {
    /// The number of bytes.
    public let bytes: Int

    /// That many bytes.
    public init(_ bytes: Int) { self.bytes = bytes }

    private static let units: [(name: String, bytes: Int)] = [
        ("b", 1), ("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000),
        ("tb", 1_000_000_000_000), ("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30),
        ("tib", 1 << 40),
    ]

    /// What to write, for messages.
    public static let hint = "write e.g. 500MB, 20GB, 1TB or 512MiB"

    /// Digits behind the point that count.
    private static let fractionDigitsMax = 6

    /// The size that `text` says: a number, perhaps with a point in it, and a unit in any case; nil when it is none, or more
    /// than can be counted. A number without a unit is refused: nobody means 20 bytes by 20.
    public init?(_ text: String) {
        let text = text.lowercased()
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let name = text.dropFirst(number.count).drop { $0 == " " }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard let unit = Self.units.first(where: { $0.name == name }),
            (1...2).contains(parts.count),
            let whole = Int(parts[0])
        else { return nil }
        var (bytes, overflow) = whole.multipliedReportingOverflow(by: unit.bytes)
        if parts.count == 2 {
            guard (1...Self.fractionDigitsMax).contains(parts[1].count), let digits = Int(parts[1])
            else { return nil }
            let scale = parts[1].reduce(1) { scale, _ in scale * 10 }
            let (sum, isTooLarge) = bytes.addingReportingOverflow(
                unit.bytes / scale * digits + unit.bytes % scale * digits / scale)
            (bytes, overflow) = (sum, overflow || isTooLarge)
        }
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    /// In decimal units, with one digit behind the point: `1.2 MB`.
    public var description: String {
        if bytes < 1_000 { return "\(bytes) B" }
        for (name, unit) in [("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)] {
            let tenths = Self.tenths(bytes, unit)
            if tenths < 10_000 { return Self.text(tenths) + " " + name }
        }
        return Self.text(Self.tenths(bytes, 1_000_000_000_000)) + " TB"
    }

    private static func tenths(_ bytes: Int, _ unit: Int) -> Int {
        bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit
    }

    private static func text(_ tenths: Int) -> String { "\(tenths / 10).\(tenths % 10)" }
}
