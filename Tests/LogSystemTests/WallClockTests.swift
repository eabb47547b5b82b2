import Foundation
import LogSystem
import TestSupport
import Testing

@Suite struct WallClockTests {
    @Test func aManualClockStandsStillUntilItIsMoved() throws {
        let clock = ManualClock(1_000)
        #expect([clock.now(), clock.now(), clock.monotonic()] == [1_000, 1_000, 1_000])
        clock.advance(5)
        #expect([clock.now(), clock.monotonic()] == [1_005, 1_005])
        // As a machine's clock that somebody sets back.
        clock.advance(-10)
        #expect(clock.now() == 995)
        clock.leap(700)
        #expect([clock.now(), clock.monotonic(), clock.sinceBoot()] == [1_695, 995, 995])
        clock.leap(-700)
        let threads = (0..<4).map { _ in
            Background {
                for _ in 0..<1_000 { clock.advance(1) }
                return true
            }
        }
        for thread in threads { #expect(try thread.result()) }
        #expect(clock.now() == 4_995)
    }

    @Test func theMonotonicClockNeverStepsBack() throws {
        let clock = SystemClock()
        var before = clock.monotonic()
        var stepsBack = 0
        for _ in 0..<100_000 {
            let now = clock.monotonic()
            if now < before { stepsBack += 1 }
            before = now
        }
        #expect(stepsBack == 0)
        // Sleep counts there, and nothing is subtracted.
        #expect(clock.sinceBoot() >= before)
        // All threads see the same clock.
        let elsewhere = try Background { clock.monotonic() }.result()
        #expect(before <= elsewhere)
        #expect(elsewhere <= clock.monotonic())
    }

    /// As another library reads it; a second of room for a clock that is set meanwhile.
    @Test func theSystemClockTellsTheTimeOfDay() {
        let want = Date().timeIntervalSince1970
        #expect(abs(Double(SystemClock().now()) / 1e9 - want) < 1)
    }
}
