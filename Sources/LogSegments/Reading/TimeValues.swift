internal import LogBytes
internal import LogQuery
internal import LogRecords

/// The records' own times, spelled as the lines spell them.
final class TimeValues: StoredValues {
    private let times: [Int64]
    private let bytes: ByteSet
    private let spell: (_ number: Int, _ time: Int64, _ out: inout ByteWriter) -> Void

    /// `times`, nanoseconds since the epoch, written by `spell` with the bytes of `alphabet`.
    init(
        _ times: [Int64], alphabet: ByteSet,
        spell: @escaping (_ number: Int, _ time: Int64, _ out: inout ByteWriter) -> Void
    ) {
        self.times = times
        self.bytes = alphabet
        self.spell = spell
        super.init(count: times.count)
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        spell(number, times[number], &out)
    }

    override func matching(
        _ matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap? { nothing(matcher) }

    override var alphabet: ByteSet { bytes }
}
