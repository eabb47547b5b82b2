import Glibc
import LogSystem
import Synchronization
import TestSupport
import Testing

@Suite struct WorkerThreadTests {
    @Test func theBodyRunsOnAThreadOfItsOwn() throws {
        let own = UInt(pthread_self())
        let others = [Background { UInt(pthread_self()) }, Background { UInt(pthread_self()) }]
        for other in others { #expect(try other.result() != own) }
    }

    @Test func theCallerGoesOnWhileTheBodyWaits() throws {
        let gate = BoundedQueue<Int>(capacity: 1)
        let waiting = Background {
            if case .element(let element) = gate.take() { element } else { 0 }
        }
        #expect(gate.put(3))
        #expect(try waiting.result() == 3)
    }

    /// A source's thread must not keep the pipeline in memory.
    @Test func whatTheBodyHeldIsFreedAtItsEnd() {
        final class Held: Sendable {
            let gone: BoundedQueue<Bool>
            init(_ gone: BoundedQueue<Bool>) { self.gone = gone }
            deinit { _ = gone.put(true) }
        }
        let gone = BoundedQueue<Bool>(capacity: 100)
        for _ in 0..<100 {
            let held = Held(gone)
            WorkerThread.start { withExtendedLifetime(held) {} }
        }
        // Only a test that has failed waits until the deadline.
        let deadline = SystemClock().monotonic() + 60_000_000_000
        var freed = 0
        while freed < 100, case .element = gone.take(until: deadline) { freed += 1 }
        #expect(freed == 100)
    }
}
