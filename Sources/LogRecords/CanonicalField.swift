/// The fields that every logger has under some name, and that metrics, rules and queries may rely on.
public enum CanonicalField: Int, CaseIterable, Sendable {
    case time, level, message, service, endpoint, duration, status, trace, user

    /// The name in LogsQL and in derived metrics; `_time` and `_msg` have their LogsQL meaning.
    public var name: String {
        switch self {
        case .time: "_time"
        case .level: "level"
        case .message: "_msg"
        case .service: "service"
        case .endpoint: "endpoint"
        case .duration: "duration_ms"
        case .status: "status_code"
        case .trace: "trace_id"
        case .user: "user_id"
        }
    }

    /// The canonical field that a query means by `name`, or nil.
    public init?(name: String) {
        guard let field = Self.byName[name] else { return nil }
        self = field
    }

    private static let byName = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.name, $0) })
}

/// How the text of a stored value becomes the text of a canonical field.
public enum ValueTransform: UInt8, Sendable {
    /// The value as it stands.
    case none
    /// Seconds, to be given in milliseconds.
    case seconds
    /// The `duration: 12.345 ms` that PostgreSQL writes at the start of its message.
    case postgresDuration
}

/// A name under which loggers write a canonical field.
struct CanonicalAlias {
    let field: CanonicalField
    let path: String
    let transform: ValueTransform
    /// Paths that must stand in the same line: the signature of the logger that writes this name with this meaning.
    let signature: [String]

    init(
        _ field: CanonicalField, _ path: String, _ transform: ValueTransform = .none,
        signature: [String] = []
    ) {
        self.field = field
        self.path = path
        self.transform = transform
        self.signature = signature
    }

    /// Every known name. For each field the first that a line has wins.
    static let all: [CanonicalAlias] = [
        // The house format.
        .init(.time, "timestamp"),
        .init(.level, "level"),
        .init(.message, "message"),
        .init(.service, "service"),
        .init(.endpoint, "endpoint"),
        .init(.duration, "duration_ms"),
        .init(.status, "status_code"),
        .init(.trace, "trace_id"),
        .init(.trace, "request_id"),
        .init(.user, "user_id"),
        // Caddy: zap's encoder with float seconds.
        .init(.time, "ts"),
        .init(.message, "msg"),
        .init(.service, "logger"),
        .init(.endpoint, "request.uri"),
        .init(.duration, "duration", .seconds, signature: ["ts", "logger"]),
        .init(.status, "status"),
        // nginx with a JSON log_format.
        .init(.time, "time_iso8601"),
        .init(.time, "time"),
        .init(.time, "msec"),
        .init(.endpoint, "request_uri"),
        .init(.endpoint, "uri"),
        .init(.duration, "request_time", .seconds),
        // PostgreSQL's jsonlog.
        .init(.level, "error_severity"),
        .init(.service, "dbname", signature: ["error_severity"]),
        .init(.service, "application_name", signature: ["error_severity"]),
        .init(.duration, "message", .postgresDuration, signature: ["error_severity", "pid"]),
        .init(.user, "user", signature: ["error_severity"]),
    ]
}

/// Where a value stands in a line of some shape, and how to read it.
@frozen
public struct FieldSlot: Equatable, Sendable {
    /// The number of the value in the line.
    public let field: Int
    /// What has to be done to its text.
    public let transform: ValueTransform

    /// Value number `field`, read through `transform`.
    public init(field: Int, transform: ValueTransform = .none) {
        self.field = field
        self.transform = transform
    }
}

/// The canonical fields of one shape, decided once from its paths.
public struct CanonicalMap: Sendable {
    private var slots: [FieldSlot?]

    /// The mapping of a line that has these fields, in this order.
    init(fields: [ShapeField]) {
        slots = Array(repeating: nil, count: CanonicalField.allCases.count)
        var positions: [String: Int] = [:]
        for (index, field) in fields.enumerated() { positions[field.path] = index }
        for alias in CanonicalAlias.all where slots[alias.field.rawValue] == nil {
            guard let position = positions[alias.path],
                alias.signature.allSatisfy({ positions[$0] != nil })
            else { continue }
            slots[alias.field.rawValue] = FieldSlot(field: position, transform: alias.transform)
        }
    }

    /// Where the canonical field stands, or nil when lines of this shape have none.
    public subscript(field: CanonicalField) -> FieldSlot? { slots[field.rawValue] }
}
