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

/// Where a value stands in a line of some shape, and how to read it.
@frozen
public struct FieldSlot: Equatable, Sendable {
    /// The number of the value in the line.
    public let field: Int
    /// What has to be done to its text.
    public let transform: ValueTransform

    /// Value number `field`, read through `transform`.
    @inlinable
    public init(field: Int, transform: ValueTransform = .none) {
        self.field = field
        self.transform = transform
    }

    /// The bits of a packed slot that say the transform.
    @inlinable public static var transformBits: Int32 { 6 }
    /// Transforms have raw values below this.
    @inlinable public static var transformLimit: Int32 { 1 << transformBits }

    /// The slot in one number, never negative: −1 may stand for no slot. Zero in the transform's bits is `.none`.
    @inlinable
    public var packed: Int32 {
        Int32(truncatingIfNeeded: field) << Self.transformBits | Int32(transform.rawValue)
    }

    /// The slot that `packed` was made of.
    @inlinable
    public init(packed: Int32) {
        field = Int(packed >> Self.transformBits)
        transform =
            ValueTransform(rawValue: UInt8(truncatingIfNeeded: packed & (Self.transformLimit - 1)))
            ?? .none
    }
}
