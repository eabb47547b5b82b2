internal import LogSystem
public import Testing

/// Work on a thread of its own, whose result a test waits for.
public final class Background<Value: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var isRunning = false
    private var value: Value?

    /// A test that has failed ends after so long instead of hanging; one that passes never waits for it (nanoseconds).
    private static var patience: Int64 { 60_000_000_000 }

    /// Starts `body` and returns when it has begun.
    public init(_ body: @escaping @Sendable () -> Value) {
        WorkerThread.start { [self] in
            announce { isRunning = true }
            let result = body()
            announce { value = result }
        }
        lock.locked {
            while !isRunning { _ = lock.wait() }
        }
    }

    private func announce(_ change: () -> Void) {
        lock.locked {
            change()
            lock.signal()
        }
    }

    /// What `body` returned; throws, having recorded an issue, when it does not come to its end.
    public func result(_ location: SourceLocation = #_sourceLocation) throws -> Value {
        let deadline = SystemClock().monotonic() + Self.patience
        let result = lock.locked {
            while value == nil {
                if !lock.wait(until: deadline) { break }
            }
            return value
        }
        return try #require(result, "the thread never came to its end", sourceLocation: location)
    }
}
