import LogAlerting
import Testing

/// A rule as the oracle sees it, and as the alert file says it.
struct NaiveRule {
    enum Kind: Equatable {
        case logins, errorRate, successRate
        /// The percentile, and how it is compared.
        case quantile(Int, String)
        /// avg, min, max, sum or last of the gauge, and how it is compared.
        case gauge(String, String)
        case distinct
        /// The seconds that a value is remembered, and those that are learnt from.
        case new(Double, Double)
        case absent
        /// Failed logins for each request.
        case ratio
        /// Logins compared with what is usual.
        case loginsBaseline(String)
        /// The error rate compared with what is usual.
        case errorsBaseline
        /// Logins and different users of an expression.
        case expression
        /// The share of logins among all records, as an expression.
        case arithmetic
    }

    struct Level {
        var threshold: Double
        var pending: Double
    }

    var kind: Kind
    var threshold: Double = 0
    var window: Double
    var pending: Double = 0
    var samplesMin = 1
    /// Further thresholds with their patience.
    var further: [Level] = []
    var keep: Double = 0
    var evaluations = (1, 1)
    var baseline: Double = 0
    var interval: Double = 0
    var isGrouped = true

    static let severities = ["low", "medium", "high"]

    var levels: [Level] { [Level(threshold: threshold, pending: pending)] + further }

    /// The slot in seconds, by the documented rule.
    var slot: Double {
        if interval > 0 {
            let common = Self.common(Int(windowLength), Int(interval))
            return Double(common)
        }
        return windowLength < 30 ? 1 : max(windowLength / 30, 1)
    }

    private static func common(_ first: Int, _ second: Int) -> Int {
        second == 0 ? first : common(second, first % second)
    }

    private var windowLength: Double { if case .new = kind { 300 } else { window } }
    var slots: Int { Int((windowLength / slot).rounded()) }
    /// Slots between evaluations.
    var stride: Int { interval > 0 ? Int((interval / slot).rounded(.up)) : 1 }

    var isCount: Bool {
        switch kind {
        case .logins, .loginsBaseline: true
        default: false
        }
    }

    var comparison: String {
        switch kind {
        case .logins, .distinct: ">="
        case .errorRate, .ratio, .new, .expression, .arithmetic, .errorsBaseline: ">"
        case .successRate: "<"
        case .quantile(_, let comparison), .gauge(_, let comparison),
            .loginsBaseline(let comparison):
            comparison
        case .absent: "=="
        }
    }

    var firesOnRecord: Bool {
        guard evaluations.1 == 1 else { return false }
        switch kind {
        case .logins, .distinct, .new: return true
        case .gauge("max", ">"), .gauge("max", ">="), .gauge("min", "<"): return true
        default: return false
        }
    }

    // MARK: Records

    func concerns(_ record: PlainRecord) -> Bool {
        switch kind {
        case .logins, .loginsBaseline, .absent, .expression: record.isLogin
        case .errorRate, .successRate, .errorsBaseline: record.status != nil
        case .ratio: record.status != nil || record.isLogin
        case .quantile: record.duration != nil
        case .gauge: record.gauge != nil
        case .distinct, .new: record.user != nil
        case .arithmetic: true
        }
    }

    /// The records that a share is of.
    func whole(_ records: [PlainRecord]) -> Int {
        kind == .ratio ? records.filter { $0.status != nil }.count : records.count
    }

