import LogSystem
import Synchronization
import TestSupport
import Testing

@Suite struct BoundedQueueTests {
    /// The elements that come out until the queue is closed or, at a passed deadline, empty.
    private func drain(_ queue: BoundedQueue<Int>, until deadline: Int64? = nil) -> [Int] {
        var found: [Int] = []
        while case .element(let element) = queue.take(until: deadline) { found.append(element) }
        return found
    }

    private func isTimedOut(_ taken: BoundedQueue<Int>.Taken) -> Bool {
        if case .timedOut = taken { true } else { false }
    }

    private func isClosed(_ taken: BoundedQueue<Int>.Taken) -> Bool {
        if case .closed = taken { true } else { false }
    }

    @Test func elementsComeOutInTheOrderTheyWentIn() {
        let queue = BoundedQueue<Int>(capacity: 4)
        var random = SeededGenerator(seed: 1)
        var next = 0
        var want: [Int] = []
        for _ in 0..<1_000 {
            if random.below(2) == 0, want.count < 4 {
                #expect(queue.put(next))
                want.append(next)
                next += 1
            } else if case .element(let element) = queue.take(until: 0) {
                #expect(element == want.removeFirst())
            } else {
                #expect(want.isEmpty)
            }
        }
        #expect(drain(queue, until: 0) == want)
    }

    @Test func offerIsRefusedWhenFull() {
        func check(_ capacity: Int, _ room: Int) {
            let queue = BoundedQueue<Int>(capacity: capacity)
            for element in 0..<room { #expect(queue.offer(element)) }
            #expect(!queue.offer(room), "capacity \(capacity)")
            #expect(drain(queue, until: 0) == Array(0..<room))
            #expect(queue.offer(9))
        }
        check(1, 1)
        check(3, 3)
        // A queue for nothing would make its senders wait for ever.
        check(0, 1)
        check(-1, 1)
    }

    /// The sender says when an element is in; it is never further ahead than the queue is long.
    @Test func aSenderWaitsWhileTheQueueIsFull() throws {
        let queue = BoundedQueue<Int>(capacity: 3)
        let accepted = Mutex(0)
        let sender = Background {
            for element in 0..<20_000 {
                guard queue.put(element) else { return false }
                accepted.withLock { $0 = element + 1 }
            }
            queue.close()
            return true
        }
        var taken = 0
        var furthest = 0
        while case .element(let element) = queue.take() {
            // Nobody took more between the take and this look.
            furthest = max(furthest, accepted.withLock { $0 } - (taken + 1))
            if element != taken { Issue.record("\(element) came in place of \(taken)") }
            taken += 1
        }
        #expect(try sender.result())
        #expect(taken == 20_000)
        #expect(furthest <= 3)
    }

    /// Nothing is ever taken here, so a `put` that does not wait for room would succeed.
    @Test func aWaitingSenderGivesUpWhenTheQueueCloses() throws {
        for _ in 0..<200 {
            let queue = BoundedQueue<Int>(capacity: 1)
            #expect(queue.put(1))
            let sender = Background { queue.put(2) }
            queue.close()
            #expect(try !sender.result())
            #expect(drain(queue) == [1])
        }
    }

    @Test func aWaitingTakerGetsWhatComes() throws {
        let queue = BoundedQueue<Int>(capacity: 1)
        for deadline in [nil, Int64.max] {
            let taker = Background {
                if case .element(7) = queue.take(until: deadline) { true } else { false }
            }
            #expect(queue.put(7))
            #expect(try taker.result())
        }
    }

    @Test func aWaitingTakerEndsWhenTheQueueCloses() throws {
        let queue = BoundedQueue<Int>(capacity: 1)
        let takers = (0..<3).map { _ in
            Background { if case .closed = queue.take() { true } else { false } }
        }
        queue.close()
        for taker in takers { #expect(try taker.result()) }
    }

    @Test func closingLeavesWhatIsThereToTheTakers() {
        let queue = BoundedQueue<Int>(capacity: 3)
        #expect(queue.put(1))
        #expect(queue.put(2))
        queue.close()
        #expect(!queue.put(3))
        #expect(!queue.offer(4))
        #expect(drain(queue) == [1, 2])
        #expect(isClosed(queue.take()))
        #expect(isClosed(queue.take(until: 0)))
        queue.close()
        #expect(isClosed(queue.take()))
    }

    @Test func takingEndsAtTheDeadline() {
        let queue = BoundedQueue<Int>(capacity: 1)
        #expect(isTimedOut(queue.take(until: 0)))
        #expect(isTimedOut(queue.take(until: -5)))
        let clock = SystemClock()
        let deadline = clock.monotonic() + 1_000_000
        #expect(isTimedOut(queue.take(until: deadline)))
        #expect(clock.monotonic() >= deadline)
        // What is there is given out, however late it is.
        #expect(queue.put(5))
        #expect(drain(queue, until: 0) == [5])
    }

    @Test func manySendersAndTakersLoseAndDoubleNothing() throws {
        let queue = BoundedQueue<Int>(capacity: 2)
        let takers = (0..<3).map { _ in
            Background {
                var found: [Int] = []
                while case .element(let element) = queue.take() { found.append(element) }
                return found
            }
        }
        let senders = (0..<4).map { sender in
            Background { (0..<1_000).allSatisfy { queue.put(sender * 1_000 + $0) } }
        }
        for sender in senders { #expect(try sender.result()) }
        queue.close()
        let found = try takers.map { try $0.result() }
        #expect(found.flatMap(\.self).sorted() == Array(0..<4_000))
        for elements in found {
            for sender in 0..<4 {
                let own = elements.filter { $0 / 1_000 == sender }
                #expect(own == own.sorted(), "a sender's elements were overtaken")
            }
        }
    }
}
