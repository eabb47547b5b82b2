import Testing

@testable import LogPipeline

@Suite struct SilenceClockTests {
    private let second: Int64 = 1_000_000_000
    private let noon: Int64 = 1_737_201_600_000_000_000

    @Test func timeGoesOnAfterTheGraceOneTickAtATime() {
        var clock = SilenceClock()
        clock.hear(eventTime: noon, arrival: noon + 2 * second, instant: 100 * second)
        let due = 100 * second + SilenceClock.grace + SilenceClock.tick
        #expect(clock.due == due)
        #expect(clock.eventTime(at: due - 1) == nil)
        #expect(clock.eventTime(at: due) == noon + SilenceClock.tick)
        #expect(clock.eventTime(at: due) == nil)
        #expect(clock.eventTime(at: due + 30 * second) == noon + 31 * second)
    }

    @Test func aRecordStartsTheWaitAnew() {
        var clock = SilenceClock()
        clock.hear(eventTime: noon, arrival: noon, instant: 0)
        clock.hear(eventTime: noon + 50 * second, arrival: noon + 50 * second, instant: 50 * second)
        #expect(clock.eventTime(at: 65 * second) == nil)
        #expect(clock.eventTime(at: 75 * second) == noon + 60 * second)
    }

    @Test(arguments: [
        -SilenceClock.liveDistance - 1, SilenceClock.liveDistance + 1, 86_400_000_000_000,
    ])
    func theTimeOfAReplayStandsStill(age: Int64) {
        var clock = SilenceClock()
        clock.hear(eventTime: noon, arrival: noon + age, instant: 0)
        #expect(clock.due == nil)
        #expect(clock.eventTime(at: .max) == nil)
    }

    @Test func absurdTimesAreNoLiveStream() {
        var clock = SilenceClock()
        clock.hear(eventTime: .min, arrival: noon, instant: 0)
        #expect(clock.due == nil)
        clock.hear(eventTime: nil, arrival: noon, instant: 0)
        #expect(clock.due == nil)
    }
}