    /// The value over a window, its records in the order of time; nil where there is none.
    func value(_ records: [PlainRecord]) -> Double? {
        if records.isEmpty { return nil }
        let failed = Double(records.filter { ($0.status ?? 0) >= 500 }.count)
        let logins = Double(records.filter(\.isLogin).count)
        let users = Double(Set(records.compactMap(\.user)).count)
        switch kind {
        case .logins, .loginsBaseline, .new: return Double(records.count)
        case .errorRate, .errorsBaseline: return failed / Double(records.count)
        case .successRate: return (Double(records.count) - failed) / Double(records.count)
        case .ratio: return logins / Double(whole(records))
        case .quantile(let percent, _):
            let values = records.compactMap(\.duration).sorted()
            return values[max((percent * values.count + 99) / 100, 1) - 1]
        case .gauge(let function, _):
            let values = records.compactMap(\.gauge)
            switch function {
            case "min": return values.min()
            case "max": return values.max()
            case "sum": return values.reduce(0, +)
            case "last": return values.last
            default: return values.reduce(0, +) / Double(values.count)
            }
        case .distinct: return users
        case .absent: return 0
        // More than three logins of at least two users.
        case .expression: return users >= 2 ? Double(records.count) : nil
        case .arithmetic: return logins / Double(records.count)
        }
    }

    // MARK: The file

    private var measure: String {
        switch kind {
        case .logins, .loginsBaseline: "count(event:login_failed)"
        case .errorRate, .errorsBaseline: "error_rate"
        case .successRate: "success_rate"
        case .quantile(let percent, _): "p\(percent)(duration_ms)"
        case .gauge(let function, _): "\(function)(load)"
        case .distinct: "distinct(user)"
        case .ratio: "ratio(event:login_failed / status_code:*)"
        case .new, .absent, .expression, .arithmetic: ""
        }
    }

    private func limit(_ threshold: Double) -> String {
        "\(comparison) \(threshold)"
            + (baseline > 0 ? "x baseline(\(Int(baseline))s)" : "")
    }

    var condition: String {
        let by = isGrouped ? " by service" : ""
        switch kind {
        case .absent: return "absent(event:login_failed) for \(Int(window))s\(by)"
        case .new(let memory, let learning):
            return "new(user) over \(Int(memory))s by service learning \(Int(learning))s"
        case .expression:
            return "_time:\(Int(window))s event:login_failed | stats by (service) count() n, "
                + "count_uniq(user) u | filter n:>\(threshold) u:>=2"
        case .arithmetic:
            return "_time:\(Int(window))s | stats by (service) count() if (event:login_failed) l, "
                + "count() n | math l / n as share | filter share:>\(threshold)"
        default: break
        }
        let compared = further.isEmpty ? " \(limit(threshold))" : ""
        let samples = namesSamples ? " min \(samplesMin) samples" : ""
        return "\(measure)\(compared) over \(Int(window))s\(by)\(samples)"
    }

    /// Whether the rule may say how many records it needs.
    var namesSamples: Bool {
        switch kind {
        case .logins, .distinct: baseline > 0
        case .new, .absent, .expression, .arithmetic: false
        default: true
        }
    }

    private var isExpression: Bool { kind == .expression || kind == .arithmetic }

    /// The rule in an alert file.
    func rule(name: String = "r") throws -> AlertRule {
        var lines = ["\(isExpression ? "expr" : "condition"): '\(condition)'"]
        if further.isEmpty {
            lines += ["for: \(Int(pending))s", "labels: {severity: critical}"]
        } else {
            lines.append("levels:")
            for (level, severity) in zip(levels, Self.severities) {
                lines.append(
                    "  - {severity: \(severity), when: '\(limit(level.threshold))', "
                        + "for: \(Int(level.pending))s}")
            }
        }
        if keep > 0 { lines.append("keep_firing_for: \(Int(keep))s") }
        if evaluations.1 > 1 {
            lines.append("evaluations: \(evaluations.0) of \(evaluations.1)")
        }
        let text = """
            groups:
              - name: g
            \(interval > 0 ? "    interval: \(Int(interval))s" : "")
                rules:
                  - alert: \(name)
            \(lines.map { "        " + $0 }.joined(separator: "\n"))
            """
        return try #require(
            AlertConfiguration.parse(text, file: "t.yaml", channelKinds: ["stdout"]).rules.first)
    }
}
