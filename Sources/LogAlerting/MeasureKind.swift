/// A measure that conditions can name: one line in `all`. Parser, help and error hints follow it.
struct MeasureKind: Sendable {
    /// What stands in the parentheses.
    enum Argument: Sendable {
        case none, filter, field
    }

    /// The name in help and hints.
    let name: String
    /// A condition that uses it.
    let example: String
    let argument: Argument
    /// Whether too few records mean that there is no value.
    let needsSamples: Bool
    /// The measure that `word` names with `argument`, or nil when it is not this kind.
    let make: @Sendable (_ word: String, _ argument: String) -> Measure?

    /// Every measure.
    static let all: [MeasureKind] = [
        MeasureKind(
            name: "error_rate", example: "error_rate > 5% over 5m by service", argument: .none,
            needsSamples: true, make: { word, _ in word == "error_rate" ? .errorRate : nil }),
        MeasureKind(
            name: "p50 … p99.9", example: "p95(duration_ms) > 1s over 5m by endpoint",
            argument: .field, needsSamples: true, make: quantile),
        MeasureKind(
            name: "count", example: "count(event:login_failed) >= 5 over 10m by client_ip",
            argument: .filter, needsSamples: false,
            make: { word, _ in word == "count" ? .count : nil }),
        MeasureKind(
            name: "rate", example: "rate(level:ERROR) > 5 over 1m", argument: .filter,
            needsSamples: false, make: { word, _ in word == "rate" ? .rate : nil }),
    ]

    /// All names, for hints.
    static var names: String { all.map(\.name).joined(separator: ", ") }

    private static func quantile(_ word: String, _ field: String) -> Measure? {
        guard word.first == "p", let percent = Double(String(word.dropFirst())),
            word.dropFirst().first?.isNumber == true, percent > 0, percent < 100
        else { return nil }
        return .quantile(fraction: percent / 100, field: field)
    }
}
