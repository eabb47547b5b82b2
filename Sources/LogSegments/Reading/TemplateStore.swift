internal import CLogKernels
internal import LogBytes
internal import LogQuery

/// Texts as they are stored by `TemplateCodec`: the number of each text's template, and the columns of variables, each of which is
/// decoded when it is first needed.
final class TemplateStore {
    /// The templates, cut at their variables.
    let templates: [TemplateParts]
    /// For each text a number that tells its template: that of the template, or of the kind of row.
    let codes: [UInt32]
    /// The template that each of these numbers tells.
    let templateOfCode: [UInt32]
    /// The texts of each template.
    let textCounts: [Int]
    private let layout: VariableColumns
    private let bytes: KeptBytes
    private var columns: [VariableColumn]
    private var loadedPlaces: [UInt32]?

    /// A column of variables.
    private struct VariableColumn {
        let count: Int
        /// Where its codec and its bytes are, behind one another.
        let range: Range<Int>
        var column: Column?
        var alphabet: ByteSet?
    }

    /// Reads where the columns of variables are; what is in them is read later.
    ///
    /// - Parameter owner: what the reader reads may be a part of these bytes, and is kept as that.
    init(
        _ reader: inout ByteReader, templates: [[UInt8]], codes: [UInt32],
        templateOfCode: [UInt32], of owner: [UInt8]
    ) throws(MalformedBytes) {
        var codeCounts = [Int](repeating: 0, count: templateOfCode.count)
        codeCounts.withUnsafeMutableBufferPointer { counts in
            for code in codes { counts[Int(code)] += 1 }
        }
        var textCounts = [Int](repeating: 0, count: templates.count)
        for (code, count) in codeCounts.enumerated() {
            textCounts[Int(templateOfCode[code])] += count
        }
        let parts = templates.map { TemplateParts($0) }
        let layout = VariableColumns(templates: templates, textCounts: textCounts)
        var sizes = [Int](repeating: 0, count: layout.count)
        for (number, part) in parts.enumerated() {
            for index in 0..<part.variables {
                sizes[layout.column(number, index)] += textCounts[number]
            }
        }
        bytes = KeptBytes(reader.view.dropFirst(reader.offset), of: owner)
        let start = reader.offset
        columns = []
        for size in sizes {
            let from = reader.offset - start
            if size > 0 { try NestedColumn.skip(&reader) }
            columns.append(
                VariableColumn(
                    count: size, range: from..<reader.offset - start,
                    column: size > 0 ? nil : .constant([], rowCount: 0)))
        }
        self.templates = parts
        self.codes = codes
        self.templateOfCode = templateOfCode
        self.textCounts = textCounts
        self.layout = layout
    }

    /// The template of text `number`.
    @inline(__always)
    func template(_ number: Int) -> Int { Int(templateOfCode[Int(codes[number])]) }

    /// Which column variable `index` of template `number` stands in.
    func columnNumber(_ number: Int, _ index: Int) -> Int { layout.column(number, index) }

    /// A column of variables.
    func column(_ index: Int) throws -> Column {
        if let known = columns[index].column { return known }
        let column = try bytes.withView { view in
            var reader = ByteReader(view.slice(columns[index].range))
            return try NestedColumn.read(&reader, count: columns[index].count)
        }
        columns[index].column = column
        return column
    }

    /// The bytes that may occur in a column, without decoding it where its codec tells.
    func alphabet(_ index: Int) throws -> ByteSet {
        if let known = columns[index].alphabet { return known }
        let told = bytes.withView { NestedColumn.alphabet($0.slice(columns[index].range)) }
        let alphabet = try told ?? column(index).alphabet
        columns[index].alphabet = alphabet
        return alphabet
    }

    /// For each text where its first variable stands in its column.
    func places() -> [UInt32] {
        if let loadedPlaces { return loadedPlaces }
        // The next place of each template; of all that share a column, that of the last one.
        var next = [UInt32](repeating: 0, count: templates.count + 1)
        let counterOfCode = templateOfCode.map { number in
            layout.isShared(Int(number)) ? UInt32(templates.count) : number
        }
        let stepOfCode = templateOfCode.map { number -> UInt32 in
            layout.isShared(Int(number)) ? UInt32(templates[Int(number)].variables) : 1
        }
        let places = [UInt32](unsafeUninitializedCapacity: codes.count) { places, filled in
            guard let out = places.baseAddress else { return }
            weir_places_by_counter(codes, codes.count, counterOfCode, stepOfCode, &next, out)
            filled = codes.count
        }
        loadedPlaces = places
        return places
    }

    /// Whether the variables of template `number` stand in the column that several share.
    func isShared(_ number: Int) -> Bool { layout.isShared(number) }

    /// The place of variable `index` of a text of template `number` whose first variable stands at `place`.
    func place(_ number: Int, _ index: Int, _ place: UInt32) -> Int {
        layout.isShared(number) ? Int(place) + index : Int(place)
    }
}

/// A template cut at its variables. A class, because texts are written one by one.
final class TemplateParts {
    /// The text without marks.
    let bytes: [UInt8]
    /// The end of each part in `bytes`: one more than there are variables.
    let ends: [Int]

    var variables: Int { ends.count - 1 }

    init(_ template: [UInt8]) {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for byte in template {
            if byte == TextTemplates.mark {
                ends.append(bytes.count)
            } else {
                bytes.append(byte)
            }
        }
        ends.append(bytes.count)
        self.bytes = bytes
        self.ends = ends
    }

    private init(bytes: [UInt8], ends: [Int]) {
        self.bytes = bytes
        self.ends = ends
    }

    /// Calls `body` with part `index`.
    @inline(__always)
    func withPart<Result>(_ index: Int, _ body: (ByteView) -> Result) -> Result {
        bytes.withView { body($0.slice((index == 0 ? 0 : ends[index - 1])..<ends[index])) }
    }

    /// The parts with their escapes resolved, each by itself; nil where an escape may go on in a variable.
    func unescaped(_ resolve: (ByteView, inout ByteWriter) -> Void) -> TemplateParts? {
        var out = ByteWriter(capacity: bytes.count)
        var outEnds: [Int] = []
        for index in ends.indices {
            let isClosed = withPart(index) { part in
                guard Self.closesItsEscapes(part) else { return false }
                resolve(part, &out)
                return true
            }
            guard isClosed else { return nil }
            outEnds.append(out.count)
        }
        return TemplateParts(bytes: Array(out.view), ends: outEnds)
    }

    /// Whether every escape that begins in `part` also ends there. `\u` never does: its digits may pair with others behind.
    static func closesItsEscapes(_ part: ByteView) -> Bool {
        var index = 0
        while index < part.count {
            if part[index] == ASCII.backslash {
                guard index + 1 < part.count, part[index + 1] != UInt8(ascii: "u") else {
                    return false
                }
                index += 1
            }
            index += 1
        }
        return true
    }
}
