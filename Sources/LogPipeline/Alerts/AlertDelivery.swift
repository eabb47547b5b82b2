internal import LogAlerting
internal import LogChannels
internal import LogSystem

/// The dispatcher of the present configuration, and the change from one to the next.
///
/// A dispatcher owns its outboxes, so the next one opens them when the one before has let go of them, which may take as long as
/// a receiver does; meanwhile notifications gather here. They leave with the next call.
final class AlertDelivery: @unchecked Sendable {
    private let directory: String
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let services: ChannelServices
    private let report: @Sendable (String) -> Void
    private let lock = Lock()
    private var receivers: [Receiver]
    /// Nil until it is needed: whoever needs it holds the data directory.
    private var dispatcher: NotificationDispatcher?
    private var isStarted = false
    private var gathered: [AlertNotification] = []
    /// Set while one dispatcher ends and the next begins.
    private var isChanging = false
    private var next: [Receiver]?

    init(
        receivers: [Receiver], directory: String, services: ChannelServices,
        fileSystem: any FileSystem,
        clock: any WallClock, report: @escaping @Sendable (String) -> Void
    ) {
        self.receivers = receivers
        self.directory = directory
        self.services = services
        self.fileSystem = fileSystem
        self.clock = clock
        self.report = report
    }

    /// Begins to deliver, and goes on with what earlier runs left.
    func start() {
        let present = opened()
        lock.locked { isStarted = true }
        present.start()
    }

    /// The present dispatcher, its outboxes open.
    private func opened() -> NotificationDispatcher {
        lock.locked {
            if let dispatcher { return dispatcher }
            let fresh = make(receivers)
            dispatcher = fresh
            return fresh
        }
    }

    private func make(_ receivers: [Receiver]) -> NotificationDispatcher {
        NotificationDispatcher(
            receivers: receivers, services: services, directory: directory,
            fileSystem: fileSystem, clock: clock, report: report)
    }

    /// Takes notifications; they are on the disk on return, unless the configuration is just being changed.
    func send(_ notifications: [AlertNotification]) {
        let isGathering = lock.locked {
            if isChanging { gathered += notifications }
            return isChanging
        }
        if !isGathering { opened().send(notifications) }
    }

    /// Goes on with other receivers, on a thread of its own.
    func reload(_ receivers: [Receiver]) {
        let isMine = lock.locked {
            next = receivers
            if isChanging { return false }
            isChanging = true
            return true
        }
        guard isMine else { return }
        let isStarted = WorkerThread.startIfPossible { [self] in change() }
        if !isStarted {
            lock.locked { isChanging = false }
            report("there is no thread to change the receivers; the former ones stay")
        }
    }

    private func change() {
        while true {
            let (old, receivers) = lock.locked {
                let receivers = next
                next = nil
                return (dispatcher, receivers)
            }
            guard let receivers else { break }
            old?.finish()
            let fresh = make(receivers)
            let waiting = lock.locked {
                self.receivers = receivers
                dispatcher = fresh
                let waiting = gathered
                gathered = []
                return waiting
            }
            fresh.start()
            fresh.send(waiting)
        }
        lock.locked {
            isChanging = false
            lock.signal()
        }
    }

    /// Does what an operator wants of dead letters.
    func carryOut(_ action: OperatorCommand.Action) -> DeadLetterOutcome {
        // The outboxes belong to neither dispatcher then.
        if lock.locked({ isChanging }) {
            return .refused("the receivers are being changed; say it again in a minute")
        }
        switch action {
        case .resend(let letters): return opened().retry(letters)
        case .discard(let letters): return opened().drop(letters)
        default: return .refused("it is not about dead letters")
        }
    }

    /// Lets every channel try what waits. What is not delivered then is at the next start.
    func finish() {
        let (present, waiting) = lock.locked {
            while isChanging { _ = lock.wait() }
            let waiting = gathered
            gathered = []
            return (dispatcher, waiting)
        }
        present?.send(waiting)
        present?.finish()
    }

    /// The receivers in force.
    var presentReceivers: [Receiver] { lock.locked { next ?? receivers } }

    /// Another one of the same channel, for messages that no outbox keeps.
    func make(_ channel: ReceiverChannel) -> any Channel { channel.makeChannel(services) }

    /// What the channels have done, for the metrics.
    var statistics: [ChannelStatistics] { lock.locked { dispatcher }?.statistics ?? [] }

    /// What was given up.
    var deadLetters: [DeadLetter] { lock.locked { dispatcher }?.deadLetters ?? [] }
}
