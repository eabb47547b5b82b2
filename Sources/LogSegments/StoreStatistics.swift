public import LogQuery
internal import LogRecords
public import LogSystem

extension SegmentStore {
    /// What is stored, segment by segment; damaged segments as faults.
    ///
    /// - Parameter classes: only these; nil means all.
    public func statistics(
        classes: Set<String>? = nil
    ) -> (segments: [SegmentStatistics], faults: [ScanFault]) {
        var statistics: [SegmentStatistics] = []
        let faults = forEachSegment(of: classes) { file, reader in
            let blocks = reader.footer.blocks
            statistics.append(
                SegmentStatistics(
                    key: file.key, path: file.path, lines: reader.footer.rows,
                    blocks: blocks.count, rawBytes: reader.footer.rawBytes,
                    storedBytes: reader.storedBytes,
                    firstTime: blocks.map(\.firstTime).min() ?? 0,
                    lastTime: blocks.map(\.lastTime).max() ?? 0,
                    methods: Set(blocks.flatMap { $0.chunks.map(\.method) })
                        .sorted { $0.rawValue < $1.rawValue }.map { "\($0)" }))
        }
        return (statistics, faults)
    }

    /// Opens each segment of `classes`; those that do not open as faults.
    private func forEachSegment(
        of classes: Set<String>?, _ body: (SegmentFile, SegmentReader) -> Void
    ) -> [ScanFault] {
        var faults: [ScanFault] = []
        for file in segments where classes?.contains(file.key.className) ?? true {
            do throws(StoreError) {
                guard let reader = try reader(file) else { continue }
                body(file, reader)
            } catch {
                faults.append(Self.fault(error, file: file.path))
            }
        }
        return faults
    }

    /// Lines in the journal that are in no segment yet, and the bytes of the journal's files.
    public func journalStatistics() throws(FileError) -> (lines: Int, storedBytes: Int) {
        var lines = 0
        var bytes = 0
        var seen = SequenceSet()
        for reader in journals {
            bytes += try reader.file.size()
            for entry in reader.entries {
                for sequence in entry.header.sequences
                where !seen.contains(sequence) && !sealedLines.contains(sequence) {
                    lines += 1
                }
                seen.insert(entry.header.sequences)
            }
        }
        return (lines, bytes)
    }

    /// What each column takes, over all segments of `classes` (nil means all), the largest first; then what is no column. The
    /// stored bytes of all rows are those of the files. Nothing but footers is read.
    public func columnStatistics(
        classes: Set<String>? = nil
    ) -> (columns: [ColumnStatistics], faults: [ScanFault]) {
        var table = ColumnTable()
        let faults = forEachSegment(of: classes) { _, reader in table.add(reader) }
        return (table.rows, faults)
    }
}

/// One segment in figures.
public struct SegmentStatistics: Sendable {
    /// Its class and day.
    public let key: PartitionKey
    /// Its file.
    public let path: String
    /// The number of its lines.
    public let lines: Int
    /// The number of its blocks.
    public let blocks: Int
    /// The bytes of its lines, without newlines.
    public let rawBytes: Int
    /// The bytes of its file.
    public let storedBytes: Int
    /// The time of its earliest line.
    public let firstTime: Int64
    /// The time of its latest line.
    public let lastTime: Int64
    /// How its columns are compressed: `none`, `lz4`, ….
    public let methods: [String]
}

/// One column in figures, or something else that segments are made of.
public struct ColumnStatistics: Sendable {
    /// What a row is about.
    public enum Part: Hashable, Sendable {
        /// The values of a path; `kind` is how they are to be read (`ValueKind`).
        case column(path: String, kind: String)
        /// Lines that are stored whole.
        case wholeLines
        /// Columns beyond those that are told apart.
        case furtherColumns
        /// The number of each line's shape.
        case shapes
        /// The time of each line.
        case times
        /// The sequence number of each line.
        case sequences
        /// The footers: columns, shapes, and where everything stands.
        case footers
        /// The first and the last bytes of the files.
        case ends

        /// Whether it is values of lines.
        public var isColumn: Bool {
            switch self {
            case .column, .wholeLines, .furtherColumns: true
            case .shapes, .times, .sequences, .footers, .ends: false
            }
        }
    }

    /// What the row is about.
    public let part: Part
    /// How many chunks each codec has, by name; with `+` and the method where they are compressed further.
    public internal(set) var codecs: [String: Int] = [:]
    /// How many values there are.
    public internal(set) var values = 0
    /// The bytes that the codecs made of them, before they were compressed.
    public internal(set) var encodedBytes = 0
    /// The bytes in the files.
    public internal(set) var storedBytes = 0
}

/// Adds up columns over segments.
private struct ColumnTable {
    private var columns: [ColumnStatistics.Part: ColumnStatistics] = [:]

    /// Columns that are told apart. Lines whose keys never repeat make columns without end.
    private static let columnsMax = 50_000

    var rows: [ColumnStatistics] {
        columns.values.sorted { left, right in
            if left.part.isColumn != right.part.isColumn { return left.part.isColumn }
            return (right.storedBytes, "\(left.part)") < (left.storedBytes, "\(right.part)")
        }
    }

    mutating func add(_ reader: SegmentReader) {
        let footer = reader.footer
        let parts = footer.columns.map { field -> ColumnStatistics.Part in
            field.path == SegmentFormat.wholePath && field.kind == .text
                ? .wholeLines : .column(path: field.path, kind: "\(field.kind)")
        }
        var chunkBytes = 0
        for block in footer.blocks {
            for chunk in block.chunks {
                chunkBytes += chunk.storedBytes
                switch chunk.role {
                case .shapes: add(chunk, to: .shapes, codec: Self.codec(chunk, cold: "row kinds"))
                case .times: add(chunk, to: .times, codec: Self.codec(chunk, cold: "entropy"))
                case .sequences:
                    add(chunk, to: .sequences, codec: Self.codec(chunk, cold: "entropy"))
                case .column(let number):
                    add(
                        chunk, to: parts[number],
                        codec: ColumnCodecs.codec(chunk.codec)?.name ?? "codec \(chunk.codec)")
                }
            }
        }
        let ends = SegmentFormat.headerBytes + SegmentFormat.trailerBytes
        add(.ends, bytes: ends)
        add(.footers, bytes: reader.storedBytes - chunkBytes - ends)
    }

    /// The name of a codec of what is no column.
    private static func codec(_ chunk: ChunkEntry, cold: String) -> String {
        chunk.codec == 0 ? "integers" : cold
    }

    private mutating func add(_ chunk: ChunkEntry, to part: ColumnStatistics.Part, codec: String) {
        let isKnown = columns[part] != nil
        let part = isKnown || columns.count < Self.columnsMax ? part : .furtherColumns
        var row = columns[part] ?? ColumnStatistics(part: part)
        let codec = chunk.method == .none ? codec : "\(codec)+\(chunk.method)"
        row.codecs[codec, default: 0] += 1
        row.values += chunk.valueCount
        row.encodedBytes += chunk.rawBytes
        row.storedBytes += chunk.storedBytes
        columns[part] = row
    }

    private mutating func add(_ part: ColumnStatistics.Part, bytes: Int) {
        var row = columns[part] ?? ColumnStatistics(part: part)
        row.values += 1
        row.encodedBytes += bytes
        row.storedBytes += bytes
        columns[part] = row
    }
}
