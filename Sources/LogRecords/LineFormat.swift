/// How a line is written. The raw value is on disk.
public enum LineFormat: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// No format that weir knows: the whole line is the message.
    case text = 0
    /// One JSON object.
    case json = 1
    /// Docker's json-file log: a JSON object around a line, which may be a JSON object itself.
    case docker = 2
    /// The Container Runtime Interface's log: time, stream and a tag before the line.
    case cri = 3
    /// `journalctl -o json`.
    case journald = 4
    /// `key=value` pairs.
    case logfmt = 5
    /// A JSON object behind a text, as `docker compose logs` shows it.
    case prefixed = 6
    /// Syslog as in RFC 5424.
    case rfc5424 = 7
    /// Syslog as in RFC 3164, with or without its priority, also as rsyslog writes it to files.
    case rfc3164 = 8
    /// The Graylog Extended Log Format.
    case gelf = 9

    /// The name in `--format` and in answers.
    public var name: String { "\(self)" }

    /// The format of this name.
    public init?(name: String) {
        guard let format = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = format
    }
}
