import Testing

@testable import LogServer

@Suite struct RateLimiterTests {
    private let second: Int64 = 1_000_000_000

    @Test func aBucketEmptiesAndFills() {
        let limiter = RateLimiter(linesPerSecond: 100)
        #expect(limiter.delay("a", now: 0) == nil)
        limiter.spend(1_000, "a", now: 0)
        #expect(limiter.delay("a", now: 0) == 1)
        #expect(limiter.delay("b", now: 0) == nil)
        #expect(limiter.delay("a", now: second) == nil)
        // A large request is a debt, to be paid before the next one.
        limiter.spend(1_000, "a", now: second)
        #expect(limiter.delay("a", now: second) == 10)
        #expect(limiter.delay("a", now: 5 * second) == 6)
        #expect(limiter.delay("a", now: 11 * second) == nil)
        // Time that steps back fills nothing.
        limiter.spend(1_100, "b", now: 10 * second)
        #expect(limiter.delay("b", now: 0) == 2)
    }

    @Test func aFloodOfWritersIsBounded() {
        let limiter = RateLimiter(linesPerSecond: 1)
        limiter.spend(100, "debtor", now: 0)
        for number in 0..<RateLimiter.bucketsMax * 2 { _ = limiter.delay("\(number)", now: 0) }
        // Those with full buckets went first.
        #expect(limiter.delay("debtor", now: 0) != nil)
    }

    @Test func aFloodOfDebtorsForgetsTheSmallOnes() {
        let limiter = RateLimiter(linesPerSecond: 1)
        limiter.spend(100_000, "debtor", now: 0)
        for number in 0..<RateLimiter.bucketsMax * 3 {
            limiter.spend(20, "\(number)", now: 0)
        }
        #expect(limiter.delay("debtor", now: 0) == Int(RateLimiter.delayMax))
        // Those that owe the same are forgotten in no order, and no more of them than has to be.
        let known = (0..<RateLimiter.bucketsMax * 3).count {
            limiter.delay("\($0)", now: 0) != nil
        }
        #expect(known > RateLimiter.bucketsMax * 3 / 4)
        #expect(known < RateLimiter.bucketsMax)
    }
}
