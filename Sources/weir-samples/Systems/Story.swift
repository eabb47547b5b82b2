/// Milliseconds in a second, a minute, an hour: stories count their times from their start.
let second: Int64 = 1_000
let minute: Int64 = 60 * second
let hour: Int64 = 60 * minute

/// What happens in the log of a system: lines, each at its time, told in any order and written in that of their times.
struct Story {
    /// Spread of durations: those of look-ups scatter little.
    private static let spread = 0.3

    private let start: Instant
    private let latencies = LatencyTable(spread: Story.spread)
    /// What the lines take their random values from.
    var random: RandomSource
    private var told: [(time: Int64, line: [UInt8])] = []

    init(start: Instant, seed: UInt64) {
        self.start = start
        random = RandomSource(seed: seed)
    }

    /// The moment `offset` milliseconds after the start.
    func moment(_ offset: Int64) -> Instant {
        Instant(millisecondsSince1970: start.millisecondsSince1970 + offset)
    }

    /// Tells a line; `compose` gets the moment and an empty line.
    mutating func tell(at offset: Int64, _ compose: (Instant, JSONLine) -> JSONLine) {
        told.append((offset, compose(moment(offset), JSONLine()).ended()))
    }

    /// Does something once in each interval from `from` up to `to`, somewhere in the middle half of the interval; `body`
    /// gets the time and how often it was done before. The number of times is the same for every seed.
    mutating func repeated(
        every interval: Int64, from: Int64, to: Int64,
        _ body: (inout Story, _ at: Int64, _ number: Int) -> Void
    ) {
        var number = 0
        var next = from
        while next < to {
            let jitter = Int64(random.below(Int(interval / 2)))
            body(&self, next + interval / 4 + jitter, number)
            next += interval
            number += 1
        }
    }

    /// Does something at even distances, as machines do.
    mutating func ticked(
        every interval: Int64, from: Int64, to: Int64,
        _ body: (inout Story, _ at: Int64, _ number: Int) -> Void
    ) {
        var number = 0
        for time in stride(from: from, to: to, by: Int(interval)) {
            body(&self, time, number)
            number += 1
        }
    }

    /// A duration around `median` milliseconds.
    mutating func duration(around median: Int) -> Int {
        (latencies.sample(median: median * 100, using: &random) + 50) / 100
    }

    /// One of `choices`.
    mutating func choice<Element>(_ choices: [Element]) -> Element {
        choices[random.below(choices.count)]
    }

    /// A user's identifier, one of few: those who come again.
    mutating func user() -> String { "user_\(100 + random.skewed(below: 400))" }

    /// The lines in the order of their times; those of the same time as they were told.
    consuming func lines() -> [[UInt8]] {
        told.enumerated()
            .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element.line)
    }
}
