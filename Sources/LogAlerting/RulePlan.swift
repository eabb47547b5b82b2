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

    /// The rows that the rule concerns of those of `rows` that its filter matches, as far as `contribution` finds no further reason.
    func concerned(
        _ rows: UInt64, _ reader: BatchReader, _ inputs: inout RecordInputs
    ) -> UInt64 {
        switch source {
        case .request, .outcome: return rows & inputs.requests(reader).all
        case .ranked, .number:
            let values = inputs.numbers(input, of: rows, reader)
            var result = rows
            var rest = rows
            while rest != 0 {
                let row = rest.trailingZeroBitCount
                rest &= rest &- 1
                let value = values[row]
                if source == .ranked ? value.isNaN : !value.isFinite {
                    result &= ~(1 << UInt64(row))
                }
            }
            return result
        case .ratio:
            return inputs.matching(second, among: rows, reader)
                | inputs.matching(input, among: rows, reader)
        case .record, .value, .firstSeen, .expression: return rows
        }
    }

    /// Calls `body` with each row of `rows` that adds something, all of them `concerned`, and with what it adds. Further operations
    /// are appended to `further`.
    @inline(__always)
    func contribute(
        _ rows: UInt64, _ reader: BatchReader, _ inputs: inout RecordInputs,
        _ further: inout Vector<SlotOperation>, _ body: (Int, Contribution) -> Void
    ) {
        switch source {
        case .record, .request: Self.forEach(rows) { body($0, Contribution()) }
        case .outcome:
            let failed = inputs.requests(reader).failed
            Self.forEach(rows) { row in
                let isFailed = UInt32(truncatingIfNeeded: failed >> UInt64(row) & 1)
                body(row, Contribution(counters: 1 | isFailed << 1))
            }
        case .ranked:
            let values = inputs.numbers(input, of: rows, reader)
            Self.forEach(rows) { row in
                let operation = SlotOperation(
                    kind: .sample, word: word, bits: values[row].bitPattern)
                body(row, Contribution(counters: rank(values[row]), operation: operation))
            }
        case .number:
            let values = inputs.numbers(input, of: rows, reader)
            Self.forEach(rows) { row in
                let bits = values[row].bitPattern
                body(
                    row,
                    Contribution(
                        operation: SlotOperation(kind: operation, word: word, bits: bits)))
            }
        case .ratio:
            let whole = inputs.matching(second, among: rows, reader)
            let part = inputs.matching(input, among: rows, reader)
            Self.forEach(rows) { row in
                let isWhole = UInt32(truncatingIfNeeded: whole >> UInt64(row) & 1)
                let isPart = UInt32(truncatingIfNeeded: part >> UInt64(row) & 1)
                body(row, Contribution(counters: isWhole | isPart << 1))
            }
        case .value, .firstSeen, .expression:
            var rest = rows
            while rest != 0 {
                let row = rest.trailingZeroBitCount
                rest &= rest &- 1
                if let more = contribution(row, reader, &inputs, &further) { body(row, more) }
            }
        }
    }

    @inline(__always)
    private static func forEach(_ rows: UInt64, _ body: (Int) -> Void) {
        var rest = rows
        while rest != 0 {
            body(rest.trailingZeroBitCount)
            rest &= rest &- 1
        }
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
    private func contribution(
        _ row: Int, _ reader: BatchReader, _ inputs: inout RecordInputs,
        _ further: inout Vector<SlotOperation>
    ) -> Contribution? {
        var result = Contribution()
        switch source {
        case .value:
            guard let hash = hash(input, row, reader, &inputs) else { return nil }
            result.operation = SlotOperation(kind: .insert, word: word, bits: hash)
        case .firstSeen:
            guard let hash = hash(input, row, reader, &inputs) else { return nil }
            let group = inputs.key(second, row, reader)
            result.group = StableHash.hash(group)
            result.operation.bits = StableHash.hash(group, seed: hash ^ 0x5851_F42D_4C95_7F2D)
        default: contributeParts(row, reader, &inputs, &result, &further)
        }
        return result
    }

    /// The hash of a field's value, nil when it has none.
    private func hash(
        _ key: Int32, _ row: Int, _ reader: BatchReader, _ inputs: inout RecordInputs
    ) -> UInt64? {
        let text = inputs.key(key, row, reader)
        return text.isEmpty ? nil : StableHash.hash(text)
    }

    private func contributeParts(
        _ row: Int, _ reader: BatchReader, _ inputs: inout RecordInputs,
        _ contribution: inout Contribution, _ further: inout Vector<SlotOperation>
    ) {
        guard let parts else { return }
        contribution.furtherStart = Int32(further.count)
        for index in 0..<partCount {
            let part = parts[index]
            if part.filter >= 0, !inputs.matches(part.filter, row, reader) { continue }
            if part.operation != .none {
                let bits: UInt64
                if part.operation == .insert {
                    guard let hash = hash(part.input, row, reader, &inputs) else { continue }
                    bits = hash
                } else {
                    let value = inputs.number(part.input, row, reader)
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
