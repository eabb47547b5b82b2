internal import LogBytes

/// The numbers of a column's values, read when first asked for.
struct ColumnNumbers {
    private let column: Column
    private var numbers: [Double]
    private var isRead: [Bool]

    init(_ column: Column) {
        self.column = column
        if let decimals = column.encoded?.decimals() {
            numbers = decimals
            isRead = []
            return
        }
        numbers = Array(repeating: .nan, count: column.valueCount)
        isRead = Array(repeating: false, count: column.valueCount)
        guard let joined = column.encoded as? JoinedValues else { return }
        for (start, known) in joined.knownDecimals() {
            for (offset, number) in known.enumerated() {
                numbers[start + offset] = number
                isRead[start + offset] = true
            }
        }
    }

    /// Calls `body` with the number that each of `rows` has (durations in nanoseconds, sizes in bytes) and its group; not for
    /// rows without a number.
    @inline(__always)
    mutating func visit(
        _ rows: [Int], _ groups: [Int32], _ body: (_ number: Double, _ group: Int) -> Void
    ) {
        if !isRead.isEmpty { read(rows) }
        let isConstant = column.isConstant
        numbers.withUnsafeBufferPointer { numbers in
            func visit(_ valueNumber: (Int) -> Int) {
                for (index, row) in rows.enumerated() {
                    let number = numbers[valueNumber(row)]
                    if !number.isNaN { body(number, Int(groups[index])) }
                }
            }
            if let codes = column.codes {
                codes.withUnsafeBufferPointer { codes in visit { Int(codes[$0]) } }
            } else if isConstant {
                visit { _ in 0 }
            } else {
                visit { $0 }
            }
        }
    }

    /// The number that `row` has, or NaN.
    mutating func number(row: Int) -> Double {
        if !isRead.isEmpty { read([row]) }
        return numbers[column.valueNumber(row: row)]
    }

    private mutating func read(_ rows: [Int]) {
        for row in rows {
            let index = column.valueNumber(row: row)
            if isRead[index] { continue }
            isRead[index] = true
            numbers[index] = column.withValue(index) { text in
                guard let value = NumberValue.parse(text), value.kind != .time,
                    value.kind != .address
                else { return .nan }
                return value.value
            }
        }
    }
}
