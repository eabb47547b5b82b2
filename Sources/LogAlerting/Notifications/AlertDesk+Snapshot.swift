public import LogBytes
internal import LogRecords

/// The state of the desk as bytes:
///
///     0  4  "ADSK"
///     4  1  version, 1
///     5  4  CRC-32C of what follows the length
///     9  …  varint length, and so many bytes: the time up to which all is done, silences, commands that were applied,
///           alerts, groups, times of changes, storms
///
/// Valid if and only if (1) magic number and version are these, (2) the checksum fits, (3) everything can be read and nothing
/// is left over. What follows from these (timers, who inhibits whom, open windows) is computed again.
extension AlertDesk {
    private static let magic: [UInt8] = Array("ADSK".utf8)
    private static let version: UInt8 = 1

    /// Appends the state to `out`.
    public func snapshot(into out: inout ByteWriter) {
        var encoder = DeskEncoder()
        encode(into: &encoder)
        for byte in Self.magic { out.append(byte) }
        out.append(Self.version)
        out.append(fixed: Checksum.crc32c(encoder.bytes.view))
        out.append(lengthPrefixed: encoder.bytes.view)
    }

    /// Goes on where the desk was whose `snapshot` is read, under this desk's configuration. Only for a desk that knows of
    /// nothing; when the bytes are damaged it still does.
    public func restore(from reader: inout ByteReader) throws(MalformedBytes) {
        guard Array(try reader.bytes(4, "the alert desk's magic number")) == Self.magic else {
            throw reader.malformed("the alert desk's magic number")
        }
        guard try reader.fixed(UInt8.self, "the alert desk's version") == Self.version else {
            throw reader.malformed("the alert desk's version")
        }
        let checksum = try reader.fixed(UInt32.self, "the alert desk's checksum")
        let payload = try reader.lengthPrefixed("the alert desk's state")
        guard Checksum.crc32c(payload) == checksum else {
            throw reader.malformed("the alert desk's checksum")
        }
        var decoder = DeskDecoder(payload)
        var state = DeskState()
        try decode(&decoder, into: &state)
        guard decoder.isAtEnd else { throw decoder.malformed("the alert desk's end") }
        clock = state.clock
        silences = state.silences
        appliedCommands = state.commands
        knownCommands = Set(state.commands)
        alerts = state.alerts
        groups = state.groups
        changes = state.changes
        storms = state.storms
        guard clock != .min else { return }
        enforce(routing)
        // What another configuration says about alerts is no news to anybody.
        outcome.records = []
    }

    /// What a snapshot holds, until all of it has been read.
    private struct DeskState {
        var clock = Int64.min
        var silences: [String: Silence] = [:]
        var commands: [String] = []
        var alerts: [String: HeldAlert] = [:]
        var groups: [String: NoticeGroup] = [:]
        var changes: [String: [Int64]] = [:]
        var storms: [String: StormState] = [:]
    }

    private func encode(into encoder: inout DeskEncoder) {
        encoder.time(clock)
        encoder.count(silences.count)
        for (_, silence) in silences.sorted(by: { $0.key < $1.key }) {
            encoder.text(silence.id)
            encoder.texts(silence.matchers.map(\.description))
            encoder.time(silence.start)
            encoder.time(silence.end)
            encoder.text(silence.creator)
            encoder.text(silence.comment)
        }
        encoder.texts(appliedCommands)
        encoder.count(alerts.count)
        for (_, held) in alerts.sorted(by: { $0.key < $1.key }) { encoder.held(held) }
        encoder.count(groups.count)
        for (_, group) in groups.sorted(by: { $0.key < $1.key }) { encoder.group(group) }
        encoder.count(changes.count)
        for (fingerprint, times) in changes.sorted(by: { $0.key < $1.key }) {
            encoder.text(fingerprint)
            encoder.times(times)
        }
        encoder.count(storms.count)
        for (receiver, storm) in storms.sorted(by: { $0.key < $1.key }) {
            encoder.text(receiver)
            encoder.storm(storm)
        }
    }

    private func decode(
        _ decoder: inout DeskDecoder, into state: inout DeskState
    ) throws(MalformedBytes) {
        state.clock = try decoder.time()
        for _ in 0..<(try decoder.count()) {
            let silence = try decoder.silence()
            state.silences[silence.id] = silence
        }
        state.commands = try decoder.texts()
        for _ in 0..<(try decoder.count()) {
            let held = try decoder.held()
            state.alerts[held.fingerprint] = held
        }
        for _ in 0..<(try decoder.count()) {
            let group = try decoder.group()
            state.groups[group.key] = group
        }
        for _ in 0..<(try decoder.count()) {
            let fingerprint = try decoder.text()
            state.changes[fingerprint] = try decoder.times()
        }
        for _ in 0..<(try decoder.count()) {
            let receiver = try decoder.text()
            state.storms[receiver] = try decoder.storm()
        }
    }
}
