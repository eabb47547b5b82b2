internal import LogBytes

/// `| field_names`: the fields that rows have, with the number of rows that have each.
struct FieldNamesPipe: Pipe {
    var ordering: PipeOrdering { .makesOrder }
    var description: String { "field_names" }
    func outputFields(_ input: [String]?) -> [String]? { ["name", "hits"] }
    func inputFields(_ output: Set<String>?) -> Set<String>? { nil }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        FieldNamesStage(next)
    }
}

/// `| facets N`: the most frequent values of each field that has few.
struct FacetsPipe: Pipe {
    /// The values that are given of each field.
    let limit: Int
    /// The most values that a field may have.
    let valuesMax: Int
    /// The most bytes that a value may have.
    let valueBytesMax: Int
    /// Whether fields that have the same value in all rows are given, too.
    let keepsConstants: Bool

    /// What VictoriaLogs takes unless told otherwise.
    static let standard = FacetsPipe(
        limit: 10, valuesMax: 1_000, valueBytesMax: 128, keepsConstants: false)

    var ordering: PipeOrdering { .makesOrder }

    var description: String {
        "facets \(limit) max_values_per_field \(valuesMax) max_value_len \(valueBytesMax)"
            + (keepsConstants ? " keep_const_fields" : "")
    }

    func outputFields(_ input: [String]?) -> [String]? { ["field_name", "field_value", "hits"] }
    func inputFields(_ output: Set<String>?) -> Set<String>? { nil }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        FacetsStage(self, next, budget)
    }
}

/// `| blocks_count`: how many blocks held the rows.
struct BlocksCountPipe: Pipe {
    var ordering: PipeOrdering { .makesOrder }
    var description: String { "blocks_count" }
    func outputFields(_ input: [String]?) -> [String]? { ["blocks_count"] }
    func inputFields(_ output: Set<String>?) -> Set<String>? { [] }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        BlocksCountStage(next)
    }
}

extension PipeSyntax {
    static let fieldNames = PipeSyntax(
        "field_names", synopsis: "field_names",
        summary: "the fields that rows have, with the number of rows that have each"
    ) { (_) throws(QueryError) in FieldNamesPipe() }

    static let facets = PipeSyntax(
        "facets",
        synopsis: "facets N max_values_per_field M max_value_len L keep_const_fields",
        summary: "the N most frequent values of each field that has at most M; 10 and 1000"
    ) { (parser) throws(QueryError) in
        let standard = FacetsPipe.standard
        let hasLimit = parser.token.text.utf8.first.map(ASCII.isDigit) ?? false
        let limit = hasLimit ? try parser.count("facets") : standard.limit
        var valuesMax = standard.valuesMax
        var valueBytesMax = standard.valueBytesMax
        var keepsConstants = false
        while !parser.isAtPipeEnd {
            if parser.accept("max_values_per_field") {
                valuesMax = try parser.count("max_values_per_field")
            } else if parser.accept("max_value_len") {
                valueBytesMax = try parser.count("max_value_len")
            } else if parser.accept("keep_const_fields") {
                keepsConstants = true
            } else {
                throw parser.fault(
                    "expected max_values_per_field, max_value_len or keep_const_fields, found "
                        + parser.found)
            }
        }
        return FacetsPipe(
            limit: limit, valuesMax: valuesMax, valueBytesMax: valueBytesMax,
            keepsConstants: keepsConstants)
    }

    static let blocksCount = PipeSyntax(
        "blocks_count", synopsis: "blocks_count", summary: "how many blocks held the rows"
    ) { (_) throws(QueryError) in BlocksCountPipe() }
}

extension RowConsumer {
    /// Takes rows of a pipe's own making: columns of text, each with its name.
    func consume(_ columns: [(name: String, texts: [[UInt8]])]) throws -> ScanControl {
        let count = columns.first?.texts.count ?? 0
        guard count > 0 else { return .proceed }
        let block = DerivedBlock(
            columns: columns.map { name, texts in
                var builder = ColumnBuilder()
                for text in texts { text.withView { builder.append($0) } }
                return (name, builder.column())
            }, rowCount: count)
        return try consume(RowSlice(block: block, rows: Array(0..<count)))
    }
}

