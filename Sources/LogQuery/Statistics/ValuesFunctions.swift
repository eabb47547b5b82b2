internal import LogBytes

extension StatisticsFunction {
    static let values = StatisticsFunction(
        "values", synopsis: "values(f) limit N",
        summary: "all values, empty ones too, in the order of time, as a JSON array",
        takesLimit: true
    ) { ValuesState($0, isJSON: false) }

    static let jsonValues = StatisticsFunction(
        "json_values", synopsis: "json_values() json_values(f, g) limit N",
        summary:
            "the rows, or these fields of them, in the order of time, as an array of JSON objects",
        worksOnRows: true, takesLimit: true
    ) { ValuesState($0, isJSON: true) }
}

/// All values of each group, in the order of their rows. With a limit, those that cannot be among the first are dropped
/// whenever twice as many as are wanted have come.
private final class ValuesState: StatisticsState {
    private let isJSON: Bool
    private var groups: [[RowPlace]] = []
    private var heldBytes = 0

    init(_ call: StatisticsCall, isJSON: Bool) {
        self.isJSON = isJSON
        super.init(call)
    }

    override func resize(_ count: Int) {
        if count > groups.count { groups += Array(repeating: [], count: count - groups.count) }
    }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        let times = try block.times()
        let sequences = try block.sequences()
        func take(_ text: [UInt8], _ index: Int, part: Int = 0) {
            let row = rows[index]
            add(
                RowPlace(
                    time: times[row], sequence: sequences[row], part: part, text: text),
                group: Int(groups[index]))
        }
        if isJSON {
            let names = call.fields.isEmpty ? try block.queryFieldNames() : call.fields
            let writer = try RowWriter(block, names: names)
            for index in rows.indices { take(writer.json(row: rows[index]), index) }
        } else {
            for (part, field) in call.fields.enumerated() {
                let column = try block.queryColumn(field)
                for index in rows.indices {
                    take(column.withText(row: rows[index]) { Array($0) }, index, part: part)
                }
            }
        }
    }

    private func add(_ value: RowPlace, group: Int) {
        groups[group].append(value)
        heldBytes += value.text.count + Self.valueBytes
        if let limit = call.limit, groups[group].count >= limit.multiplied(by: 2, atLeast: 1_024) {
            prune(group, limit)
        }
    }

    /// What a held value costs besides its text.
    private static let valueBytes = 64

    private func prune(_ group: Int, _ limit: Int) {
        groups[group].sort()
        for value in groups[group].dropFirst(limit) {
            heldBytes -= value.text.count + Self.valueBytes
        }
        groups[group] = Array(groups[group].prefix(limit))
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? ValuesState else { return }
        for (number, group) in groups.enumerated() where number < other.groups.count {
            for value in other.groups[number] { add(value, group: group) }
        }
    }

    override func append(group: Int, into out: inout ByteWriter) {
        let values = groups[group].sorted().prefix(call.limit ?? .max)
        guard isJSON else {
            JSONParts.append(array: values.lazy.map(\.text), into: &out)
            return
        }
        out.append(ASCII.openBracket)
        for (index, value) in values.enumerated() {
            if index > 0 { out.append(ASCII.comma) }
            value.text.withView { out.append($0) }
        }
        out.append(ASCII.closeBracket)
    }

    override var memoryBytes: Int { heldBytes }
}

extension Int {
    /// The product and something more, held at the greatest integer.
    fileprivate func multiplied(by factor: Int, atLeast extra: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow || product > .max - extra ? .max : product + extra
    }
}
