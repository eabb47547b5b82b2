import ArgumentParser

/// Writes log lines in the house format to standard output: what `weir-samples` does unless told otherwise.
struct HouseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "house",
        abstract: "Writes log lines in the house format: made up, realistic, the same every time.",
        discussion: """
            The same options give the same bytes on any machine. Times spread over the range \
            from --start to --end with a daily rhythm and a disorder of at most 300 ms. In the \
            middle of the range an incident makes two endpoints slow and failing; after three \
            quarters of it one address tries passwords.

            EXAMPLES
              weir-samples > house.ndjson
              weir-samples --lines 10000000 --seed 7 | weir ingest
              weir-samples --lines 2000000 --start 2025-01-12T00:00:00Z \\
                --end 2025-01-19T00:00:00Z
              weir-samples --incident-at 2025-01-18T12:10:00Z --incident-minutes 15
              weir-samples --no-incident --no-brute-force
            """)

    @Option(help: ArgumentHelp("How many lines to write.", valueName: "n"))
    var lines = 3_500

    @Option(help: ArgumentHelp("The seed: another one gives other lines.", valueName: "s"))
    var seed: UInt64 = 42

    @Option(help: ArgumentHelp("The time of the first lines (RFC 3339).", valueName: "time"))
    var start = Instant(millisecondsSince1970: 1_737_201_600_000)

    @Option(help: ArgumentHelp("The time at which the lines end (RFC 3339).", valueName: "time"))
    var end = Instant(millisecondsSince1970: 1_737_205_200_000)

    @Option(
        help: ArgumentHelp(
            "When the incident begins (RFC 3339; default: such that it is in the middle).",
            valueName: "time"))
    var incidentAt: Instant?

    @Option(
        help: ArgumentHelp(
            "How long the incident lasts (default: 8, at most a quarter of the range).",
            valueName: "minutes"))
    var incidentMinutes: Int?

    @Flag(help: "Write no incident: no burst of 5xx answers and slow calls.")
    var noIncident = false

    @Flag(help: "Write no series of failed logins from one address.")
    var noBruteForce = false

    /// Refuses what cannot be meant, with a message for a person.
    func validate() throws {
        if !(0...SamplePlan.linesMax).contains(lines) {
            throw ValidationError(
                "--lines is \(lines); it must be from 0 to \(SamplePlan.linesMax).")
        }
        let range = end.millisecondsSince1970 - start.millisecondsSince1970
        if range <= 0 {
            throw ValidationError("--end must be later than --start.")
        }
        if range > SamplePlan.rangeMillisecondsMax {
            throw ValidationError("The range from --start to --end is longer than 10 years.")
        }
        if let incidentMinutes, !(1...SamplePlan.incidentMinutesMax).contains(incidentMinutes) {
            throw ValidationError(
                "--incident-minutes is \(incidentMinutes); it must be from 1 to "
                    + "\(SamplePlan.incidentMinutesMax).")
        }
        if noIncident, incidentAt != nil || incidentMinutes != nil {
            throw ValidationError(
                "--no-incident contradicts --incident-at and --incident-minutes.")
        }
    }

    /// Writes the lines; memory stays at one output buffer whatever `--lines` says.
    func run() throws {
        let plan = SamplePlan(
            lines: lines, seed: seed, start: start, end: end,
            incident: noIncident
                ? nil : .planned(from: start, to: end, at: incidentAt, minutes: incidentMinutes),
            bruteForce: noBruteForce ? nil : .planned(from: start, to: end))
        var stream = SampleStream(plan)
        let output = Output.standard
        var buffer = LineBuffer(capacity: Output.chunkBytes + Output.lineBytesMax)
        while stream.appendNext(to: &buffer) {
            if buffer.bytes.count >= Output.chunkBytes {
                try output.write(buffer.bytes)
                buffer.removeAll()
            }
        }
        try output.write(buffer.bytes)
    }
}
