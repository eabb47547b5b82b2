public import LogQuery

/// A metric as the configuration defines it: which records count, what of them, and by which labels.
public struct MetricDefinition: Equatable, Sendable {
    /// Where a label's value comes from.
    public enum LabelSource: Equatable, Sendable {
        /// A field of the record; `endpoint` is templated.
        case field(String)
        /// The same for all series.
        case constant(String)
    }

    /// A label.
    public struct Label: Equatable, Sendable {
        /// Its name.
        public let name: String
        /// Where its value comes from.
        public let source: LabelSource

        /// A label.
        public init(_ name: String, _ source: LabelSource) {
            self.name = name
            self.source = source
        }
    }

    /// The span of the stream that a ratio or rate looks back on.
    public enum Window: String, CaseIterable, Sendable {
        case oneMinute = "1m"
        case fiveMinutes = "5m"
        case oneHour = "1h"

        /// Its length in seconds.
        public var seconds: Int64 {
            switch self {
            case .oneMinute: 60
            case .fiveMinutes: 300
            case .oneHour: 3_600
            }
        }
    }

    /// The name, in which fields may stand in braces.
    public var name: String
    /// What is measured.
    public var kind: MetricKind
    /// The records that count; nil for all.
    public var filter: Filter?
    /// Of a ratio, the records among which those of `filter` are counted; nil for all.
    public var whole: Filter?
    /// The field whose number is measured; of a counter, the one whose numbers are added up.
    public var field: String?
    /// The labels, in the order of the file.
    public var labels: [Label]
    /// The unit of the values; `.none` where neither the file nor the field's name says one.
    public var unit: MetricUnit
    /// One line for people.
    public var help: String
    /// The group of metrics in which reports show it.
    public var category: String
    /// The bounds of a histogram's buckets in `unit`, ascending; nil for those that suit it.
    public var bounds: [Double]?
    /// What a ratio or rate looks back on.
    public var window: Window

    /// A definition.
    public init(
        name: String, kind: MetricKind, filter: Filter? = nil, whole: Filter? = nil,
        field: String? = nil, labels: [Label] = [], unit: MetricUnit? = nil, help: String? = nil,
        category: String = MetricFamily.businessCategory, bounds: [Double]? = nil,
        window: Window? = nil
    ) {
        self.name = name
        self.kind = kind
        self.filter = filter
        self.whole = whole
        self.field = field
        self.labels = labels
        self.unit = unit ?? field.map(MetricUnit.ofField) ?? .none
        self.help = help ?? Self.help(name, kind, field)
        self.category = category
        self.bounds = bounds
        self.window = window ?? (kind == .rate ? .oneMinute : .fiveMinutes)
    }

    private static func help(_ name: String, _ kind: MetricKind, _ field: String?) -> String {
        switch (kind, field) {
        case (.counter, let field?): "Sum of \(field)."
        case (.counter, nil): "Records that match the definition of \(name)."
        case (.gauge, _): "The latest \(field ?? name)."
        case (.histogram, _): "How often \(field ?? name) had values of each size."
        case (.ratio, _): "The share of matching records in the window."
        case (.rate, _): "Matching records a minute in the window."
        }
    }

    /// The name in Prometheus' formats; names with fields keep them in braces.
    public var exposedName: String { MetricName.exposed(name, kind, keptUnit).name }

    /// What is wrong with `name` as the name of a metric, and how many bytes stand before it; nil when nothing is.
    public static func fault(inName name: String) -> (message: String, offset: Int)? {
        do throws(MetricName.Fault) {
            _ = try MetricName.parts(name)
            return nil
        } catch {
            return (error.message, error.offset)
        }
    }

    /// Times are kept in milliseconds, where histograms are exact from a microsecond to an hour.
    var keptUnit: MetricUnit { unit.milliseconds == nil ? unit : .milliseconds }

    /// What a number from the field is multiplied with.
    var fieldScale: Double { unit.milliseconds ?? 1 }

    /// The family of the series under `name`.
    func family(named name: String) -> MetricFamily {
        MetricFamily(
            name, kind, help: help, keptUnit: keptUnit, category: category,
            bounds: bounds.map { bounds in bounds.map { $0 * fieldScale } })
    }
}
