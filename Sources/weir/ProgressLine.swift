internal import Glibc
internal import LogQuery
internal import LogSystem

/// What a query has done so far, on one line of a terminal, once it has taken a second.
final class ProgressLine {
    private let clock = SystemClock()
    private let start: Int64
    private var nextAt: Int64
    private var isShown = false
    private let isWanted = Terminal.errorsAreInteractive

    private static let second: Int64 = 1_000_000_000
    /// As often as a number can be read.
    private static let period = second / 5

    init() {
        start = clock.monotonic()
        nextAt = start + Self.second
    }

    /// Shows where the query stands, if it is time to.
    func update(_ recorder: ScanRecorder) {
        guard isWanted else { return }
        let now = clock.monotonic()
        guard now >= nextAt else { return }
        nextAt = now + Self.period
        isShown = true
        Terminal.status(Self.text(recorder, nanoseconds: now - start))
    }

    /// Takes the line away: something else is to be written.
    func clear() {
        guard isShown else { return }
        isShown = false
        Terminal.clearStatus()
    }

    /// The line after so much time.
    static func text(_ recorder: ScanRecorder, nanoseconds: Int64) -> String {
        let done = recorder.statistics.bytes.read
        let open = recorder.statistics.bytes.skippedByLimit
        var text =
            "\(Figure.bytes(done)) of \(Figure.bytes(done + open)) scanned, "
            + "\(Figure.count(recorder.rowsMatched)) matches"
        if done > 0 {
            let left = Double(nanoseconds) / Double(second) * Double(open) / Double(done)
            text += ", \(Figure.fixed(left.rounded(.up), 0)) s left"
        }
        return text
    }
}
