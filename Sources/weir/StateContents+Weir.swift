internal import LogAlerting
internal import LogBytes
internal import LogChannels
internal import LogMetrics
internal import LogSegments

extension StateContents {
    /// How the files are read that channels, operators, metrics and rules have in `DATA/state`.
    static let weir = StateContents(
        outbox: { bytes in
            let found = OutboxInspection.inspect(bytes)
            return Outbox(
                waiting: found.waiting, deadLetters: found.deadLetters,
                faults: found.faults.map(fault))
        },
        command: { line in
            do throws(OperatorCommandFault) {
                _ = try Array(line.utf8).withView { view throws(OperatorCommandFault) in
                    try OperatorCommand(jsonLine: view)
                }
                return nil
            } catch {
                return error.message
            }
        },
        section: { name, bytes in
            do throws(MalformedBytes) {
                try bytes.withView { view throws(MalformedBytes) in
                    var reader = ByteReader(view)
                    try read(name, &reader)
                }
                return nil
            } catch {
                return "\(error.what) at byte \(error.offset) of it"
            }
        })

    /// Reads a section as its stage does. What a stage of another configuration wrote is no fault: rules and metrics that
    /// this one lacks are left out.
    private static func read(_ name: String, _ reader: inout ByteReader) throws(MalformedBytes) {
        switch name {
        case "desk":
            // Whatever its routes: that of the weir that runs is not known here, and it is read all the same.
            guard let standard = try? AlertConfiguration.makeDefault(channels: .all) else { return }
            try AlertDesk(routing: standard.routing).restore(from: &reader)
        case "rules": try RuleEngine(rules: []).restore(from: &reader)
        case "metrics": try StreamMetrics(definitions: [], classNames: []).restore(from: &reader)
        default: break
        }
    }

    private static func fault(_ fault: OutboxInspection.Fault) -> Fault {
        switch fault.kind {
        case .damage:
            Fault(
                offset: fault.offset,
                what: "\(fault.bytes) bytes are no entry; notifications there are lost (an outbox)",
                advice: "the next `weir ingest` keeps what can be read and sets the file aside as "
                    + "NAME.damaged; where the alert file has the channel no more, remove the file")
        case .torn:
            Fault(
                offset: fault.offset, what: "the last entry is not whole (an outbox)",
                advice: "a weir is at work, or a crash cut it off; the next `weir ingest` drops it",
                severity: .notice)
        case .unknownVersion:
            Fault(
                offset: fault.offset, what: "it is of another version of weir (an outbox)",
                advice: "check it with that version; this one leaves it as it is",
                severity: .unchecked)
        }
    }
}
