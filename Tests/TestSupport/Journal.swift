internal import LogSystem

/// What threads of a server tell a test.
public final class Journal<Element: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var elements: [Element] = []

    /// An empty one.
    public init() {}

    /// Appends, and wakes who waits.
    public func add(_ element: Element) {
        lock.locked {
            elements.append(element)
            lock.signal()
        }
    }

    /// What was told so far.
    public var all: [Element] { lock.locked { elements } }

    /// Waits until there are `count`; a test that fails gives up after a minute.
    public func wait(for count: Int) -> [Element] {
        let deadline = SystemClock().monotonic() + 60_000_000_000
        return lock.locked {
            while elements.count < count, lock.wait(until: deadline) {}
            return elements
        }
    }
}