private final class FieldNamesStage: RowConsumer {
    private var hits: [String: Int] = [:]
    private let next: any RowConsumer

    init(_ next: any RowConsumer) { self.next = next }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        for name in try slice.block.queryFieldNames() {
            let column = try slice.block.queryColumn(name)
            var counts = [Int](repeating: 0, count: column.valueCount)
            for row in slice.rows { counts[column.valueNumber(row: row)] += 1 }
            let count = counts.enumerated().reduce(0) { sum, value in
                let isFilled = value.element > 0 && column.withValue(value.offset) { !$0.isEmpty }
                return isFilled ? sum + value.element : sum
            }
            if count > 0 { hits[name, default: 0] += count }
        }
        return .proceed
    }

    func finish() throws {
        let names = hits.keys.sorted()
        _ = try next.consume([
            ("name", names.map { Array($0.utf8) }),
            ("hits", names.map { Array("\(hits[$0, default: 0])".utf8) }),
        ])
        try next.finish()
    }
}

private final class FacetsStage: RowConsumer {
    /// The values of a field and their hits.
    private struct Facet {
        let values = ByteTable()
        var hits: [Int] = []
        /// Whether the field has too many values or too long ones.
        var isIgnored = false
    }

    private let pipe: FacetsPipe
    private let next: any RowConsumer
    private var memory: MemoryShare
    private var facets: [String: Facet] = [:]
    private var rowCount = 0

    init(_ pipe: FacetsPipe, _ next: any RowConsumer, _ budget: MemoryBudget) {
        self.pipe = pipe
        self.next = next
        memory = MemoryShare(budget, pipe: "facets")
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        rowCount += slice.rows.count
        for name in try slice.block.queryFieldNames() where facets[name]?.isIgnored != true {
            let column = try slice.block.queryColumn(name)
            var counts = [Int](repeating: 0, count: column.valueCount)
            for row in slice.rows { counts[column.valueNumber(row: row)] += 1 }
            var facet = facets[name] ?? Facet()
            for (number, count) in counts.enumerated() where count > 0 {
                column.withValue(number) { add($0, count, to: &facet) }
                if facet.isIgnored { break }
            }
            facets[name] = facet
        }
        try memory.set(
            facets.values.reduce(0) { $0 + $1.values.memoryBytes + $1.hits.capacity * 8 + 128 })
        return .proceed
    }

    private func add(_ value: ByteView, _ count: Int, to facet: inout Facet) {
        if value.isEmpty { return }
        if value.count > pipe.valueBytesMax {
            facet = Facet(isIgnored: true)
            return
        }
        let number = facet.values.insert(value).number
        if number == facet.hits.count { facet.hits.append(0) }
        facet.hits[number] += count
        if facet.hits.count > pipe.valuesMax { facet = Facet(isIgnored: true) }
    }

    func finish() throws {
        var names: [[UInt8]] = []
        var values: [[UInt8]] = []
        var hits: [[UInt8]] = []
        for (name, facet) in facets.sorted(by: { $0.key < $1.key }) where !facet.isIgnored {
            let isConstant = facet.hits.count == 1 && facet.hits[0] == rowCount
            if isConstant, !pipe.keepsConstants { continue }
            let order = facet.hits.indices.sorted { left, right in
                if facet.hits[left] != facet.hits[right] {
                    return facet.hits[left] > facet.hits[right]
                }
                return facet.values.key(left) < facet.values.key(right)
            }
            for number in order.prefix(pipe.limit) {
                names.append(Array(name.utf8))
                values.append(Array(facet.values.key(number)))
                hits.append(Array("\(facet.hits[number])".utf8))
            }
        }
        _ = try next.consume([("field_name", names), ("field_value", values), ("hits", hits)])
        try next.finish()
    }
}

private final class BlocksCountStage: RowConsumer {
    private var count = 0
    private let next: any RowConsumer

    init(_ next: any RowConsumer) { self.next = next }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        count += 1
        return .proceed
    }

    func finish() throws {
        _ = try next.consume([("blocks_count", [Array("\(count)".utf8)])])
        try next.finish()
    }
}
