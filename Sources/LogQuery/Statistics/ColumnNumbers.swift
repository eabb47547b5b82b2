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
    }

    /// The number that `row` has (durations in nanoseconds, sizes in bytes), or NaN.
    mutating func number(row: Int) -> Double {
        let index = column.valueNumber(row: row)
        if !isRead.isEmpty, !isRead[index] {
            isRead[index] = true
            numbers[index] = column.withValue(index) { text in
                guard let value = NumberValue.parse(text), value.kind != .time,
                    value.kind != .address
                else { return .nan }
                return value.value
            }
        }
        return numbers[index]
    }
}
