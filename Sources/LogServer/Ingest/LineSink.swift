internal import LogBytes
internal import LogMetrics
internal import LogSources
internal import LogSystem
internal import NIOCore
internal import Synchronization

/// Where one request's lines go: to the outlet, with a receipt and, where the request has a key, its position.
///
/// It never blocks its thread: where the pipeline has no room it waits as a task, for a while, and then gives up with 503.
/// One task uses it.
final class LineSink: @unchecked Sendable {
    private let outlet: ChunkOutlet
    private let counters: MetricsRegistry
    private let source: String
    private let loop: any EventLoop
    private let entry: IdempotencyTable.Entry?
    private let receipts: ReceiptGroup
    private let patience: TimeAmount
    private let spend: (Int) -> Void

    /// How far the request has been taken with what is handed on, where that is not its key's.
    var position: (() -> SourcePosition?)?
    /// Lines taken of this request.
    private(set) var lines = 0
    /// The offset up to which the body was taken by an earlier request with the same key.
    let resumeOffset: UInt64
    /// An earlier request with the same key was taken whole.
    let isRepeated: Bool

    /// What the body is up to an offset of it; asked for where the request has a key.
    var mark: (UInt64) throws(HTTPFailure) -> IdempotencyTable.Mark? = { _ in nil }
    /// Called when all lines have been handed on, before it waits for them.
    var whenTaken: () -> Void = {}

    /// How long it waits for its lines to be durable, and how often it looks whether they can become so.
    private static let durableTime = TimeAmount.seconds(60)
    private static let lookTime = TimeAmount.milliseconds(250)

    /// A sink for one request.
    ///
    /// - Parameter spend: told the number of lines, for the rate limit.
    init(
        _ context: SourceContext, source: String, options: HTTPOptions, loop: any EventLoop,
        entry: IdempotencyTable.Entry?, spend: @escaping (Int) -> Void
    ) {
        outlet = context.outlet
        counters = context.counters
        self.source = source
        self.loop = loop
        patience = .seconds(Int64(options.patienceSeconds))
        self.entry = entry
        self.spend = spend
        receipts = entry?.receipts ?? ReceiptGroup()
        resumeOffset = entry?.state.withLock { $0.offset } ?? 0
        isRepeated = entry?.state.withLock { $0.isDone } ?? false
    }

    /// The longest line that is kept whole.
    var lineBytesMax: Int { outlet.chunkBytes - 1 }

    /// Hands lines on, waiting for room.
    ///
    /// - Parameters:
    ///   - lines: whole lines with their newlines, no more than a chunk holds; they stay where they are during the call.
    ///   - count: how many they are.
    ///   - offset: how much of the body has been taken with them.
    ///   - isLast: they are the end of the body.
    ///   - cutBytes: bytes dropped from the end of a line that was too long.
    func gather(
        _ lines: ByteView, count: Int, offset: UInt64, isLast: Bool = false, cutBytes: Int = 0
    ) async throws(HTTPFailure) {
        guard !lines.isEmpty else { return }
        if let reason = outlet.stallReason { throw .stalled(reason) }
        let mark = entry == nil ? nil : try mark(offset)
        let position =
            entry.map {
                SourcePosition(
                    key: $0.key, offset: offset, detail: mark?.detail(isDone: isLast) ?? "")
            } ?? self.position?()
        let receipt = receipts.receipt()
        let deadline = NIODeadline.now() + patience
        while true {
            switch outlet.gather(
                lines, cutBytes: cutBytes, position: position, receipt: receipt)
            {
            case .taken:
                entry?.state.withLock {
                    $0.offset = offset
                    $0.mark = mark
                    $0.isDone = isLast
                }
                note(lines, count)
                return
            case .closed:
                receipts.withdraw()
                throw .busy("weir is ending; send this again to the next one")
            case .full:
                do throws(HTTPFailure) {
                    try await waitForRoom(deadline)
                } catch {
                    receipts.withdraw()
                    throw error
                }
            }
        }
    }

    private func note(_ lines: ByteView, _ count: Int) {
        self.lines += count
        counters.add(.sourceLines, count, label: source)
        counters.add(.sourceBytes, lines.count, label: source)
        spend(count)
    }

    private func waitForRoom(_ deadline: NIODeadline) async throws(HTTPFailure) {
        let signal = Signal()
        outlet.whenRoom { signal.fire() }
        while await !signal.wait(for: Self.lookTime, on: loop) {
            if let reason = outlet.stallReason { throw .stalled(reason) }
            if .now() > deadline {
                throw .busy("weir does not keep up with its writers; send this again later")
            }
        }
    }

    /// Waits until all lines that were handed on are on the disk.
    func finish() async throws(HTTPFailure) {
        whenTaken()
        let deadline = NIODeadline.now() + Self.durableTime
        while await !receipts.wait(for: Self.lookTime, on: loop) {
            if let reason = outlet.stallReason { throw .stalled(reason) }
            if .now() > deadline {
                throw .busy("the disk has not confirmed these lines yet; send this again later")
            }
        }
        if let reason = receipts.failure {
            throw .busy("these lines are not stored: \(reason)")
        }
    }

    /// Says that the whole body has been taken, where no line was left to say it with.
    func markDone() { entry?.state.withLock { $0.isDone = true } }

    /// Counts something that was not stored.
    func refuse(_ reason: String, _ count: Int = 1) {
        counters.add(.refused, count, label: reason)
    }
}
