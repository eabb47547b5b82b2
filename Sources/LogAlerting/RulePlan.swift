internal import LogBytes
internal import LogMetrics
internal import LogRecords

/// What becomes of a value in a slot.
struct SlotOperation: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        case none, sum, minimum, maximum, last, sample, insert
    }

    var kind = Kind.none
    /// The first word of the lane.
    var word: UInt32 = 0
    /// The value's bits, or its hash.
    var bits: UInt64 = 0

    var value: Double { Double(bitPattern: bits) }
}

/// What one record adds to a rule's window.
struct Contribution: BitwiseCopyable {
    /// The counters that count it, one bit each.
    var counters: UInt32 = 1
    var operation = SlotOperation()
    /// For first-seen values the hash of the group that they are seen in.
    var group: UInt64 = 0
    /// Further operations, in the list that goes with it.
    var furtherStart: Int32 = 0
    var furtherCount: Int32 = 0
}

/// What the loop over records needs of a rule.
struct RulePlan: BitwiseCopyable {
    /// What a record is asked for.
    enum Source: UInt8, BitwiseCopyable {
        /// Nothing more: it counts.
        case record
        /// Whether it is a request.
        case request
        /// Whether it is a request, and whether that failed.
        case outcome
        /// A number, and how it compares with the thresholds.
        case ranked
        /// A number.
        case number
        /// A value.
        case value
        /// A value, and the group that it is seen in.
        case firstSeen
        /// Whether it matches one of two filters.
        case ratio
        /// What the parts of an expression ask for.
        case expression
    }

    /// One aggregate of an expression.
    struct Part: BitwiseCopyable {
        let filter: Int32
        /// A number or a value, −1 for none.
        let input: Int32
        let counter: UInt32
        let operation: SlotOperation.Kind
        let word: UInt32
    }

    /// A threshold that a number is compared with.
    struct Bound: BitwiseCopyable {
        let comparison: Comparison
        let threshold: Double
    }

    var source = Source.record
    var operation = SlotOperation.Kind.none
    var word: UInt32 = 0
    /// The filter, −1 for none.
    var filter: Int32 = -1
    /// The group key.
    var key: Int32 = 0
    /// The number of a field, or the key that is its value alone; for ratios the filter of the part.
    var input: Int32 = -1
    /// For ratios the filter of the whole, for first-seen values the key of the group.
    var second: Int32 = -1
    var bounds: UnsafeMutablePointer<Bound>?
    var boundCount = 0
    var parts: UnsafeMutablePointer<Part>?
    var partCount = 0

    /// The filters of which a record matches one when it concerns the rule; nil when there are none.
    var filters: [Int32]? {
        if filter >= 0 { return [filter] }
        return source == .ratio ? [input, second] : nil
    }

    /// Whether a record concerns the rule, and what it adds. Further operations are appended to `further`.
    @inline(__always)
    func contribute(
        _ record: Record, _ reader: BatchReader, _ inputs: inout RecordInputs,
        _ contribution: inout Contribution, _ further: inout Vector<SlotOperation>
    ) -> Bool {
        switch source {
        case .record: break
        case .request:
            guard inputs.request(record, reader).is else { return false }
        case .outcome:
            let request = inputs.request(record, reader)
            guard request.is else { return false }
            contribution.counters = request.failed ? 3 : 1
        case .ranked:
            let value = inputs.number(input, record, reader)
            guard !value.isNaN else { return false }
            contribution.counters = rank(value)
            contribution.operation = SlotOperation(
                kind: .sample, word: word, bits: value.bitPattern)
        case .number:
            let value = inputs.number(input, record, reader)
            guard value.isFinite else { return false }
            contribution.operation = SlotOperation(
                kind: operation, word: word, bits: value.bitPattern)
        default:
            return contributeMore(record, reader, &inputs, &contribution, &further)
        }
        return filter < 0 || inputs.matches(filter, record, reader)
    }

    @inline(__always)
    private func rank(_ value: Double) -> UInt32 {
        guard let bounds else { return 1 }
        var mask: UInt32 = 1
        for index in 0..<boundCount
        where bounds[index].comparison.holds(value, bounds[index].threshold) {
            mask |= 2 << UInt32(index)
        }
        return mask
    }

    @inline(never)
    private func contributeMore(
        _ record: Record, _ reader: BatchReader, _ inputs: inout RecordInputs,
        _ contribution: inout Contribution, _ further: inout Vector<SlotOperation>
    ) -> Bool {
        if filter >= 0, !inputs.matches(filter, record, reader) { return false }
        switch source {
        case .value:
            guard let hash = hash(input, record, reader, &inputs) else { return false }
            contribution.operation = SlotOperation(kind: .insert, word: word, bits: hash)
        case .firstSeen:
            guard let hash = hash(input, record, reader, &inputs) else { return false }
            let group = inputs.key(second, record, reader).view
            contribution.group = StableHash.hash(group)
            contribution.operation.bits = StableHash.hash(
                group, seed: hash ^ 0x5851_F42D_4C95_7F2D)
        case .ratio:
            let isWhole = inputs.matches(second, record, reader)
            let isPart = inputs.matches(input, record, reader)
            contribution.counters = (isWhole ? 1 : 0) | (isPart ? 2 : 0)
            return contribution.counters != 0
        case .expression:
            contributeParts(record, reader, &inputs, &contribution, &further)
        default: break
        }
        return true
    }

    /// The hash of a field's value, nil when it has none.
    private func hash(
        _ key: Int32, _ record: Record, _ reader: BatchReader, _ inputs: inout RecordInputs
    ) -> UInt64? {
        let text = inputs.key(key, record, reader).view
        return text.isEmpty ? nil : StableHash.hash(text)
    }

    private func contributeParts(
        _ record: Record, _ reader: BatchReader, _ inputs: inout RecordInputs,
        _ contribution: inout Contribution, _ further: inout Vector<SlotOperation>
    ) {
        guard let parts else { return }
        contribution.furtherStart = Int32(further.count)
        for index in 0..<partCount {
            let part = parts[index]
            if part.filter >= 0, !inputs.matches(part.filter, record, reader) { continue }
            if part.operation != .none {
                let bits: UInt64
                if part.operation == .insert {
                    guard let hash = hash(part.input, record, reader, &inputs) else { continue }
                    bits = hash
                } else {
                    let value = inputs.number(part.input, record, reader)
                    guard value.isFinite else { continue }
                    bits = value.bitPattern
                }
                further.append(
                    SlotOperation(kind: part.operation, word: part.word, bits: bits))
            }
            contribution.counters |= part.counter
        }
        contribution.furtherCount = Int32(further.count) - contribution.furtherStart
    }

    /// Frees what the plan owns.
    func destroy() {
        bounds?.deallocate()
        parts?.deallocate()
    }
}
