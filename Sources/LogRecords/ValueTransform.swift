/// How the text of a stored value becomes the text of a canonical field. Decided once for a shape; most shapes need none.
///
/// Raw values stay below `FieldSlot.transformLimit` and are not on disk.
@frozen
public enum ValueTransform: UInt8, Sendable {
    /// The value as it stands.
    case none

    // Durations, to be given in milliseconds. A unit in the value (`129.02ms`, `PT0.1S`) goes before the one named here.

    /// Seconds.
    case seconds
    /// Milliseconds.
    case milliseconds
    /// Microseconds.
    case microseconds
    /// Nanoseconds.
    case nanoseconds
    /// Whole nanoseconds: a number with a fraction is none.
    case wholeNanoseconds
    /// A duration that names its unit; a bare number is none.
    case durationWithUnit
    /// The sum of nginx's list of upstream times, in seconds: `0.1, 0.2 : 0.3`.
    case secondsList
    /// The `duration: 12.345 ms` that PostgreSQL writes at the start of its message.
    case postgresDuration

    // Levels, to be given by their canonical names.

    /// Numbers of pino, bunyan and Python: the kind is known from the line.
    case pinoLevel
    /// Python's `levelno`: 10 debug, 20 info, ….
    case pythonLevel
    /// 0 (emergency) to 7 (debug).
    case syslogLevel
    /// Facility times 8 plus severity.
    case syslogPriority
    /// OpenTelemetry's severity number, 1 to 24.
    case openTelemetryLevel
    /// logback's `level_value`: 5000, 10000, … 40000.
    case logbackLevel
    /// Serilog's words: `Verbose` is its lowest.
    case serilogLevel
    /// Serilog's compact format leaves out `@l` when the level is Information: any value means that.
    case alwaysInformation
    /// The level word at the front of a line of text.
    case textLevel

    // Times.

    /// As it stands, and zero means none.
    case nonZeroTime
    /// Seconds, whose nanoseconds are in the next field.
    case secondsBeforeNanoseconds
    /// The time at the front of a line of text.
    case textTime

    // Messages, requests and traces.

    /// The path of the request that a line of an access log quotes.
    case requestPath
    /// The status behind the request that a line of an access log quotes.
    case requestStatus
    /// The path and the status among OpenTelemetry's attributes.
    case openTelemetryPath, openTelemetryStatus
    /// An identifier; `-` and zeros are none.
    case identifier

    /// journald's array of byte values, for messages that are no UTF-8.
    case byteArray

    /// Whether a number in the value needs no more than its unit's factor to be in milliseconds.
    @inlinable
    public var isDuration: Bool {
        rawValue >= Self.seconds.rawValue && rawValue <= Self.postgresDuration.rawValue
    }
}

extension ValueTransform {
    /// Whether the value is a level as some logger counts them.
    var isLevelNumber: Bool {
        switch self {
        case .pinoLevel, .pythonLevel, .syslogLevel, .openTelemetryLevel, .logbackLevel: true
        default: false
        }
    }
}
