/// The sample log of a system that ships with its rules in `sample-logs/<name>`: usual traffic, and an incident that makes
/// every alert of the system fire, level up, and resolve.
struct SystemSample: Sendable {
    /// The name of its directory.
    let name: String
    /// When the log begins.
    let start: Instant
    /// Tells what happens.
    let tell: @Sendable (inout Story) -> Void

    /// The systems, one line each.
    static let all = [brainOps, boulderFest, prismAI, rose, agentFactory]

    /// The whole log.
    func lines(seed: UInt64) -> [[UInt8]] {
        var story = Story(start: start, seed: seed)
        tell(&story)
        return story.lines()
    }
}
