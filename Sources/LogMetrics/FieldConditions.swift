internal import CLogKernels
internal import LogBytes
internal import LogQuery
internal import LogRecords

/// The conditions that terms of filters make on one field, and which terms each of the values that came lately leaves.
///
/// A set of terms is words of bits, one bit a term. What is known of values stands in a table of fixed size,
/// for values of at most 32 bytes: status codes, levels, events, services and endpoints have few values, and looking one up
/// costs less than comparing numbers or words again. Where most values are new, as those of durations, the table is given up,
/// and only conditions that still matter are asked.
struct FieldConditions: ~Copyable {
    private static var entryCount: Int { 1_024 }
    /// A value stands at its place or behind it, at most so far.
    private static var probesMax: Int { 8 }
    /// After so many looks it is decided whether remembering is worth it.
    private static var trial: UInt32 { 4_096 }

    /// A part of terms that looks at this field alone.
    private struct Condition {
        let filter: Filter
        let matcher: RecordFilter
        /// The terms that it is a part of.
        var askers: [Int]
        /// Where the condition is on numbers: plain ones meet it when, times the scale, they lie within the bounds.
        let numbers: (bounds: ClosedRange<Double>?, scale: Double)?

        init(_ filter: Filter, asker: Int) {
            self.filter = filter
            matcher = RecordFilter(filter)
            askers = [asker]
            if case .leaf(_, let predicate) = filter {
                numbers = predicate.matcher.numberTest
            } else {
                numbers = nil
            }
        }

        @inline(__always)
        func matches(_ row: Int, number: Double, _ reader: BatchReader) -> Bool {
            if let numbers, !number.isNaN {
                return numbers.bounds?.contains(number * numbers.scale) ?? false
            }
            return reader.owner._withUnsafeGuaranteedRef { matcher.matches(reader[row], in: $0) }
        }
    }

    private struct Entry: BitwiseCopyable {
        var value: MediumText
        var isKnown: Bool
    }

    /// A value of at most eight bytes, its entry, and the first word of what it leaves.
    private struct Short: BitwiseCopyable {
        var bytes: UInt64
        var count: Int32
        var entry: Int32
        var mask: UInt64
    }

    private static var shortCount: Int { 64 }

    let name: String
    private var conditions: [Condition] = []
    private var words = 1
    /// For each condition the terms that it is no part of: what is left when it fails.
    private var leftovers = Vector<UInt64>(capacity: 4)
    private let entries: UnsafeMutablePointer<Entry>
    private let shorts: UnsafeMutablePointer<Short>
    /// For each entry the terms that its value leaves; behind those, the ones that lines without the field leave.
    private var masks = Vector<UInt64>(capacity: 1)
    private var knowsAbsence = false
    private var looks: UInt32 = 0
    private var misses: UInt32 = 0
    /// Whether most values are new, so that none are remembered.
    private var isVaried = false

    init(name: String) {
        self.name = name
        entries = .allocate(capacity: Self.entryCount)
        entries.initialize(
            repeating: Entry(value: .empty, isKnown: false), count: Self.entryCount)
        shorts = .allocate(capacity: Self.shortCount)
        forgetShorts()
    }

    deinit {
        entries.deallocate()
        shorts.deallocate()
    }

    /// Says that `filter`, which looks at this field alone, is a part of term `asker`.
    mutating func add(_ filter: Filter, for asker: Int) {
        if let known = conditions.firstIndex(where: { $0.filter == filter }) {
            conditions[known].askers.append(asker)
        } else {
            conditions.append(Condition(filter, asker: asker))
        }
    }

    /// How many parts of terms it has.
    var askerCount: Int { conditions.reduce(0) { $0 + $1.askers.count } }

    /// Call when all conditions are known; sets of terms have `words` words.
    mutating func freeze(words: Int) {
        self.words = words
        leftovers.removeAll()
        for condition in conditions {
            let first = leftovers.count
            for _ in 0..<words { leftovers.append(~0) }
            for asker in condition.askers {
                leftovers[first + asker >> 6] &= ~(1 << UInt64(asker & 63))
            }
        }
        masks.removeAll()
        for _ in 0..<(Self.entryCount + 1) * words { masks.append(0) }
        for index in 0..<Self.entryCount { entries[index].isKnown = false }
        forgetShorts()
        knowsAbsence = false
    }

    /// Takes out of `candidates` the terms whose condition record `row` does not meet, and says whether any is left, as a number that is
    /// 0 if not; `slot` is where the field stands in it, −1 for nowhere.
    @inline(__always)
    mutating func narrow(
        _ candidates: UnsafeMutablePointer<UInt64>, _ row: Int, slot: Int32,
        _ reader: BatchReader
    ) -> UInt64 {
        var entry = Self.entryCount
        if slot >= 0 {
            guard !isVaried, let text = reader.plainText(row, slot),
                text.count <= MediumText.bytesMax
            else { return ask(candidates, row, slot, reader) }
            entry = place(of: text, row, slot, reader)
        } else if !knowsAbsence {
            learn(entry, row, slot, reader)
            knowsAbsence = true
        }
        let mask = masks.base + entry * words
        var left: UInt64 = 0
        for word in 0..<words {
            candidates[word] &= mask[word]
            left |= candidates[word]
        }
        return left
    }

