internal import CLogKernels
internal import LogBytes

/// The lines of a batch whose shapes are not known, as the loose walk has left them.
///
/// Such a line has the number of a loose shape in its record (`isLoose`). Its values are in the batch's tape as always. A
/// `Shape` of its own is made only when somebody asks for it.
struct LooseLines: ~Copyable {
    var lines = Vector<weir_loose_line>(capacity: 1)
    var found = Vector<weir_found>(capacity: 1)
    /// The shapes that were asked for, by the number of the line.
    var shapes: [Int: Shape] = [:]

    /// Whether the shape of that number is a loose one.
    @inline(__always)
    static func isLoose(_ shape: UInt32) -> Bool { shape >= RecordBatch.looseShape }

    /// The number of the line with the loose shape `shape`.
    @inline(__always)
    static func number(_ shape: UInt32) -> Int { Int(shape - RecordBatch.looseShape) }

    mutating func removeAll() {
        lines.removeAll()
        found.removeAll()
        shapes.removeAll(keepingCapacity: true)
    }

    /// Makes room for `count` lines with the usual number of values, and one line more.
    mutating func reserve(_ count: Int, valuesUsual: Int) {
        lines.reserve(count)
        found.reserve(count * valuesUsual + Int(WEIR_LOOSE_VALUES_MAX))
    }

    /// What was found of interest in a line.
    @inline(__always)
    func found(_ line: weir_loose_line) -> UnsafeBufferPointer<weir_found> {
        UnsafeBufferPointer(
            start: UnsafePointer(found.base + Int(line.first_found)), count: Int(line.found_count))
    }
}

/// What lines with the same names of interest, in the same order, have in common.
final class LooseMeaning {
    /// The names by their number in the table, times two, and one more for those whose value is no string.
    fileprivate let names: Vector<Int32>
    let time: Int32
    let level: Int32
    /// The slots of the registered names, in the same way; −1 where there is none.
    let registered: [Int32]

    init(names: [Int32], table: borrowing NameTable, meanings: PathMeanings) {
        var own = Vector<Int32>(capacity: names.count)
        for name in names { own.append(name) }
        self.names = own
        var fields: [ShapeField] = []
        fields.reserveCapacity(names.count)
        for name in names {
            fields.append(
                ShapeField(
                    path: table.paths[Int(name >> 1)], kind: name & 1 == 1 ? .token : .string)
            )
        }
        let canonical = CanonicalMap(
            fields: fields, inner: 0..<fields.count, format: .json, meanings: meanings)
        time = canonical[.time]?.packed ?? -1
        level = canonical[.level]?.packed ?? -1
        let inner = 0..<fields.count
        registered = table.registered.map {
            Shape.slot(named: $0, fields: fields, inner: inner, canonical: canonical)?.packed ?? -1
        }
    }
}

extension LooseMeaning {
    /// Whether it is that of lines with these names.
    @inline(__always)
    func isOf(_ found: UnsafeBufferPointer<weir_found>) -> Bool {
        guard names.count == found.count else { return false }
        for index in found.indices
        where names[index] != found[index].number << 1 | Int32(found[index].is_token) {
            return false
        }
        return true
    }
}

/// The meanings of the lines that a table has seen, by their names of interest.
struct LooseMeanings: ~Copyable {
    /// What owns the meanings.
    private var owned: [LooseMeaning] = []
    /// Their numbers by hash, open addressing; −1 for an empty place.
    private var places = LooseMeanings.emptyPlaces()
    private var hashes = Vector<UInt32>(capacity: 64)
    private var pointers = Vector<Unmanaged<LooseMeaning>>(capacity: 64)

    /// So many are remembered; further ones are made for each line.
    private static let countMax = 1 << 12

    private static func emptyPlaces() -> Vector<Int32> {
        var places = Vector<Int32>(capacity: countMax * 4)
        places.base.initialize(repeating: -1, count: countMax * 4)
        places.advance(countMax * 4)
        return places
    }

    /// The meaning of a line in which `found` is of interest, when such a line came before; `hash` is its hash. Valid as long
    /// as this.
    @inline(__always)
    func known(_ found: UnsafeBufferPointer<weir_found>, hash: UInt32) -> Unmanaged<LooseMeaning>? {
        var place = Int(hash) & (places.count - 1)
        while places[place] >= 0 {
            let number = Int(places[place])
            if hashes[number] == hash,
                pointers[number]._withUnsafeGuaranteedRef({ $0.isOf(found) })
            {
                return pointers[number]
            }
            place = (place + 1) & (places.count - 1)
        }
        return nil
    }

    /// As `known`, for a line of which there was none before.
    mutating func make(
        _ found: UnsafeBufferPointer<weir_found>, hash: UInt32, table: borrowing NameTable,
        meanings: PathMeanings
    ) -> Unmanaged<LooseMeaning> {
        let meaning = LooseMeaning(
            names: found.map { $0.number << 1 | Int32($0.is_token) }, table: table,
            meanings: meanings)
        owned.append(meaning)
        guard pointers.count < Self.countMax else { return .passUnretained(meaning) }
        var place = Int(hash) & (places.count - 1)
        while places[place] >= 0 { place = (place + 1) & (places.count - 1) }
        places[place] = Int32(pointers.count)
        hashes.append(hash)
        pointers.append(.passUnretained(meaning))
        return .passUnretained(meaning)
    }

    /// Whether so many meanings were made that the table should be replaced.
    var isLarge: Bool { owned.count > 2 * Self.countMax }
}
