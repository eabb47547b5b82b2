internal import LogBytes

/// What stands before the application's own line: the header that a container runtime or syslog puts there.
///
/// An envelope is a few values with fixed bytes between them, so that a line stays `piece, value, piece, …` whatever follows.
enum Envelope: UInt8, Hashable, Sendable {
    /// Nothing.
    case none
    /// `2025-01-18T12:00:00.123456789Z stdout F `.
    case cri
    /// `<34>1 2025-01-18T12:00:00Z host app 123 ID47 [a b="c"] `, also with the byte order mark that may begin the message,
    /// and without a message.
    case rfc5424, rfc5424Marked, rfc5424Bare
    /// `<34>Jan 18 12:00:00 host app[123]: ` and what senders leave out of it: the priority (as in files), the process
    /// number, the host (as local programs do).
    case rfc3164, rfc3164NoProcess, rfc3164NoHost, rfc3164NoHostNoProcess
    case syslogFile, syslogFileNoProcess
    /// Any text before a JSON object with a field that every logger writes, and before one that is said to be there.
    case prefix, anyPrefix

    /// The format of lines in this envelope; nil where it is that of the line inside.
    var format: LineFormat? {
        switch self {
        case .none: nil
        case .cri: .cri
        case .rfc5424, .rfc5424Marked, .rfc5424Bare: .rfc5424
        case .rfc3164, .rfc3164NoProcess, .rfc3164NoHost, .rfc3164NoHostNoProcess, .syslogFile,
            .syslogFileNoProcess:
            .rfc3164
        case .prefix, .anyPrefix: .prefixed
        }
    }

    /// Its values in line order.
    var fields: [ShapeField] { layout.paths.map { ShapeField(path: $0, kind: .text) } }

    /// The bytes before each value, and those between the last and the line.
    var pieces: [[UInt8]] { layout.pieces }

    private var layout: (paths: [String], pieces: [[UInt8]]) {
        switch self {
        case .none: ([], [])
        case .cri: make("{time} {stream} {logtag} ")
        case .rfc5424:
            make(
                "<{priority}>1 {timestamp} {hostname} {app_name} {proc_id} {msg_id} "
                    + "{structured_data} ")
        case .rfc5424Marked:
            make(
                "<{priority}>1 {timestamp} {hostname} {app_name} {proc_id} {msg_id} "
                    + "{structured_data} \u{FEFF}")
        case .rfc5424Bare:
            make(
                "<{priority}>1 {timestamp} {hostname} {app_name} {proc_id} {msg_id} "
                    + "{structured_data}")
        case .rfc3164: make("<{priority}>{timestamp} {hostname} {app_name}[{proc_id}]:")
        case .rfc3164NoProcess: make("<{priority}>{timestamp} {hostname} {app_name}:")
        case .rfc3164NoHost: make("<{priority}>{timestamp} {app_name}[{proc_id}]:")
        case .rfc3164NoHostNoProcess: make("<{priority}>{timestamp} {app_name}:")
        case .syslogFile: make("{timestamp} {hostname} {app_name}[{proc_id}]:")
        case .syslogFileNoProcess: make("{timestamp} {hostname} {app_name}:")
        case .prefix, .anyPrefix: make("{prefix}")
        }
    }

    /// Splits a pattern into the names in braces and the bytes around them.
    private func make(_ pattern: String) -> (paths: [String], pieces: [[UInt8]]) {
        var paths: [String] = []
        var pieces: [[UInt8]] = [[]]
        var name: [UInt8]?
        for byte in pattern.utf8 {
            switch byte {
            case ASCII.openBrace: name = []
            case ASCII.closeBrace:
                paths.append(String(decoding: name ?? [], as: UTF8.self))
                name = nil
                pieces.append([])
            default:
                if name != nil { name?.append(byte) } else { pieces[pieces.count - 1].append(byte) }
            }
        }
        return (paths, pieces)
    }
}
