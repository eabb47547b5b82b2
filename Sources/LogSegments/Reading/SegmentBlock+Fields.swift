internal import LogBytes
internal import LogQuery
internal import LogRecords

/// What a query calls a field, found in the stored columns.
extension SegmentBlock {
    func column(_ name: String) throws -> Column {
        if let known = textColumns[name] { return known }
        let column = try makeColumn(name)
        textColumns[name] = column
        return column
    }

    /// A stored column and how it is to be read.
    struct Source: Hashable {
        let column: Int
        let transform: ValueTransform
    }

    /// Where the values of a field stand.
    struct Sources {
        var columns: [Source] = []
        /// For each shape the number of its source; −1: it has no such field; −2: its lines are stored whole.
        var ofShape: [Int] = []
        /// Those that occur.
        var used: Set<Int> = []
    }

    /// - Parameter isUsed: for each shape whether the block has it; nil: any may occur.
    func sources(_ name: String, isUsed: [Bool]?) -> Sources {
        var sources = Sources()
        for (number, stored) in reader.footer.shapes.enumerated() {
            guard isUsed?[number] ?? true else {
                sources.ofShape.append(-1)
                continue
            }
            let index = sourceIndex(stored, name, &sources.columns)
            sources.ofShape.append(index)
            sources.used.insert(index)
        }
        return sources
    }

    private func sourceIndex(
        _ stored: StoredShape, _ name: String, _ sources: inout [Source]
    ) -> Int {
        if stored.isWhole { return -2 }
        guard let slot = stored.shape.slot(named: name) else { return -1 }
        let source = Source(column: stored.columns[slot.field], transform: slot.transform)
        if let known = sources.firstIndex(of: source) { return known }
        sources.append(source)
        return sources.count - 1
    }

    private func makeColumn(_ name: String) throws -> Column {
        // Where all shapes of the segment agree it is not worth reading which ones the block has.
        let any = sources(name, isUsed: nil)
        if any.used.count == 1, let only = any.used.first, only >= 0 {
            return try text(of: any.columns[only])
        }
        let sources = sources(name, isUsed: try layout().isUsed)
        if sources.used == [-1] || sources.used.isEmpty {
            return .constant([], rowCount: entry.rows)
        }
        if sources.used.count == 1, let only = sources.used.first, only >= 0 {
            return try text(of: sources.columns[only])
        }
        return try join(sources, name)
    }

