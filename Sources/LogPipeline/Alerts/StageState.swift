internal import LogBytes
internal import LogMetrics
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// What metrics, rules and the alert desk know, through restarts.
///
/// Two snapshots hold it, each with the sequence number up to which it has seen all lines: `stream` (metrics and the windows of
/// rules: large, written before lines leave the journal and every `interval`) and `alerts` (the desk: small, written with the
/// commit that follows each change). At a start the lines behind them come out of the journal again. So each line counts once,
/// and the desk hears of each transition once, wherever a process ended.
final class StageState: LineObserver {
    private var metrics: StreamMetrics
    private let classNames: [String]
    private let alerts: AlertStage
    private let directory: String
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let report: @Sendable (String) -> Void
    /// Lines below it are known to metrics and rules, and to the desk.
    private var streamEnd: UInt64 = 0
    private var alertsEnd: UInt64 = 0
    private var streamDue: Int64
    private var alertsDue = Int64.min
    private var failure: String?

    /// How often `stream` is written although nothing is sealed (30 s): at most so much is scanned again at a start.
    private static let interval = 30 * Timestamp.second
    /// How often a large `alerts` is written: it takes milliseconds then.
    private static let largeInterval = Timestamp.second
    private static let largeBytes = 1 << 20

    /// Reads the snapshots of `directory` into stages that have seen nothing. What cannot be read is told, and begins anew.
    init(
        metrics: StreamMetrics, classNames: [String], alerts: AlertStage, directory: String,
        fileSystem: any FileSystem, clock: any WallClock,
        report: @escaping @Sendable (String) -> Void
    ) throws(StoreError) {
        self.metrics = metrics
        self.classNames = classNames
        self.alerts = alerts
        self.directory = directory
        self.fileSystem = fileSystem
        self.clock = clock
        self.report = report
        streamDue = clock.monotonic() + Self.interval
        if let snapshot = try read(.stream) {
            streamEnd = snapshot.sequence
            restore("metrics", snapshot) { reader throws(MalformedBytes) in
                try metrics.restore(from: &reader)
            }
            restore("rules", snapshot) { reader throws(MalformedBytes) in
                try alerts.restoreEngine(from: &reader)
            }
        }
        let saved = try read(.alerts)
        alerts.noteSaved(file: AlertFilePath.path(saved))
        if let snapshot = saved {
            alertsEnd = snapshot.sequence
            restore("desk", snapshot) { reader throws(MalformedBytes) in
                try alerts.restoreDesk(from: &reader)
            }
        }
    }

    private func read(_ kind: StateSnapshot.Kind) throws(StoreError) -> StateSnapshot? {
        do throws(StoreError) {
            return try StateSnapshot.read(kind, directory: directory, fileSystem: fileSystem)
        } catch {
            guard case .damaged(let file, _, let what) = error else { throw error }
            report(
                "\(file): \(what); what it held begins anew (\(kind.rawValue)), no line is lost")
            return nil
        }
    }

    private func restore(
        _ name: String, _ snapshot: StateSnapshot,
        _ body: (inout ByteReader) throws(MalformedBytes) -> Void
    ) {
        guard let bytes = snapshot[name] else { return }
        do throws(MalformedBytes) {
            try bytes.withView { view throws(MalformedBytes) in
                var reader = ByteReader(view)
                try body(&reader)
            }
        } catch {
            report("the saved state of \(name) cannot be read (\(error.what)); it begins anew")
        }
    }

    /// Goes on with other definitions of metrics: series of those that are the same go on, too.
    func reload(_ definitions: [MetricDefinition]) -> StreamMetrics {
        var bytes = ByteWriter(capacity: 1 << 16)
        metrics.snapshot(into: &bytes)
        let fresh = StreamMetrics(
            definitions: definitions, classNames: classNames, columns: metrics.columns)
        var reader = ByteReader(bytes.view)
        do throws(MalformedBytes) {
            try fresh.restore(from: &reader)
        } catch {
            report("the metrics cannot be taken over (\(error.what)); they begin anew")
        }
        metrics = fresh
        return fresh
    }

    // MARK: Lines

    func replay(_ batch: RecordBatch, sequence: UInt64) {
        guard sequence >= streamEnd else { return }
        metrics.observe(batch)
        alerts.replay(batch, tellsDesk: sequence >= alertsEnd)
    }

    func save(below sequence: UInt64) {
        // What the desk has given out goes first: the lines that it came of are about to leave.
        alertsDue = .min
        settleAlerts(below: sequence)
        saveStream(below: sequence)
    }

    private func saveStream(below sequence: UInt64) {
        let isWritten = write { () throws(StoreError) in
            try StateSnapshot.write(
                .stream, below: sequence, directory: directory, fileSystem: fileSystem
            ) { composer in
                composer.section("metrics") { metrics.snapshot(into: &$0, pause: $1) }
                composer.section("rules") { alerts.snapshotEngine(into: &$0, pause: $1) }
            }
        }
        if isWritten { streamEnd = sequence }
        streamDue = clock.monotonic() + Self.interval
    }

    /// To be called when all lines below `sequence` are durable: hands over notifications, and saves what is due.
    func settle(below sequence: UInt64) {
        settleAlerts(below: sequence)
        if clock.monotonic() >= streamDue { saveStream(below: sequence) }
    }

    private func settleAlerts(below sequence: UInt64) {
        guard alerts.isUnsettled else { return }
        alerts.settle { sections in
            let now = clock.monotonic()
            if now < alertsDue { return false }
            let size = sections.reduce(0) { $0 + $1.bytes.count }
            if size > Self.largeBytes { alertsDue = now + Self.largeInterval }
            let snapshot = StateSnapshot(sequence: sequence, sections: sections)
            return write { () throws(StoreError) in
                try snapshot.write(.alerts, directory: directory, fileSystem: fileSystem)
            }
        }
    }

    /// Whether `body` could write its snapshot; what went wrong is told once.
    private func write(_ body: () throws(StoreError) -> Void) -> Bool {
        do throws(StoreError) {
            try body()
            failure = nil
            return true
        } catch {
            let text = "\(error)"
            if failure != text {
                report("\(text); after a crash, metrics and alerts go on from an older state")
            }
            failure = text
            return false
        }
    }
}
