internal import LogQuery

/// A measure that conditions can name: one line in `all`. Parser, help and error hints follow it.
struct MeasureKind: Sendable {
    /// What stands in the parentheses.
    enum Argument: Sendable {
        case none, filter, field
        /// Two filters with a slash between them.
        case filters
    }

    /// What the threshold is counted in.
    enum Unit: Sendable {
        /// Always this.
        case fixed(ValueUnit)
        /// What the field's name says.
        case field
    }

    /// The name in help and hints.
    let name: String
    /// A condition that uses it.
    let example: String
    let argument: Argument
    let unit: Unit
    /// Whether too few records mean that there is no value.
    let needsSamples: Bool
    /// The measure that `word` names with `argument`, or nil when it is not this kind.
    let make: @Sendable (_ word: String, _ argument: String) -> Measure?

    private init(
        _ name: String, _ example: String, _ argument: Argument, _ unit: Unit,
        needsSamples: Bool = false, _ make: @escaping @Sendable (String, String) -> Measure?
    ) {
        self.name = name
        self.example = example
        self.argument = argument
        self.unit = unit
        self.needsSamples = needsSamples
        self.make = make
    }

    private static func named(
        _ name: String, _ measure: @escaping @Sendable (String) -> Measure
    ) -> @Sendable (String, String) -> Measure? {
        { word, argument in word == name ? measure(argument) : nil }
    }

    /// Every measure.
    static let all: [MeasureKind] = [
        MeasureKind(
            "error_rate", "error_rate > 5% over 5m by service", .none, .fixed(.fraction),
            needsSamples: true, named("error_rate") { _ in .errorRate }),
        MeasureKind(
            "success_rate", "success_rate < 99% over 5m by service", .none, .fixed(.fraction),
            needsSamples: true, named("success_rate") { _ in .successRate }),
        MeasureKind(
            "request_rate", "request_rate > 2x baseline(1h) over 5m", .none, .fixed(.perSecond),
            named("request_rate") { _ in .requestRate }),
        MeasureKind(
            "p50 … p99.9", "p95(duration_ms) > 1s over 5m by endpoint", .field, .field,
            needsSamples: true, quantile),
        MeasureKind(
            "count", "count(event:login_failed) >= 5 over 10m by client_ip", .filter,
            .fixed(.count), named("count") { _ in .count }),
        MeasureKind(
            "rate", "rate(level:ERROR) > 5 over 1m", .filter, .fixed(.perSecond),
            named("rate") { _ in .rate }),
        MeasureKind(
            "ratio", "ratio(event:payment_failed / event:payment*) > 1% over 5m", .filters,
            .fixed(.fraction), needsSamples: true,
            named("ratio") { _ in .ratio(part: .all, whole: .all) }),
        MeasureKind(
            "avg", "avg(memory_percent) > 80 over 10m by host", .field, .field,
            named("avg") { .average(field: $0) }),
        MeasureKind(
            "min", "min(disk_free_percent) < 10 over 5m by host", .field, .field,
            named("min") { .minimum(field: $0) }),
        MeasureKind(
            "max", "max(queue_length) > 100 over 5m", .field, .field,
            named("max") { .maximum(field: $0) }),
        MeasureKind(
            "sum", "sum(bytes) > 1000000000 over 1h by user_id", .field, .field,
            named("sum") { .sum(field: $0) }),
        MeasureKind(
            "last", "last(circuit_breakers_open) > 0 over 5m", .field, .field,
            named("last") { .last(field: $0) }),
        MeasureKind(
            "distinct", "distinct(user_id) >= 10 over 10m by client_ip", .field, .fixed(.count),
            named("distinct") { .distinct(field: $0) }),
        MeasureKind(
            "new", "new(error_type) over 7d by service", .field, .fixed(.count),
            named("new") { .new(field: $0) }),
        MeasureKind(
            "absent", "absent(service:scheduler) for 2m", .filter, .fixed(.count),
            named("absent") { _ in .absent }),
    ]

    /// Whether what it gave before says what it usually gives.
    var hasBaseline: Bool { !["last", "distinct", "new", "absent"].contains(name) }

    /// All names, for hints.
    static var names: String { all.map(\.name).joined(separator: ", ") }

    /// The kind of `word`, nil when there is none.
    static func named(_ word: String) -> MeasureKind? {
        all.first { $0.make(word, "") != nil }
    }

    private static func quantile(_ word: String, _ field: String) -> Measure? {
        guard word.first == "p", let percent = Double(String(word.dropFirst())),
            word.dropFirst().first?.isNumber == true, percent > 0, percent < 100
        else { return nil }
        return .quantile(fraction: percent / 100, field: field)
    }
}
