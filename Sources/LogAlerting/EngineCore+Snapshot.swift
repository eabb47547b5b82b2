internal import LogBytes

/// What an engine knows, as bytes.
///
///     1 byte   version, 3
///     the clock (`EventClock.write`)
///     8 bytes  late records
///     varint   rules, and for each: varint length and identity, varint length and state (`RuleState.write`)
///     varint   records held back, and for each: zigzag time, varint parts, and for each part:
///         varint rule; varint length and key; 4 bytes counters; the operation; 8 bytes group;
///         varint further operations. An operation: 1 byte kind, varint word, 8 bytes
///
/// States belong to rules by identity, so that a reader with other rules takes what it can use.
extension EngineCore {
    private static var version: UInt8 { 3 }
    /// Parts of a held record: no reader has more rules than fit an alert file.
    private static var rulesMax: Int { 1 << 20 }

    func write(into out: inout ByteWriter, pause: (inout ByteWriter) -> Void) {
        out.append(Self.version)
        clock.write(into: &out)
        out.append(fixed: late)
        out.append(length: ruleCount)
        var state = ByteWriter(capacity: 1_024)
        for (index, identity) in identities.enumerated() {
            out.append(length: identity.utf8.count)
            out.append(identity)
            state.removeAll()
            rules[index].write(into: &state)
            out.append(lengthPrefixed: state.view)
            pause(&out)
        }
        out.append(length: held.count)
        for record in held {
            out.append(zigzag: record.time)
            out.append(length: record.parts.count)
            for part in record.parts { Self.write(part, into: &out) }
        }
    }

    private static func write(_ part: HeldRecord.Part, into out: inout ByteWriter) {
        out.append(length: part.rule)
        part.key.withView { out.append(lengthPrefixed: $0) }
        out.append(fixed: part.contribution.counters)
        write(part.contribution.operation, into: &out)
        out.append(fixed: part.contribution.group)
        out.append(length: part.further.count)
        for operation in part.further { write(operation, into: &out) }
    }

    private static func write(_ operation: SlotOperation, into out: inout ByteWriter) {
        out.append(operation.kind.rawValue)
        out.append(varint: UInt64(operation.word))
        out.append(fixed: operation.bits)
    }

    /// The identities of the rules, told apart where several are the same.
    var identities: [String] {
        var seen: [String: Int] = [:]
        return (0..<ruleCount).map { index in
            let identity = rules[index].rule.identity
            let count = seen[identity, default: 0]
            seen[identity] = count + 1
            return count == 0 ? identity : identity + "\u{1F}#\(count)"
        }
    }

    // MARK: Reading

    /// Takes over what `write` wrote, as far as it is about rules of this engine, which has seen nothing. After an error the
    /// engine is of no use.
    mutating func read(_ reader: inout ByteReader) throws(MalformedBytes) {
        let version = try reader.fixed(UInt8.self, "the version of the rules' state")
        // Version 2 knew nothing of records without times, and said of all groups when they began.
        guard (2...Self.version).contains(version) else {
            throw reader.malformed("the version of the rules' state")
        }
        try clock.read(&reader)
        late = try reader.fixed(UInt64.self, "late records")
        let count = try reader.length(atMost: Self.rulesMax, "rules")
        var places: [String: Int] = [:]
        for (index, identity) in identities.enumerated() { places[identity] = index }
        var numbers: [Int] = []
        for _ in 0..<count {
            let identity = try reader.lengthPrefixed("a rule's identity")
            var state = ByteReader(try reader.lengthPrefixed("a rule's state"))
            // The same rule twice is damage, too: its state would be read into one that is not empty.
            let place = places.removeValue(forKey: identity.text) ?? -1
            numbers.append(place)
            guard place >= 0 else { continue }
            try rules[place].read(&state, version: version)
            guard state.remaining == 0 else { throw state.malformed("the end of a rule's state") }
        }
        let heldCount = try reader.length(atMost: clock.heldCount, "records held back")
        guard heldCount == clock.heldCount else { throw reader.malformed("records held back") }
        for _ in 0..<heldCount { held.append(try readHeld(&reader, numbers)) }
        findDue()
    }

    private func readHeld(
        _ reader: inout ByteReader, _ numbers: [Int]
    ) throws(MalformedBytes) -> HeldRecord {
        var record = HeldRecord(time: try EventClock.time(&reader), parts: [])
        for _ in 0..<(try reader.length(atMost: numbers.count, "parts of a record")) {
            let rule = try reader.length(atMost: numbers.count - 1, "a rule")
            let key = Array(try reader.lengthPrefixed("a group's key"))
            var contribution = Contribution()
            contribution.counters = try reader.fixed(UInt32.self, "counters")
            contribution.operation = try readOperation(&reader)
            contribution.group = try reader.fixed(UInt64.self, "a group's hash")
            var further: [SlotOperation] = []
            let count = try reader.length(atMost: WindowLayout.lanesMax, "operations")
            for _ in 0..<count { further.append(try readOperation(&reader)) }
            contribution.furtherCount = Int32(count)
            let place = numbers[rule]
            guard place >= 0 else { continue }
            guard rules[place].isValid(contribution, further) else {
                throw reader.malformed("what a record adds")
            }
            record.parts.append(
                HeldRecord.Part(
                    rule: place, key: key, contribution: contribution, further: further))
        }
        return record
    }

    private func readOperation(
        _ reader: inout ByteReader
    ) throws(MalformedBytes) -> SlotOperation {
        let kind = try reader.fixed(UInt8.self, "an operation")
        guard let kind = SlotOperation.Kind(rawValue: kind) else {
            throw reader.malformed("an operation")
        }
        let word = try reader.length(atMost: 1 << 16, "a lane")
        return SlotOperation(
            kind: kind, word: UInt32(word), bits: try reader.fixed(UInt64.self, "a value"))
    }
}

extension RuleState {
    /// Whether a contribution names only counters and lanes that the rule has.
    func isValid(_ contribution: Contribution, _ further: [SlotOperation]) -> Bool {
        let known = (UInt64(1) << UInt64(layout.counters)) - 1
        guard UInt64(contribution.counters) & ~known == 0 else { return false }
        return ([contribution.operation] + further).allSatisfy { operation in
            let kind: WindowLayout.LaneKind
            switch operation.kind {
            case .none: return true
            case .sum: kind = .sum
            case .minimum: kind = .minimum
            case .maximum: kind = .maximum
            case .last: kind = .last
            case .sample: kind = .samples
            case .insert: kind = .set
            }
            return (0..<layout.laneCount).contains {
                layout.lane($0).word == Int(operation.word) && layout.lane($0).kind == kind
            }
        }
    }
}
