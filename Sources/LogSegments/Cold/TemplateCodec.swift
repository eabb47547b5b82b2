internal import LogBytes
internal import LogQuery

/// Texts as templates and variables.
///
///     byte     0: the numbers of the templates follow; 1: the kinds of rows say them
///     varint   templates t, template 0 included
///     …        the texts of templates 1 to t − 1, `NestedColumn`, when there are any
///     …        0: the template of each text; 1: of each kind that has the column; `CodeStream`
///     …        the columns of variables that have values, in the order of `VariableColumns`, `NestedColumn`
struct TemplateCodec: ColumnCodec {
    let id: UInt8 = 26
    let name = "templates"

    /// What variables are tried with.
    private static let variableCodecs: [any ColumnCodec] = [
        ConstantCodec(), AffixNumberCodec(), DigitPatternCodec(), CodedCodec(), PackedTextCodec(),
    ]

    /// Splits the texts and stores their templates by themselves. Those of a block's column may depend on other columns: they
    /// are split before, and go through `append`.
    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let deflater = context.deflater, let split = TextTemplates(column) else {
            return false
        }
        Self.append(split, kinds: nil, context, deflater, into: &out)
        Self.variables(split, context).withView { out.append($0) }
        return true
    }

    /// The variables of `split` as they are stored.
    static func variables(
        _ split: TextTemplates, _ context: borrowing EncodeContext
    ) -> [UInt8] {
        var out = ByteWriter(capacity: 1 << 12)
        for column in split.columns where column.count > 0 {
            NestedColumn.append(column, variableCodecs, context, into: &out)
        }
        return Array(out.view)
    }

    /// Appends the templates and their numbers; the variables go behind.
    static func append(
        _ split: TextTemplates, kinds: ColumnKinds?,
        _ context: borrowing EncodeContext, _ deflater: Deflater, into out: inout ByteWriter
    ) {
        out.append(kinds == nil ? 0 : 1)
        out.append(length: split.templates.count)
        let texts = ColumnBuffer()
        for text in split.templates.dropFirst() { text.withView { texts.append($0) } }
        if texts.count > 0 {
            NestedColumn.append(texts, ColumnCodecs.nested, context, into: &out)
        }
        if let kinds {
            let numbers = kinds.gather(split.numbers)
            CodeStream.append(
                numbers, limit: split.templates.count, deflater, into: &out)
        } else {
            CodeStream.append(
                split.numbers, limit: split.templates.count, deflater, into: &out)
        }
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let byKind = try reader.fixed(UInt8.self, "way of templates")
        let templateCount = try reader.length(atMost: EntropyCoder.alphabetMax, "templates")
        guard byKind <= 1, templateCount > 0 else { throw reader.malformed("templates") }
        var templates: [[UInt8]] = [[TextTemplates.mark]]
        if templateCount > 1 {
            let texts = try NestedColumn.read(&reader, count: templateCount - 1)
            for number in 0..<templateCount - 1 {
                texts.withText(row: number) { templates.append(Array($0)) }
            }
        }
        if byKind == 0 {
            let numbers = try CodeStream.read(&reader, count: count, limit: templateCount)
            return .encoded(
                TemplateValues(
                    try TemplateStore(
                        &reader, templates: templates, codes: numbers,
                        templateOfCode: Array(0..<UInt32(templateCount)), of: context.bytes)))
        }
        let kinds = try context.kinds()
        guard kinds.values.count == count else { throw reader.malformed("kinds of rows") }
        let ofKinds = try CodeStream.read(
            &reader, count: kinds.present.count, limit: templateCount)
        return .encoded(
            TemplateValues(
                try TemplateStore(
                    &reader, templates: templates, codes: kinds.values,
                    templateOfCode: kinds.table(ofKinds), of: context.bytes)))
    }
}
