import LogSystem
import TestSupport
import Testing

@Suite struct LockTests {
    /// What a lock guards.
    private final class Guarded: @unchecked Sendable {
        let lock = Lock()
        var number = 0
        var log: [Int] = []
    }

    @Test func oneThreadAtATimeIsInside() throws {
        let guarded = Guarded()
        let threads = (0..<4).map { _ in
            Background {
                for _ in 0..<20_000 { guarded.lock.locked { guarded.number += 1 } }
                return true
            }
        }
        for thread in threads { #expect(try thread.result()) }
        #expect(guarded.number == 80_000)
    }

    @Test func anErrorOpensTheLock() throws {
        struct Failure: Error {}
        let guarded = Guarded()
        #expect(throws: Failure.self) { try guarded.lock.locked { throw Failure() } }
        let other = Background { guarded.lock.locked { 5 } }
        #expect(try other.result() == 5)
    }

    /// Two threads take turns; each waits for the other's signal, and the lock is free while it waits.
    @Test func aSignalWakesWhoWaits() throws {
        let guarded = Guarded()
        let threads = (0..<2).map { own in
            Background {
                for turn in 0..<500 {
                    guarded.lock.locked {
                        while guarded.number != turn * 2 + own { _ = guarded.lock.wait() }
                        guarded.log.append(own)
                        guarded.number += 1
                        guarded.lock.signal()
                    }
                }
                return true
            }
        }
        for thread in threads { #expect(try thread.result()) }
        #expect(guarded.log == (0..<1_000).map { $0 % 2 })
    }

    @Test func oneSignalWakesAll() throws {
        let guarded = Guarded()
        let threads = (0..<5).map { _ in
            Background {
                guarded.lock.locked {
                    guarded.number += 1
                    guarded.lock.signal()
                    while guarded.number < 6 { _ = guarded.lock.wait() }
                    return true
                }
            }
        }
        guarded.lock.locked {
            while guarded.number < 5 { _ = guarded.lock.wait() }
            guarded.number = 6
            guarded.lock.signal()
        }
        for thread in threads { #expect(try thread.result()) }
    }

    @Test func waitingEndsAtTheDeadline() {
        let guarded = Guarded()
        let clock = SystemClock()
        let deadline = clock.monotonic() + 1_000_000
        let results = guarded.lock.locked {
            var isSignalled = true
            // A wait may end without cause; only the deadline gives false.
            while isSignalled { isSignalled = guarded.lock.wait(until: deadline) }
            return [clock.monotonic() >= deadline, guarded.lock.wait(until: 0)]
        }
        #expect(results == [true, false])
    }
}
