public import LogAlerting
internal import LogMetrics
internal import LogSystem

/// Whom to tell of alerts: the channel of the configuration's receiver, on a thread of its own, so that a slow receiver does
/// not slow the ingest path.
public final class AlertChannels: @unchecked Sendable {
    private let receiver: Receiver
    private let services: () -> ChannelServices
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
        receiver = configuration.receiver
        services = {
            ChannelServices(now: { SystemClock().now() }, writeLine: writeLine)
        }
    }

    /// Begins to deliver.
    ///
    /// - Parameter report: is told of the first failure; all are counted.
    func start(counters: MetricsRegistry, report: @escaping @Sendable (String) -> Void) {
        lock.locked { isDelivering = true }
        WorkerThread.start { [self] in
            let channels = receiver.channels.map { ($0, $0.makeChannel(services())) }
            var hasReported = false
            while case .element(let transition) = queue.take() {
                for (settings, channel) in channels {
                    if transition.state == .resolved, !settings.sendsResolved { continue }
                    guard let failure = deliver(transition, by: channel, counters) else { continue }
                    if !hasReported { report("\(failure); the alerts are stored, class `alerts`") }
                    hasReported = true
                }
            }
            lock.locked {
                isDelivering = false
                lock.signal()
            }
        }
    }

    private func deliver(
        _ transition: AlertTransition, by channel: any Channel, _ counters: MetricsRegistry
    ) -> ChannelError? {
        do throws(ChannelError) {
            try channel.deliver(Self.notification(transition, receiver: receiver.name))
            counters.add(.notifications, label: receiver.name)
            return nil
        } catch {
            counters.add(.notificationFailures, label: receiver.name)
            return error
        }
    }

    /// A notification of its own for a transition.
    private static func notification(
        _ transition: AlertTransition, receiver: String
    ) -> AlertNotification {
        AlertNotification(
            key: "\(transition.fingerprint)-\(transition.state.rawValue)-\(transition.eventTime)",
            receiver: receiver, reason: .change, groupKey: transition.fingerprint,
            groupLabels: transition.labels, alerts: [AlertNotification.Alert(transition)],
            time: transition.eventTime)
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
