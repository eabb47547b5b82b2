import LogBytes
import LogSources
import LogSystem

/// Takes everything from an outlet, and says of it what it was told to say.
final class TestPipeline: @unchecked Sendable {
    /// What has come so far.
    struct Taken {
        var lines: [String] = []
        var positions: [SourcePosition] = []
        var cutLines = 0
    }

    private let outlet: ChunkOutlet
    private let lock = Lock()
    private var all = Taken()
    private var outcome = DeliveryOutcome.durable
    private var isHeld: Bool

    init(_ outlet: ChunkOutlet, isHeld: Bool) {
        self.outlet = outlet
        self.isHeld = isHeld
    }

    var taken: Taken { lock.locked { all } }

    func hold(_ isHeld: Bool) {
        lock.locked {
            self.isHeld = isHeld
            lock.signal()
        }
    }

    func answer(_ outcome: DeliveryOutcome) { lock.locked { self.outcome = outcome } }

    /// Takes deliveries until the outlet is finished.
    func drain() {
        while case .delivery(let delivery) = outlet.receive(until: nil) {
            let chunk = delivery.chunk
            var lines = chunk.view.text.split(separator: "\n", omittingEmptySubsequences: false)
                .map(String.init)
            if lines.last?.isEmpty == true { lines.removeLast() }
            let outcome = lock.locked {
                while isHeld { _ = lock.wait() }
                all.lines += lines
                all.positions += delivery.positions
                all.cutLines += chunk.cutLines
                return self.outcome
            }
            outlet.recycle(chunk)
            delivery.tell(outcome)
        }
    }
}