    /// What is left of `candidates`, a set of one word, when those terms are taken out whose condition record `row` does not meet;
    /// `slot` is where the field stands in it, not −1.
    @inline(__always)
    mutating func narrowed(
        _ candidates: UInt64, _ row: Int, slot: Int32, _ reader: BatchReader
    ) -> UInt64 {
        guard !isVaried, let text = reader.plainText(row, slot) else {
            return asked(candidates, row, slot, reader)
        }
        if text.count <= 8 {
            looks &+= 1
            return candidates & short(text, row, slot, reader).pointee.mask
        }
        guard text.count <= MediumText.bytesMax else {
            return asked(candidates, row, slot, reader)
        }
        looks &+= 1
        return candidates & masks[place(of: MediumText(readable: text), row, slot, reader)]
    }

    @inline(never)
    private func asked(
        _ candidates: UInt64, _ row: Int, _ slot: Int32, _ reader: BatchReader
    ) -> UInt64 {
        var left = candidates
        return ask(&left, row, slot, reader)
    }

    /// Where the value `text` stands, found out if nothing is known of it.
    @inline(__always)
    private mutating func place(
        of text: ByteView, _ row: Int, _ slot: Int32, _ reader: BatchReader
    ) -> Int {
        looks &+= 1
        return text.count <= 8
            ? Int(short(text, row, slot, reader).pointee.entry)
            : place(of: MediumText(readable: text), row, slot, reader)
    }

    /// What is known of a value of at most eight bytes, found out if nothing is. Numbers and levels are words of the processor.
    @inline(__always)
    private mutating func short(
        _ text: ByteView, _ row: Int, _ slot: Int32, _ reader: BatchReader
    ) -> UnsafeMutablePointer<Short> {
        let count = text.count
        let bytes = UnsafeRawPointer(text.start).loadUnaligned(as: UInt64.self)
        let key = count == 8 ? bytes : bytes & ~(~0 &<< UInt64(truncatingIfNeeded: count * 8))
        let short = shorts + Int((key &* 0x9E37_79B9_7F4A_7C15) >> 58)
        if short.pointee.bytes != key || Int(short.pointee.count) != count {
            let entry = place(of: MediumText(readable: text), row, slot, reader)
            short.pointee = Short(
                bytes: key, count: Int32(count), entry: Int32(entry), mask: masks[entry * words])
        }
        return short
    }

    @inline(never)
    private mutating func place(
        of value: MediumText, _ row: Int, _ slot: Int32, _ reader: BatchReader
    ) -> Int {
        let entry = place(of: value)
        return entry >= 0 ? entry : learn(value, row, slot, reader)
    }

    /// Where `value` stands, −1 when nothing is known of it.
    @inline(__always)
    private func place(of value: MediumText) -> Int {
        var entry = value.place & (Self.entryCount - 1)
        for _ in 0..<Self.probesMax {
            if !entries[entry].isKnown { return -1 }
            if entries[entry].value == value { return entry }
            entry = (entry + 1) & (Self.entryCount - 1)
        }
        return -1
    }

    /// Finds out what `value`, of which nothing is known, leaves; where it stands then. Where there is no room, one that is known
    /// makes it.
    @inline(never)
    private mutating func learn(
        _ value: MediumText, _ row: Int, _ slot: Int32, _ reader: BatchReader
    ) -> Int {
        let first = value.place & (Self.entryCount - 1)
        var entry = first
        for step in 0..<Self.probesMax {
            let next = (first + step) & (Self.entryCount - 1)
            if !entries[next].isKnown {
                entry = next
                break
            }
        }
        learn(entry, row, slot, reader)
        // What makes room may be known as a short value, too.
        if entries[entry].isKnown { forgetShorts() }
        entries[entry] = Entry(value: value, isKnown: true)
        return entry
    }

    /// Finds out what the value of record `row` leaves.
    private mutating func learn(
        _ entry: Int, _ row: Int, _ slot: Int32, _ reader: BatchReader
    ) {
        let mask = masks.base + entry * words
        for word in 0..<words { mask[word] = ~0 }
        _ = ask(mask, row, slot, reader)
        misses &+= 1
        guard looks >= Self.trial else { return }
        isVaried = misses > looks / 2
        looks = 0
        misses = 0
    }

    /// Takes out of `candidates` what record `row` does not meet, asking only where something is left to take out.
    @inline(never)
    private func ask(
        _ candidates: UnsafeMutablePointer<UInt64>, _ row: Int, _ slot: Int32,
        _ reader: BatchReader
    ) -> UInt64 {
        var number = Double.nan
        if slot >= 0, let text = reader.plainText(row, slot),
            weir_short_decimal(text.start, text.count, &number) == 0
        {
            number = .nan
        }
        for index in conditions.indices {
            let left = leftovers.base + index * words
            var concerned: UInt64 = 0
            for word in 0..<words { concerned |= candidates[word] & ~left[word] }
            if concerned == 0 || conditions[index].matches(row, number: number, reader) {
                continue
            }
            for word in 0..<words { candidates[word] &= left[word] }
        }
        return (0..<words).reduce(0) { $0 | candidates[$1] }
    }

    private func forgetShorts() {
        shorts.update(
            repeating: Short(bytes: 0, count: -1, entry: 0, mask: 0), count: Self.shortCount)
    }
}
