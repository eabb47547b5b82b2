internal import LogBytes

extension StatisticsFunction {
    static let rate = StatisticsFunction(
        "rate", synopsis: "rate()",
        summary: "the rows a second: of the bucket of _time, else of the query's range of time",
        worksOnRows: true
    ) { RateState($0, sumsFields: false) }

    static let rateSum = StatisticsFunction(
        "rate_sum", synopsis: "rate_sum(f)",
        summary: "the sum a second: of the bucket of _time, else of the query's range of time"
    ) { RateState($0, sumsFields: true) }
}

/// A count or a sum, divided by the seconds that the query speaks of.
private final class RateState: StatisticsState {
    private let inner: StatisticsState
    private let sumsFields: Bool

    init(_ call: StatisticsCall, sumsFields: Bool) {
        self.sumsFields = sumsFields
        inner =
            sumsFields
            ? StatisticsFunction.sum.makeState(call) : StatisticsFunction.count.makeState(call)
        super.init(call)
    }

    override func resize(_ count: Int) { inner.resize(count) }

    override func update(_ block: any ColumnBlock, rows: [Int], groups: [Int32]) throws {
        inner.call = call
        try inner.update(block, rows: rows, groups: groups)
    }

    override func merge(_ other: StatisticsState, groups: [Int]) {
        guard let other = other as? RateState else { return }
        inner.merge(other.inner, groups: groups)
    }

    override func append(group: Int, into out: inout ByteWriter) {
        guard let seconds = call.seconds, seconds > 0 else {
            inner.append(group: group, into: &out)
            return
        }
        var text = ByteWriter(capacity: 32)
        inner.append(group: group, into: &text)
        let total = NumberValue.parse(text.view)?.value ?? .nan
        NumberFormat.append(total / seconds, into: &out)
    }

    override var memoryBytes: Int { inner.memoryBytes }
}
