internal import LogBytes

/// What became of a bulk request's items, in their order: runs of the same, eight bytes each.
///
/// A request of gigabytes, all stored, is one run. One whose items succeed and fail in turn would need memory without end, for
/// the results and for the answer; so the runs have a limit, and the answer is made while it is written.
struct BulkResults {
    /// What an action line asks for.
    enum Action: String, CaseIterable {
        case create, index, update, delete
    }

    /// What came of it.
    enum Outcome: CaseIterable {
        case stored, tooLong, unchangeable, undeletable, empty, missing
    }

    /// Runs of one request: a megabyte. Clients send some thousand items, of which few fail.
    static let runsMax = 1 << 17

    /// The code in the highest byte, and the number of items.
    private var runs: [UInt64] = []
    private static let countBits: UInt64 = 56
    /// The items that failed, and all.
    private(set) var failures = 0
    private(set) var count = 0

    /// Adds an item; false when there are too many runs.
    mutating func add(_ action: Action, _ outcome: Outcome) -> Bool {
        let code = UInt64(Self.code(action, outcome))
        if let last = runs.last, last >> Self.countBits == code {
            runs[runs.count - 1] += 1
        } else {
            guard runs.count < Self.runsMax else { return false }
            runs.append(code << Self.countBits | 1)
        }
        count += 1
        if outcome != .stored { failures += 1 }
        return true
    }

    private static func code(_ action: Action, _ outcome: Outcome) -> Int {
        let first = Action.allCases.firstIndex(of: action) ?? 0
        let second = Outcome.allCases.firstIndex(of: outcome) ?? 0
        return first * Outcome.allCases.count + second
    }

    // MARK: The answer

    /// The answer in Elasticsearch's words.
    func answer(took: Int64, lineBytesMax: Int) -> HTTPAnswer {
        let texts = Self.texts(lineBytesMax)
        let head = "{\"took\":\(took),\"errors\":\(failures > 0),\"items\":["
        let tail = "]}"
        var bytes = head.utf8.count + tail.utf8.count + max(count - 1, 0)
        for run in runs { bytes += texts[Self.code(run)].count * Self.items(run) }
        var answer = HTTPAnswer(200, contentType: HTTPAnswer.json)
        let text = BulkText(runs, texts, head: head, tail: tail)
        answer.stream = HTTPAnswer.Stream(bytes: bytes) { text.next() }
        return answer
    }

    fileprivate static func code(_ run: UInt64) -> Int { Int(run >> countBits) }

    fileprivate static func items(_ run: UInt64) -> Int { Int(run & (1 << countBits - 1)) }

    /// What an item says, by its code.
    private static func texts(_ lineBytesMax: Int) -> [[UInt8]] {
        Action.allCases.flatMap { action in
            Outcome.allCases.map { outcome in
                var text = "{\"\(action.rawValue)\":{\"status\":"
                switch failure(outcome, lineBytesMax) {
                case nil: text += "201"
                case (let status, let reason)?:
                    text += "\(status),\"error\":{\"type\":\"illegal_argument_exception\","
                    text += "\"reason\":\(HTTPAnswer.quoted(reason))}"
                }
                return Array((text + "}}").utf8)
            }
        }
    }

    private static func failure(_ outcome: Outcome, _ lineBytesMax: Int) -> (Int, String)? {
        switch outcome {
        case .stored: nil
        case .tooLong: (413, "a document has at most \(lineBytesMax) bytes")
        case .unchangeable: (400, "what is stored cannot be changed; use create or index")
        case .undeletable: (400, "what is stored is not deleted by its clients; use `weir erase`")
        case .empty: (400, "the document is empty")
        case .missing: (400, "the body ends before the document")
        }
    }
}

/// Makes the answer's text piece by piece. One task uses it.
private final class BulkText: @unchecked Sendable {
    private let runs: [UInt64]
    private let texts: [[UInt8]]
    private let head: String
    private let tail: String
    private var run = 0
    private var item = 0
    private var isBegun = false
    private var isEnded = false

    /// Enough for one write; a client that reads slowly holds no more.
    private static let pieceBytes = 1 << 16

    init(_ runs: [UInt64], _ texts: [[UInt8]], head: String, tail: String) {
        self.runs = runs
        self.texts = texts
        self.head = head
        self.tail = tail
    }

    func next() -> [UInt8]? {
        guard !isEnded else { return nil }
        var piece: [UInt8] = []
        if !isBegun {
            piece += head.utf8
            isBegun = true
        }
        while run < runs.count, piece.count < Self.pieceBytes {
            if run > 0 || item > 0 { piece.append(ASCII.comma) }
            piece += texts[BulkResults.code(runs[run])]
            item += 1
            if item == BulkResults.items(runs[run]) {
                run += 1
                item = 0
            }
        }
        if run == runs.count {
            piece += tail.utf8
            isEnded = true
        }
        return piece
    }
}
