internal import CLogKernels
internal import LogBytes
internal import LogQuery
internal import LogRecords

/// The conditions that terms of filters make on one field, and which terms each of the values that came lately leaves.
///
/// A set of terms is words of bits, one bit a term. What is known of a value stands under its place (`TextPlaces`): status codes,
/// levels, events, services and endpoints have few values. Of one that has no place only conditions that still matter are asked.
struct FieldConditions: ~Copyable {
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

    let name: String
    /// Its number in the columns.
    let field: Int
    private var conditions: [Condition] = []
    private var words = 1
    /// For each condition the terms that it is no part of: what is left when it fails.
    private var leftovers = Vector<UInt64>(capacity: 4)
    /// The places whose masks are known.
    private var known = PlaceMap<Void>(())
    /// For each place the terms that its value leaves.
    private var masks = Vector<UInt64>(capacity: 1)

    init(name: String, field: Int) {
        self.name = name
        self.field = field
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
        for _ in 0..<TextPlaces.count * words { masks.append(0) }
        known.removeAll()
    }

    /// Takes out of the candidates of each of the records `rows` of a block, sets one behind the other, the terms whose condition it
    /// does not meet. Returns those that have some left.
    func narrow(
        _ candidates: UnsafeMutablePointer<UInt64>, _ rows: UInt64, _ block: Int,
        _ columns: UnsafeMutablePointer<FieldColumnsCore>, _ reader: BatchReader
    ) -> UInt64 {
        let places = columns.pointee.places(field, block, rows, reader)
        let first = block * FieldColumnsCore.blockRows
        let masks = masks.base
        let words = words
        var result: UInt64 = 0
        var rest = rows
        while rest != 0 {
            let row = rest.trailingZeroBitCount
            rest &= rest &- 1
            let place = places[row]
            let left = candidates + row * words
            var any: UInt64 = 0
            if known.value(at: place) != nil || learn(place, first + row, columns, reader) {
                let mask = masks + Int(place.index) * words
                any = left[0] & mask[0]
                left[0] = any
                // Most sets have one word.
                if words > 1 {
                    for word in 1..<words {
                        left[word] &= mask[word]
                        any |= left[word]
                    }
                }
            } else {
                ask(left, first + row, columns.pointee.slot(field, first + row, reader), reader)
                for word in 0..<words { any |= left[word] }
            }
            result |= (any != 0 ? 1 : 0) << UInt64(row)
        }
        return result
    }

    /// Takes out of `candidates` the terms whose condition a record without the field, as `row` is, does not meet.
    func narrowWithout(
        _ candidates: UnsafeMutablePointer<UInt64>, _ row: Int, _ reader: BatchReader
    ) { ask(candidates, row, -1, reader) }

    /// Finds out what the value of record `row` leaves; false where it has no place to keep it under.
    @inline(never)
    private func learn(
        _ place: TextPlace, _ row: Int, _ columns: UnsafeMutablePointer<FieldColumnsCore>,
        _ reader: BatchReader
    ) -> Bool {
        if place == .none { return false }
        let mask = masks.base + Int(place.index) * words
        for word in 0..<words { mask[word] = ~0 }
        ask(mask, row, columns.pointee.slot(field, row, reader), reader)
        known.set((), at: place)
        return true
    }

    /// Takes out of `candidates` what record `row` does not meet, asking only where something is left to take out.
    @inline(never)
    private func ask(
        _ candidates: UnsafeMutablePointer<UInt64>, _ row: Int, _ slot: Int32,
        _ reader: BatchReader
    ) {
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
    }
}
