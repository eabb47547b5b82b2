internal import LogBytes

/// Levels as loggers number them, and the words that one logger means otherwise than all others.
extension LogLevel {
    /// The level that `text` stands for to the logger that `transform` speaks of.
    static func read(_ text: ByteView, _ transform: ValueTransform) -> LogLevel {
        switch transform {
        case .alwaysInformation: return .info
        case .serilogLevel: return text == ByteView("Verbose") ? .trace : LogLevel(text: text)
        case .textLevel: return TextFront.level(text)
        case .pinoLevel, .pythonLevel, .syslogLevel, .syslogPriority, .openTelemetryLevel,
            .logbackLevel:
            break
        default: return LogLevel(text: text)
        }
        guard let number = NumberText.integer(text), number >= 0, number <= 100_000 else {
            // Some write the word where others write the number.
            return LogLevel(text: text)
        }
        switch transform {
        case .pinoLevel: return pino(number)
        case .pythonLevel: return python(number)
        case .syslogLevel: return number <= 7 ? syslog(number) : .unknown
        // Facilities go to 23, which makes 191 the highest priority.
        case .syslogPriority: return number <= 191 ? syslog(number % 8) : .unknown
        case .openTelemetryLevel: return openTelemetry(number)
        default: return logback(number)
        }
    }

    /// pino and bunyan: 10 trace to 60 fatal; a level of one's own is that below it.
    private static func pino(_ number: Int64) -> LogLevel {
        switch number {
        case 10..<20: .trace
        case 20..<30: .debug
        case 30..<40: .info
        case 40..<50: .warn
        case 50..<60: .error
        case 60..<100: .critical
        default: .unknown
        }
    }

    private static func python(_ number: Int64) -> LogLevel {
        switch number {
        case 1..<10: .trace
        case 10..<20: .debug
        case 20..<30: .info
        case 30..<40: .warn
        case 40..<50: .error
        case 50..<100: .critical
        default: .unknown
        }
    }

    private static func syslog(_ number: Int64) -> LogLevel {
        switch number {
        case 0: .emerg
        case 1: .alert
        case 2: .critical
        case 3: .error
        case 4: .warn
        case 5: .notice
        case 6: .info
        default: .debug
        }
    }

    private static func openTelemetry(_ number: Int64) -> LogLevel {
        switch number {
        case 1...4: .trace
        case 5...8: .debug
        case 9...12: .info
        case 13...16: .warn
        case 17...20: .error
        case 21...24: .critical
        default: .unknown
        }
    }

    private static func logback(_ number: Int64) -> LogLevel {
        switch number {
        case 5_000: .trace
        case 10_000: .debug
        case 20_000: .info
        case 30_000: .warn
        case 40_000: .error
        default: .unknown
        }
    }

    /// The name, without making a string of it.
    var staticName: StaticString {
        switch self {
        case .unknown: ""
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warn: "warn"
        case .error: "error"
        case .critical: "critical"
        case .alert: "alert"
        case .emerg: "emerg"
        }
    }
}
