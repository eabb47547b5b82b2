public import LogAlerting
internal import LogChannels
internal import LogMetrics
internal import LogSystem

/// Whom to tell of alerts: the channel of the configuration's receiver, on a thread of its own, so that a slow receiver does
/// not slow the ingest path.
public final class AlertChannels: @unchecked Sendable {
    private let makeChannel: () -> (any Channel)?
    private let receiver: Receiver
    private let queue = BoundedQueue<AlertTransition>(capacity: AlertChannels.waitingMax)
    private let lock = Lock()
    private var isDelivering = false

    /// Notifications that wait for their channel. Further ones are not delivered but counted; their transitions are stored
    /// all the same.
    private static let waitingMax = 10_000

    /// The channels that `configuration` routes to.
    ///
    /// - Parameter writeLine: writes a line to the standard output, for the channel of that name.
    public init(
        configuration: AlertConfiguration,
        writeLine: @escaping @Sendable (String) throws(ChannelError) -> Void
    ) {
        let receiver = configuration.receiver
        self.receiver = receiver
        makeChannel = {
            ChannelRegistry.all.makeChannel(
                receiver, services: ChannelServices(writeLine: writeLine))
        }
    }

    /// Begins to deliver.
    ///
    /// - Parameter report: is told of the first failure; all are counted.
    func start(counters: MetricsRegistry, report: @escaping @Sendable (String) -> Void) {
        lock.locked { isDelivering = true }
        WorkerThread.start { [self] in
            let channel = makeChannel()
            var hasReported = false
            while case .element(let transition) = queue.take() {
                guard let failure = deliver(transition, by: channel, counters) else { continue }
                if !hasReported { report("\(failure); the alerts are stored, class `alerts`") }
                hasReported = true
            }
            lock.locked {
                isDelivering = false
                lock.signal()
            }
        }
    }

    private func deliver(
        _ transition: AlertTransition, by channel: (any Channel)?, _ counters: MetricsRegistry
    ) -> ChannelError? {
        do throws(ChannelError) {
            guard let channel else {
                throw ChannelError(
                    receiver: receiver.name, message: "no channel of kind \(receiver.kind)",
                    isTemporary: false)
            }
            try channel.deliver(transition)
            counters.add(.notifications, label: receiver.name)
            return nil
        } catch {
            counters.add(.notificationFailures, label: receiver.name)
            return error
        }
    }

    /// Tells of each transition that is worth telling: of alerts that fire and of alerts that are over.
    func send(_ transitions: [AlertTransition], counters: MetricsRegistry) {
        for transition in transitions where transition.state != .pending {
            if !queue.offer(transition) {
                counters.add(.notificationFailures, label: receiver.name)
            }
        }
    }

    /// Delivers what waits and returns when all is delivered.
    func finish() {
        queue.close()
        lock.locked {
            while isDelivering { _ = lock.wait() }
        }
    }
}
