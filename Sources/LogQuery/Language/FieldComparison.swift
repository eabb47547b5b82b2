internal import LogBytes

/// `a:eq_field(b)`: a condition on two fields of the same record.
public struct FieldComparison: Sendable, Equatable {
    /// What has to hold of the two values.
    public enum Relation: String, Sendable, CaseIterable {
        /// The texts are the same.
        case equal = "eq_field"
        /// The first is not greater: as numbers where both are numbers, else as texts byte by byte.
        case atMost = "le_field"
        /// The first is smaller.
        case less = "lt_field"
    }

    /// The field that is named first.
    public let field: String
    /// The other field.
    public let other: String
    /// What has to hold.
    public let relation: Relation

    /// Whether the relation holds of the values of both fields.
    func holds(_ left: ByteView, _ right: ByteView) -> Bool {
        if relation == .equal { return left == right }
        if let a = NumberValue.parse(left)?.value, let b = NumberValue.parse(right)?.value {
            return relation == .less ? a < b : a <= b
        }
        return relation == .less ? left < right : !(right < left)
    }

    /// The condition as it is written behind the first field's colon.
    var syntax: String { "\(relation.rawValue)(\(Quoting.word(other)))" }

    /// The rows of `candidates` of which it holds.
    func evaluate(_ block: any ColumnBlock, within candidates: Bitmap) throws -> Bitmap {
        let left = try block.queryColumn(field)
        let right = try block.queryColumn(other)
        try left.prepare(rows: candidates)
        try right.prepare(rows: candidates)
        var rows = Bitmap(count: candidates.count)
        candidates.visit { row in
            if left.withText(row: row, { a in right.withText(row: row) { holds(a, $0) } }) {
                rows[row] = true
            }
        }
        return rows
    }
}

extension FilterFunction {
    private static func comparison(
        _ relation: FieldComparison.Relation, _ summary: String
    ) -> FilterFunction {
        FilterFunction(
            relation.rawValue, synopsis: "\(relation.rawValue)(g)", summary: summary
        ) { (parser, field) throws(QueryError) in
            let place = parser.token.offset
            let names = try parser.arguments(of: relation.rawValue)
            guard names.count == 1 else {
                throw parser.fault("\(relation.rawValue)(…) takes one field", at: place)
            }
            return .fields(
                FieldComparison(
                    field: field.isEmpty ? "_msg" : field, other: names[0], relation: relation))
        }
    }

    static let eqField = comparison(.equal, "the value is that of another field")
    static let leField = comparison(.atMost, "the value is at most that of another field")
    static let ltField = comparison(.less, "the value is less than that of another field")
}
