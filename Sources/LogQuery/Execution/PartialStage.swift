internal import LogSystem

/// A pipe whose work several threads can begin, each on some rows, and one ends: what it knows of rows can be added up.
public protocol PartialPipe: Pipe {
    /// The pipe at work on some rows; `next` sees nothing before `finish`.
    func makePartialStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any PartialStage
}

/// The stage of a `PartialPipe`.
public protocol PartialStage: RowConsumer {
    /// Adds what `other`, of the same pipe, knows of rows that come after this one's.
    func merge(_ other: any PartialStage) throws
}

/// Runs the row-wise pipes of a query and the partial one behind them over the parts of a store, on several threads.
final class PartialScan: @unchecked Sendable {
    private let scanner: PartScanner
    private let pipes: ArraySlice<any Pipe>
    private let last: any PartialPipe
    private let budget: MemoryBudget
    private let lock = Lock()
    /// Threads at work besides the caller's; under the lock.
    private var running = 0

    /// - Parameter pipes: those before `last`, each row-wise.
    init(
        _ scanner: PartScanner, pipes: ArraySlice<any Pipe>, last: any PartialPipe,
        _ budget: MemoryBudget
    ) {
        self.scanner = scanner
        self.pipes = pipes
        self.last = last
        self.budget = budget
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
        let shares = split(parts, threads: threads).enumerated().map { index, parts in
            Share(
                parts, last.makePartialStage(index == 0 ? next : Nowhere(), budget))
        }
        for share in shares.dropFirst() {
            lock.locked { running += 1 }
            let isStarted = WorkerThread.startIfPossible {
                self.work(share)
                self.lock.locked {
                    self.running -= 1
                    self.lock.signal()
                }
            }
            if isStarted { continue }
            lock.locked { running -= 1 }
            work(share)
        }
        work(shares[0])
        lock.locked { while running > 0 { _ = lock.wait() } }
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

    private func work(_ share: Share) {
        let first = pipes.reversed().reduce(share.stage as any RowConsumer) {
            $1.makeStage($0, budget)
        }
        do {
            for part in share.parts {
                let scanned = scanner.scan(part)
                share.report.add(scanned.report)
                if let fault = scanned.fault { share.report.faults.append(fault) }
                if let failure = scanned.failure { throw failure }
                for block in scanned.blocks {
                    if try first.consume(block.slice) == .stop { return }
                }
            }
        } catch let fault as ScanFault {
            share.report.faults.append(fault)
        } catch {
            share.failure = error
        }
    }
}

/// Takes nothing: behind the stages of all threads but one.
private final class Nowhere: RowConsumer {
    func consume(_ slice: RowSlice) -> ScanControl { .proceed }
    func finish() {}
}
