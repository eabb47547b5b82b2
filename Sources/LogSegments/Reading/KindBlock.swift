internal import LogBytes
internal import LogQuery
internal import LogRecords

/// The rows of a cold block by their kinds: a row for each kind, which weighs as much as there are rows of it. How often a level or
/// an endpoint occurs is then known without a look at the rows.
final class KindBlock: WeightedBlock {
    private let base: SegmentBlock
    private let columns: [String: Column]
    let weights: [Int]

    /// The kinds of `base` by the values of `fields`; nil where something else than the kind of a row says one of them.
    init?(_ base: SegmentBlock, _ fields: Set<String>) throws {
        let layout = try base.layout()
        guard let kinds = layout.kinds, let counts = kinds.counts else { return nil }
        let occurring = counts.indices.filter { counts[$0] > 0 }
        var columns: [String: Column] = [:]
        for field in fields where field != "_class" {
            guard let column = try Self.column(field, base, layout, kinds, occurring) else {
                return nil
            }
            columns[field] = column
        }
        self.base = base
        self.columns = columns
        weights = occurring.map { counts[$0] }
    }

    /// The values of a field of the kinds `occurring`: value 0 is empty.
    private static func column(
        _ name: String, _ base: SegmentBlock, _ layout: BlockLayout, _ kinds: StoredKinds,
        _ occurring: [Int]
    ) throws -> Column? {
        let sources = base.sources(name, isUsed: layout.isUsed)
        if sources.used.contains(-2) { return nil }
        var parts: [Column] = [.constant([], rowCount: 1)]
        var count = 1
        // For each source the number of each kind's value among all.
        var numbers: [[UInt32]] = []
        for source in sources.columns {
            let present = kinds.present(hasColumn: base.hasColumn(source.column))
            guard let bytes = try base.columnBytes(source.column, where: \.isByKind) else {
                return nil
            }
            let (values, ofPresent) = try base.reader.valuesOfKinds(bytes, kinds: present.count)
            parts.append(base.resolve(values, source))
            var ofKinds = [UInt32](repeating: 0, count: kinds.shapes.count)
            for (kind, number) in zip(present, ofPresent) {
                ofKinds[kind] = UInt32(count + values.valueNumber(row: Int(number)))
            }
            numbers.append(ofKinds)
            count += values.valueCount
        }
        let codes = occurring.map { kind -> UInt32 in
            let source = sources.ofShape[kinds.shapes[kind]]
            return source < 0 ? 0 : numbers[source][kind]
        }
        return .joined(parts, codes: codes)
    }

    var rowCount: Int { weights.count }
    var timeBounds: (first: Int64, last: Int64) { base.timeBounds }
    var className: String { base.className }

    func column(_ name: String) throws -> Column {
        columns[name] ?? .constant([], rowCount: rowCount)
    }

    func fieldNames() throws -> [String] { Array(columns.keys) }

    // Nobody asks a row of these that stands for many.

    func times() throws -> [Int64] { preconditionFailure("BUG: a kind of rows has no time") }

    func sequences() throws -> [UInt64] {
        preconditionFailure("BUG: a kind of rows has no sequence number")
    }

    func lineFormat(row: Int) throws -> LineFormat {
        preconditionFailure("BUG: a kind of rows has no line")
    }

    func appendLine(row: Int, into out: inout ByteWriter) throws {
        preconditionFailure("BUG: a kind of rows has no line")
    }
}
