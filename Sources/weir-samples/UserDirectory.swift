/// The users who appear in the lines: `user_0` to `user_100002`, a few of them very busy.
enum UserDirectory {
    /// How many users there are.
    private static let count = 100_000

    /// The smallest prime above `count`: multiplying modulo a prime spreads the busy users over
    /// all numbers without making two of them equal.
    private static let prime = 100_003
    private static let multiplier = 7919

    /// The number of the busiest user.
    private static let busiest = 456

    /// Picks the number of a user; the busiest has about one pick in fifty.
    static func pick(using random: inout RandomSource) -> Int {
        (random.skewed(below: count) * multiplier + busiest) % prime
    }

    /// Appends a user's identifier, e.g. `user_456`.
    static func append(to buffer: inout LineBuffer, using random: inout RandomSource) {
        append(pick(using: &random), to: &buffer)
    }

    /// Appends the identifier of the user with that number.
    static func append(_ user: Int, to buffer: inout LineBuffer) {
        buffer.append("user_")
        buffer.append(number: user)
    }
}
