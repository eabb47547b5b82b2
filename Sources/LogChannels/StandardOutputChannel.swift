public import LogAlerting
internal import LogRecords

/// The kind `stdout`.
public struct StandardOutputKind: ChannelKind {
    /// `stdout`.
    public let name = "stdout"
    /// One line for help.
    public let summary = "a line on the standard output for each notification"

    /// The kind.
    public init() {}

    /// A channel that writes lines through `services`.
    public func makeChannel(_ receiver: Receiver, services: ChannelServices) -> any Channel {
        StandardOutputChannel(name: receiver.name, services: services)
    }
}

/// Writes each notification as one line for people:
///
///     2026-01-05T10:00:00.000Z FIRING [critical] high_error_rate: error_rate is 12.3% (threshold 5%) over 5m,
///     service=api, since 2026-01-05T09:58:00.000Z: 12.3% of the requests to api fail
///
/// (in one line; without `since` where the alert fires as soon as its condition holds). Label values come from log lines that anybody may have written: control characters are shown as `\u{1b}`,
/// so that no line can move the cursor or forge another notification.
public final class StandardOutputChannel: Channel {
    /// The name of the receiver.
    public let name: String
    private let services: ChannelServices

    /// A channel that writes through `services`.
    public init(name: String, services: ChannelServices) {
        self.name = name
        self.services = services
    }

    /// Writes the line. Pending alerts are no news yet and are not written.
    public func deliver(_ transition: AlertTransition) throws(ChannelError) {
        guard transition.state != .pending else { return }
        try services.writeLine(Self.line(transition))
    }

    /// The line of a notification.
    static func line(_ transition: AlertTransition) -> String {
        let severity = transition.labels["severity"].map { " [\($0)]" } ?? ""
        let value = transition.unit.text(transition.value)
        let group = transition.groupText
        var line = Timestamp.text(transition.eventTime, digits: 3)
        line += " \(transition.state.rawValue.uppercased())\(severity) \(transition.alert): "
        line += "\(transition.subject) is \(value) "
        line += "(threshold \(transition.unit.text(transition.threshold))) "
        line += "over \(DurationText.text(transition.window))"
        if !group.isEmpty { line += ", \(group)" }
        if transition.state == .resolved {
            let length = transition.eventTime - transition.startTime
            line += ", after \(DurationText.text(max(length, 0)))"
        } else {
            // What began just now needs no second time.
            if transition.startTime != transition.eventTime {
                line += ", since \(Timestamp.text(transition.startTime, digits: 3))"
            }
            if let summary = transition.annotations["summary"] { line += ": \(summary)" }
        }
        return visible(line)
    }

    /// The text with everything that a terminal would obey spelt out: control characters, and those that change the
    /// direction or are invisible.
    private static func visible(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
