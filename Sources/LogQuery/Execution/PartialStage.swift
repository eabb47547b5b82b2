internal import LogSystem

/// A stage whose work several threads can begin, each on some rows, and one ends: what it knows of rows can be added up.
public protocol PartialStage: RowConsumer {
    /// Adds what `other`, of the same pipe, knows of rows that come after this one's.
    func merge(_ other: any PartialStage) throws
}

/// Runs the row-wise pipes of a query and the partial one behind them over the parts of a store, on several threads.
final class PartialScan: @unchecked Sendable {
    private let scanner: PartScanner
    private let pipes: ArraySlice<any Pipe>
    private let last: any Pipe
    private let budget: MemoryBudget
    private let lock = Lock()
    private let recorder: ScanRecorder?
    // Under the lock, both of them: threads at work besides the caller's, and whether all are to end.
    private var running = 0
    private var isStopped = false

    /// - Parameter pipes: those before `last`, each row-wise.
    init(
        _ scanner: PartScanner, _ pipes: ArraySlice<any Pipe>, _ last: any Pipe,
        _ budget: MemoryBudget, _ recorder: ScanRecorder?
    ) {
        self.scanner = scanner
        self.pipes = pipes
        self.last = last
        self.budget = budget
        self.recorder = recorder
    }

    /// One thread's share of the work.
    private final class Share: @unchecked Sendable {
        let parts: [any ScanPart]
        let stage: any PartialStage
        var report = QueryReport()
        var failure: (any Error)?

        init(_ parts: [any ScanPart], _ stage: any PartialStage) {
            self.parts = parts
            self.stage = stage
        }
    }

    /// Pushes all rows of `parts` through the pipes; what comes out goes to `next`, whose `finish` is called at the end.
    ///
    /// Each thread has parts that lie side by side, and their results are added in order: so an answer does not depend on which
    /// thread was faster.
    func run(
        _ parts: [any ScanPart], threads: Int, into next: any RowConsumer
    ) throws -> QueryReport {
        let shares = split(parts, threads: threads).enumerated().map { index, parts -> Share in
            guard let stage = last.makePartialStage(index == 0 ? next : Nowhere(), budget) else {
                preconditionFailure("BUG: a partial pipe without a partial stage")
            }
            return Share(parts, stage)
        }
        for share in shares.dropFirst() {
            lock.locked { running += 1 }
            let isStarted = WorkerThread.startIfPossible {
                self.work(share, isCaller: false)
                self.lock.locked {
                    self.running -= 1
                    self.lock.signal()
                }
            }
            if isStarted { continue }
            lock.locked { running -= 1 }
            work(share, isCaller: true)
        }
        work(shares[0], isCaller: true)
        waitForOthers(shares[0])
        var report = QueryReport()
        for share in shares {
            if let failure = share.failure { throw failure }
            report.add(share.report)
        }
        for share in shares.dropFirst() { try shares[0].stage.merge(share.stage) }
        try shares[0].stage.finish()
        return report
    }

    /// Cuts `parts` into as many runs as there are threads, of about as many rows each; bound parts are the first run's.
    private func split(_ parts: [any ScanPart], threads: Int) -> [[any ScanPart]] {
        let free = parts.filter { !$0.isThreadBound }
        var runs: [[any ScanPart]] = [parts.filter(\.isThreadBound)]
        let total = parts.reduce(0) { $0 + $1.rowCount }
        let share = total / max(min(threads, parts.count), 1) + 1
        var filled = runs[0].reduce(0) { $0 + $1.rowCount }
        for part in free {
            // A part goes where its middle lies.
            if filled + part.rowCount / 2 > share * runs.count, runs.count < threads {
                runs.append([])
            }
            runs[runs.count - 1].append(part)
            filled += part.rowCount
        }
        return runs
    }

    /// How often the caller looks whether the query is to end while it waits for others, nanoseconds.
    private static let patience: Int64 = 50_000_000

    private func waitForOthers(_ own: Share) {
        let clock = SystemClock()
        while true {
            let isOver = lock.locked {
                if running > 0 { _ = lock.wait(until: clock.monotonic() + Self.patience) }
                return running == 0
            }
            if isOver { return }
            do {
                try lock.locked { try recorder?.beginPart() }
            } catch {
                own.failure = own.failure ?? error
                lock.locked { isStopped = true }
            }
        }
    }

    /// Works off a share; the caller's thread also asks the recorder whether to go on.
    private func work(_ share: Share, isCaller: Bool) {
        let first = pipes.reversed().reduce(share.stage as any RowConsumer) {
            $1.makeStage($0, budget)
        }
        do {
            for part in share.parts {
                if lock.locked({ isStopped }) { return }
                if isCaller { try lock.locked { try recorder?.beginPart() } }
                let scanned = scanner.scan(part)
                if let recorder { lock.locked { recorder.add(part, scanned) } }
                share.report.add(scanned.report)
                if let fault = scanned.fault { share.report.faults.append(fault) }
                if let failure = scanned.failure { throw failure }
                if try push(scanned, into: first, share) == .stop { return }
            }
        } catch {
            share.failure = error
            // No other's work is of use any more.
            lock.locked { isStopped = true }
        }
    }

    /// Pushes the matching rows of a part into the pipes; what they find damaged costs the rest of this part only.
    private func push(
        _ scanned: ScannedPart, into first: any RowConsumer, _ share: Share
    ) throws -> ScanControl {
        let start = recorder?.now ?? 0
        defer {
            if let recorder { lock.locked { recorder.add(recorder.now - start, to: .pipes) } }
        }
        do {
            for block in scanned.blocks {
                if try first.consume(block.slice) == .stop { return .stop }
            }
        } catch let fault as ScanFault {
            share.report.faults.append(fault)
        }
        return .proceed
    }
}

/// Takes nothing: behind the stages of all threads but one.
private final class Nowhere: RowConsumer {
    func consume(_ slice: RowSlice) -> ScanControl { .proceed }
    func finish() {}
}
