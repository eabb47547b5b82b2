public import LogBytes
internal import LogQuery
public import LogRecords

/// What a filter said about the values it saw last, where it looks at one field only: status codes, events and levels have
/// few values, and looking one up costs less than comparing numbers or words again.
///
/// Direct-mapped, of fixed size, for values of at most 16 bytes.
@usableFromInline
struct FilterMemo: ~Copyable {
    /// 256 × 24 bytes = 6 KB a filter.
    private static var entryCount: Int { 256 }

    /// A short value: its bytes in two words, and its length.
    @usableFromInline
    struct Value: BitwiseCopyable, Equatable {
        @usableFromInline let low: UInt64
        @usableFromInline let high: UInt64
        @usableFromInline let length: UInt8

        /// The value at `slot`, which is not −1; nil when it is long, escaped or transformed.
        @inlinable @inline(__always)
        init?(_ record: Record, _ slot: Int32, _ reader: BatchReader) {
            guard let text = reader.plainText(record, slot), text.count <= 16 else { return nil }
            self.init(text)
        }

        /// The value `text` of at most 16 bytes. Loads overlap, so that none reaches beyond the text.
        @inlinable @inline(__always)
        init(_ text: ByteView) {
            let start = UnsafeRawPointer(text.start)
            let count = text.count
            length = UInt8(truncatingIfNeeded: count)
            if count >= 8 {
                low = start.loadUnaligned(as: UInt64.self)
                high = start.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
            } else if count >= 4 {
                low = UInt64(start.loadUnaligned(as: UInt32.self))
                high = UInt64(start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
            } else if count > 0 {
                low =
                    UInt64(text[0]) << 16 | UInt64(text[count >> 1]) << 8 | UInt64(text[count - 1])
                high = 0
            } else {
                low = 0
                high = 0
            }
        }

        @inlinable @inline(__always)
        var place: Int {
            var mixed = (low ^ high &* 0xD6E8_FEB8_6659_FD93) &+ UInt64(length)
            mixed = mixed &* 0x9E37_79B9_7F4A_7C15
            return Int(truncatingIfNeeded: mixed >> 56)
        }
    }

    @usableFromInline
    struct Entry: BitwiseCopyable {
        @usableFromInline var value: Value
        /// 0 free, 1 no, 2 yes.
        @usableFromInline var answer: UInt8
    }

    @usableFromInline let entries: UnsafeMutablePointer<Entry>

    init() {
        let free = Entry(value: Value.empty, answer: 0)
        entries = .allocate(capacity: Self.entryCount)
        entries.initialize(repeating: free, count: Self.entryCount)
    }

    deinit { entries.deallocate() }

    /// The one field that a filter looks at; nil when there are several or none, or one that is not in the line.
    static func field(of filter: Filter) -> String? {
        let names = filter.fieldNames
        guard names.count == 1, filter.timeRange == .all, let name = names.first,
            !name.hasPrefix("_")
        else { return nil }
        return name
    }

    @inlinable @inline(__always)
    func find(_ value: Value) -> Bool? {
        let entry = entries + value.place
        guard entry.pointee.answer != 0, entry.pointee.value == value else { return nil }
        return entry.pointee.answer == 2
    }

    @usableFromInline
    func insert(_ value: Value, _ answer: Bool) {
        entries[value.place] = Entry(value: value, answer: answer ? 2 : 1)
    }
}

extension FilterMemo.Value {
    fileprivate static var empty: Self { Self(low: 0, high: 0, length: 0) }

    private init(low: UInt64, high: UInt64, length: UInt8) {
        self.low = low
        self.high = high
        self.length = length
    }
}
