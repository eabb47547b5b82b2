internal import CLogKernels

/// Where a text of a field stands in a table of those that came lately.
///
/// The same place in the same generation is the same text; another text that takes the place begins a new generation.
struct TextPlace: BitwiseCopyable, Equatable {
    let index: Int32
    let generation: UInt32

    /// The place of what is not there.
    static var absent: Self { Self(index: 0, generation: WEIR_TEXT_ABSENT) }
    /// Instead of a place: the text is not in the table, and has to be looked at.
    static var none: Self { Self(index: 0, generation: WEIR_TEXT_NONE) }
}

/// The texts that came lately in one field, each at a place of its own in a table of fixed size.
///
/// Levels, services, endpoints and status codes have few values. Whoever knows something of a value (its group, its series, the
/// filters that it meets) keeps that by the value's place (`PlaceMap`) and need not look at its bytes again.
///
///     place 0            there is no such field
///     places 1…4096      texts of at most 8 bytes
///     places 4097…8192   texts of at most 32 bytes
///
/// A text has two places to choose from, in a pair that its bytes say. Where most texts are new, as with identifiers, the table
/// is given up.
struct TextPlaces: ~Copyable {
    /// All places.
    static var count: Int { WEIR_TEXT_PLACES }

    private static var shorts: Int { 2 * WEIR_SHORT_PAIRS }
    private static var mediums: Int { 2 * WEIR_MEDIUM_PAIRS }
    /// After so many looks it is decided whether remembering is worth it.
    private static var trial: UInt32 { 4_096 }

    private var table: weir_text_table
    /// Whether texts are remembered.
    private(set) var remembers = true

    init() {
        table = weir_text_table(
            shorts: .allocate(capacity: Self.shorts), mediums: .allocate(capacity: Self.mediums),
            looks: 0, misses: 0)
        table.shorts.initialize(repeating: weir_short_text(), count: Self.shorts)
        table.mediums.initialize(repeating: weir_medium_text(), count: Self.mediums)
    }

    deinit {
        table.shorts.deallocate()
        table.mediums.deallocate()
    }

    /// Finds the places of the texts of the records `rows` that `view` shows.
    mutating func find(
        _ rows: UInt64, _ view: inout weir_field_view, _ places: UnsafeMutablePointer<TextPlace>
    ) {
        weir_find_texts(
            &view, &table, rows,
            UnsafeMutableRawPointer(places).assumingMemoryBound(to: weir_text_place.self))
        guard table.looks >= Self.trial else { return }
        remembers = table.misses <= table.looks / 2
        table.looks = 0
        table.misses = 0
    }
}

/// What somebody knows of the texts of one field, by their places.
struct PlaceMap<Value: BitwiseCopyable>: ~Copyable {
    private struct Entry: BitwiseCopyable {
        var generation: UInt32
        var value: Value
    }

    private let entries: UnsafeMutablePointer<Entry>

    /// A map that knows nothing; `value` is any.
    init(_ value: Value) {
        entries = .allocate(capacity: TextPlaces.count)
        entries.initialize(
            repeating: Entry(generation: 0, value: value), count: TextPlaces.count)
    }

    deinit { entries.deallocate() }

    /// What is known of the text at `place`; nil where nothing is.
    @inline(__always)
    func value(at place: TextPlace) -> Value? {
        let entry = entries + Int(place.index)
        return entry.pointee.generation == place.generation ? entry.pointee.value : nil
    }

    /// Notes what is known of the text at `place`, if it has one.
    func set(_ value: Value, at place: TextPlace) {
        if place == .none { return }
        entries[Int(place.index)] = Entry(generation: place.generation, value: value)
    }

    /// Forgets everything.
    func removeAll() {
        for index in 0..<TextPlaces.count { entries[index].generation = 0 }
    }
}
