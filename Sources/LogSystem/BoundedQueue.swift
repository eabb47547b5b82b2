/// A queue of at most `capacity` elements between threads. A full queue makes the sender wait: backpressure.
public final class BoundedQueue<Element>: @unchecked Sendable {
    /// What taking from a queue found.
    public enum Taken {
        case element(Element)
        /// The deadline passed first.
        case timedOut
        /// The queue is closed and empty: there will be no more.
        case closed
    }

    private let lock = Lock()
    private let capacity: Int
    private var elements: [Element] = []
    private var isClosed = false

    /// An empty queue for at most `capacity` elements.
    public init(capacity: Int) { self.capacity = max(capacity, 1) }

    /// Adds an element, waiting while the queue is full. False when the queue is closed; the element is dropped then.
    public func put(_ element: Element) -> Bool {
        lock.locked {
            while elements.count >= capacity, !isClosed { _ = lock.wait() }
            if isClosed { return false }
            elements.append(element)
            lock.signal()
            return true
        }
    }

    /// Adds an element if there is room, without waiting. False when the queue is full or closed.
    public func offer(_ element: Element) -> Bool {
        lock.locked {
            if isClosed || elements.count >= capacity { return false }
            elements.append(element)
            lock.signal()
            return true
        }
    }

    /// Takes the oldest element, waiting for one until the monotonic time `deadline` (nil: for ever).
    public func take(until deadline: Int64? = nil) -> Taken {
        lock.locked {
            while elements.isEmpty {
                if isClosed { return .closed }
                if !lock.wait(until: deadline), elements.isEmpty {
                    return isClosed ? .closed : .timedOut
                }
            }
            let first = elements.removeFirst()
            lock.signal()
            return .element(first)
        }
    }

    /// Lets takers drain what is there and senders give up.
    public func close() {
        lock.locked {
            isClosed = true
            lock.signal()
        }
    }
}
