internal import LogSystem

/// Scans the parts of a store ahead of a consumer that takes them in order: other threads read, decode and filter some parts
/// while the caller's thread consumes those before.
///
/// `next` and `stop` belong to the thread that made the scan; parts that are bound to it are read by it.
final class OrderedScan: @unchecked Sendable {
    private enum State {
        case open
        case taken
        case done(ScannedPart)
    }

    private let parts: [any ScanPart]
    private let scanner: PartScanner
    private let lock = Lock()
    // Under the lock, all of them.
    private var states: [State]
    private var consumed = 0
    private var nextOpen = 0
    private var isStopped = false
    private var running = 0

    /// Parts for each thread that may be read before they are wanted: enough to even out their sizes, few enough for their
    /// columns to fit into memory.
    private static let partsAhead = 2

    private let window: Int

    /// Begins to scan `parts` with `threads` threads, the caller's counted.
    init(_ parts: [any ScanPart], _ scanner: PartScanner, threads: Int) {
        self.parts = parts
        self.scanner = scanner
        states = Array(repeating: .open, count: parts.count)
        let helpers = min(threads, parts.count) - 1
        window = Self.partsAhead * (max(helpers, 0) + 1)
        guard helpers > 0 else { return }
        for _ in 0..<helpers {
            lock.locked { running += 1 }
            if !WorkerThread.startIfPossible({ self.work() }) {
                lock.locked { running -= 1 }
            }
        }
    }

    private func work() {
        while let index = lock.locked({ takeAhead() }) {
            let result = scanner.scan(parts[index])
            lock.locked {
                states[index] = .done(result)
                lock.signal()
            }
        }
        lock.locked {
            running -= 1
            lock.signal()
        }
    }

    /// The next part to read, waiting while enough are ready; nil when there is none any more.
    private func takeAhead() -> Int? {
        while !isStopped {
            if let index = takeOpen(thread: .other) { return index }
            if nextOpen >= parts.count { return nil }
            _ = lock.wait()
        }
        return nil
    }

    private enum Thread {
        case caller, other
    }

    /// The first part that nobody has begun and that `thread` may read, if it is wanted soon; it is taken then.
    private func takeOpen(thread: Thread) -> Int? {
        while nextOpen < parts.count, !isOpen(nextOpen) { nextOpen += 1 }
        var index = nextOpen
        while index < min(consumed + window, parts.count) {
            if isOpen(index), thread == .caller || !parts[index].isThreadBound {
                states[index] = .taken
                return index
            }
            index += 1
        }
        return nil
    }

    private func isOpen(_ index: Int) -> Bool {
        if case .open = states[index] { return true }
        return false
    }

    /// What the caller's thread does about the part that it wants.
    private enum Step {
        case use(ScannedPart)
        case scan(Int)
    }

    /// The part `index`, scanned. While another thread is at it, the caller's reads one of those behind. Parts are asked for in
    /// order, each once.
    func next(_ index: Int) -> ScannedPart {
        while true {
            switch step(index) {
            case .use(let result): return result
            case .scan(let part):
                let result = scanner.scan(parts[part])
                if part == index { return result }
                lock.locked { states[part] = .done(result) }
            }
        }
    }

    private func step(_ index: Int) -> Step {
        lock.locked {
            if consumed != index {
                consumed = index
                lock.signal()
            }
            while true {
                switch states[index] {
                case .open:
                    states[index] = .taken
                    return .scan(index)
                case .done(let result):
                    states[index] = .taken
                    return .use(result)
                case .taken:
                    if let ahead = takeOpen(thread: .caller) { return .scan(ahead) }
                    _ = lock.wait()
                }
            }
        }
    }

    /// Ends the scan and waits until no other thread works on it.
    func stop() {
        lock.locked {
            isStopped = true
            lock.signal()
            while running > 0 { _ = lock.wait() }
        }
    }
}