    func rows(
        _ field: String, matching matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap {
        try reporting {
            if textColumns[field] == nil, matcher.onlyTexts != nil, try !mayMatch(field, matcher) {
                return Bitmap(count: candidates.count)
            }
            return try queryColumn(field).rows(matching: matcher, within: candidates)
        }
    }

    /// Whether one of the distinct values of a field meets the condition, where these can be read without those of each row.
    private func mayMatch(_ field: String, _ matcher: ValueMatcher) throws -> Bool {
        if field == "_time" || field == "_class" { return true }
        // Which shapes the block has is not worth reading: a shape more only makes it more likely that it has to be looked at.
        let sources = sources(field, isUsed: nil)
        for index in sources.used {
            if index == -2 { return true }
            if index == -1 {
                if matcher.matches(.empty) { return true }
                continue
            }
            let source = sources.columns[index]
            // No row has a value there.
            if !entry.chunks.contains(where: { $0.role == .column(source.column) }) { continue }
            if loadedColumns[source.column] == nil, source.transform == .none,
                let told = try mayHold(
                    matcher.onlyTexts ?? [], isPart: false, column: source.column)
            {
                if told { return true }
                continue
            }
            guard loadedColumns[source.column] == nil,
                let bytes = try columnBytes(source.column, where: \.hasDistinctValues)
            else { return true }
            let values = try reader.distinctValues(bytes)
            let all = Bitmap(count: values.valueCount, all: true)
            if try !resolve(values, source).values(matching: matcher, within: all).isEmpty {
                return true
            }
        }
        return false
    }

    /// Whether one of a few texts is a value of a stored column, or a part of one; nil where no index tells.
    func mayHold(_ texts: [[UInt8]], isPart: Bool, column number: Int) throws -> Bool? {
        guard !texts.isEmpty, texts.count <= Self.lookedUpMax else { return nil }
        for text in texts {
            let told = try text.withView {
                try reader.mayHold($0, isPart: isPart, column: number, of: entry)
            }
            guard let told else { return nil }
            if told { return true }
        }
        return false
    }

    /// More texts are not looked up one by one.
    private static let lookedUpMax = 16

    /// The text of a column that every row has a value in.
    private func text(of source: Source) throws -> Column {
        let column = try stored(source.column)
        guard column.rowCount == entry.rows else {
            throw damaged("a column has not one value for each line")
        }
        return resolve(column, source)
    }

    /// The stored values of `column` as text, value for value.
    func resolve(_ column: Column, _ source: Source) -> Column {
        column.resolved(reader.footer.columns[source.column].kind, source.transform)
    }

    /// The text of a field that stands in several stored columns, or not in every row: value 0 is empty.
    private func join(_ sources: Sources, _ name: String) throws -> Column {
        let shapes = try rowShapes()
        var parts: [Column] = [.constant([], rowCount: 1)]
        var count = 1
        var found: [Int: (column: Column, places: RowPlaces, offset: Int)] = [:]
        for index in sources.used.sorted() where index >= 0 {
            let source = sources.columns[index]
            let column = resolve(try stored(source.column), source)
            found[index] = (column, try places(source.column), count)
            parts.append(column)
            count += column.valueCount
        }
        let wholeColumn = sources.used.contains(-2) ? try wholeLines(for: name).column(name) : nil
        let wholeOffset = count
        if let wholeColumn { parts.append(wholeColumn) }
        var wholeRow = 0
        var codes: [UInt32] = []
        codes.reserveCapacity(shapes.count)
        for (row, shape) in shapes.enumerated() {
            switch sources.ofShape[Int(shape)] {
            case -2:
                let number = wholeColumn?.valueNumber(row: wholeRow) ?? 0
                codes.append(UInt32(wholeOffset + number))
                wholeRow += 1
            case -1:
                codes.append(0)
            case let index:
                guard let source = found[index] else { throw damaged("a column is missing") }
                let number = source.column.valueNumber(row: source.places.place(row))
                codes.append(UInt32(source.offset + number))
            }
        }
        return .joined(parts, codes: codes)
    }

    /// The lines that are stored whole, scanned for the field `name` and those before.
    private func wholeLines(for name: String? = nil) throws -> WholeLines {
        if let whole, name.map(whole.names.contains) ?? true { return whole }
        let names = (whole?.names ?? loadedFields).union(name.map { [$0] } ?? [])
        guard
            let number = reader.footer.shapes.first(where: { $0.isWhole })?.columns.first
        else { throw damaged("a column is missing") }
        let column = try storedColumn(number)
        let stored = reader.footer.shapes
        let formats = try rowShapes().compactMap { shape -> LineFormat? in
            let stored = stored[Int(shape)]
            return stored.isWhole ? stored.shape.format : nil
        }
        guard formats.count == column.rowCount else {
            throw damaged("a column has not one value for each line")
        }
        let lines = WholeLines(column, formats: formats, className: className, names: names)
        whole = lines
        return lines
    }

    func fieldNames() throws -> [String] {
        let shapes = reader.footer.shapes
        let isUsed = try layout().isUsed
        var names = Set<String>()
        for index in shapes.indices where isUsed[index] {
            if shapes[index].isWhole {
                names.formUnion(try wholeLines().block?.fieldNames() ?? [])
            } else {
                names.formUnion(shapes[index].shape.fields.map(\.path))
            }
        }
        return Array(names)
    }
}
