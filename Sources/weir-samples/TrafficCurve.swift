/// Turns line numbers into times, so that traffic has the rhythm of a day.
///
/// The range is cut at full hours; each piece gets lines in proportion to its length and to the
/// weight of its hour. Line numbers must ascend, because the curve only walks forward.
struct TrafficCurve {
    /// How busy each hour of the day is (UTC), in percent of an average hour.
    private static let hourWeights: [Int64] = [
        38, 30, 26, 24, 26, 34, 56, 92, 132, 160, 168, 160,
        148, 158, 166, 162, 150, 130, 112, 104, 98, 88, 70, 50,
    ]

    private static let hourMilliseconds: Int64 = 3_600_000

    private let start: Int64
    private let end: Int64
    private let lines: UInt64
    /// The weighted milliseconds of the whole range.
    private let total: UInt64
    /// The piece under the current line: its beginning, its end, and the weighted milliseconds
    /// before it.
    private var pieceStart: Int64
    private var pieceEnd: Int64
    private var before: UInt64 = 0

    init(start: Instant, end: Instant, lines: Int) {
        self.start = start.millisecondsSince1970
        self.end = end.millisecondsSince1970
        self.lines = UInt64(max(lines, 1))
        pieceStart = self.start
        pieceEnd = Self.endOfPiece(from: self.start, limit: self.end)
        var total: UInt64 = 0
        var piece = self.start
        while piece < self.end {
            let next = Self.endOfPiece(from: piece, limit: self.end)
            total += Self.weight(of: piece, to: next)
            piece = next
        }
        self.total = total
    }

    /// The time of line `number`, without disorder. `fraction`, in 1/1024, says where between
    /// this line and the next.
    mutating func time(ofLine number: Int, fraction: Int) -> Int64 {
        let (high, low) = total.multipliedFullWidth(by: UInt64(number) * 1024 + UInt64(fraction))
        let target = (lines * 1024).dividingFullWidth((high, low)).quotient
        while pieceEnd < end, target - before >= Self.weight(of: pieceStart, to: pieceEnd) {
            before += Self.weight(of: pieceStart, to: pieceEnd)
            pieceStart = pieceEnd
            pieceEnd = Self.endOfPiece(from: pieceStart, limit: end)
        }
        let inPiece = Int64(target - before) / Self.weight(ofHourAt: pieceStart)
        return min(pieceStart + inPiece, end - 1)
    }

    private static func endOfPiece(from start: Int64, limit: Int64) -> Int64 {
        min(limit, (start / hourMilliseconds + 1) * hourMilliseconds)
    }

    private static func weight(ofHourAt time: Int64) -> Int64 {
        hourWeights[Int(time / hourMilliseconds % 24)]
    }

    private static func weight(of start: Int64, to end: Int64) -> UInt64 {
        UInt64((end - start) * weight(ofHourAt: start))
    }
}
