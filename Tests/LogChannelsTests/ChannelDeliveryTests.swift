import Glibc
import LogAlerting
import LogRecords
import LogSystem
import TestSupport
import Testing

@testable import LogChannels

/// A channel that does as a test says, and keeps what it got.
final class ScriptedChannel: LogAlerting.Channel, @unchecked Sendable {
    let name = "team/test"
    var refreshInterval: Int64?
    var showsLines = true
    let delivered = Journal<AlertNotification>()
    let attempted = Journal<String>()
    private let lock = Lock()
    private var script: @Sendable (AlertNotification) -> ChannelError? = { _ in nil }

    func answer(_ script: @escaping @Sendable (AlertNotification) -> ChannelError?) {
        lock.locked { self.script = script }
    }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        attempted.add(notification.key)
        if let error = lock.locked({ script })(notification) { throw error }
        delivered.add(notification)
    }

    static func failure(_ isTemporary: Bool = true, after: Int64? = nil) -> ChannelError {
        ChannelError(
            receiver: "team/test", message: "no", isTemporary: isTemporary,
            retryAfter: after.map { $0 * Timestamp.second })
    }
}

@Suite struct ChannelDeliveryTests {
    private let channel = ScriptedChannel()
    private let clock = ManualClock(Sample.time)
    private let disk = MemoryDisk()

    private func make(
        sendsResolved: Bool = true, keepsGroups: Bool = false,
        giveUpAfter: Int64 = 3_600 * Timestamp.second, random: Double = 0.999
    ) -> ChannelDelivery {
        let channel = channel
        return ChannelDelivery(
            ReceiverChannel(
                name: "team/test", kind: "test", sendsResolved: sendsResolved,
                keepsGroups: keepsGroups, giveUpAfter: giveUpAfter
            ) { _ in channel }, receiver: "team", channel: channel, directory: "/d/outbox",
            fileSystem: MemoryFileSystem(disk), clock: clock, backoff: Backoff { random })
    }

    /// Lets it work until nothing is due; the time in seconds until something is.
    @discardableResult
    private func settle(_ delivery: ChannelDelivery) -> Double? {
        for _ in 0..<10_000 {
            if case .idle(let until) = delivery.step() {
                return until.map { Double($0 - clock.monotonic()) / 1e9 }
            }
        }
        Issue.record("it never comes to rest")
        return nil
    }

    @Test func oneIsDeliveredOnce() {
        let delivery = make()
        delivery.send([Sample.firing(key: "a")])
        delivery.send([Sample.firing(key: "a")])
        #expect(settle(delivery) == nil)
        delivery.send([Sample.firing(key: "a")])
        settle(delivery)
        #expect(channel.delivered.all.map(\.key) == ["a"])
        let statistics = delivery.statistics
        #expect(statistics.sent == 1 && statistics.repeated == 2 && statistics.waiting == 0)
        // Nor after a restart.
        let again = make()
        again.send([Sample.firing(key: "a")])
        settle(again)
        #expect(channel.attempted.all == ["a"])
    }

    @Test func failuresAreTriedAgainLaterAndLater() {
        channel.answer { _ in ScriptedChannel.failure() }
        let delivery = make()
        delivery.send([Sample.firing(key: "a")])
        var waits: [Double] = []
        for _ in 0..<12 {
            guard let wait = settle(delivery) else { break }
            waits.append((wait * 10).rounded() / 10)
            clock.advance(Int64(wait * 1e9) + 1)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 63.9, 127.9, 255.7, 299.7, 299.7, 299.7])
        channel.answer { _ in nil }
        settle(delivery)
        #expect(channel.delivered.all.map(\.key) == ["a"])
        #expect(delivery.statistics.failed == 12 && delivery.statistics.retried == 12)
    }

    @Test func waitsAreAnywhereBetween() {
        #expect(Backoff { 0 }.wait(after: 5) == Backoff.shortest)
        #expect(Backoff { 0.5 }.wait(after: 5) == 8 * Timestamp.second)
        #expect(Backoff { 0.5 }.wait(after: 500) == 150 * Timestamp.second)
        #expect(Backoff { 0.5 }.wait(after: -1) == Timestamp.second / 2)
    }

    @Test func retryAfterIsHonouredByTheWholeChannel() {
        channel.answer { _ in ScriptedChannel.failure(after: 600) }
        let delivery = make()
        delivery.send([Sample.firing(key: "a", group: "x"), Sample.firing(key: "b", group: "y")])
        #expect(settle(delivery) == 600)
        #expect(channel.attempted.all == ["a"])
        clock.advance(601 * Timestamp.second)
        channel.answer { _ in nil }
        settle(delivery)
        #expect(channel.delivered.all.map(\.key) == ["a", "b"])
    }

    @Test func aResolveNeverOvertakesItsTrigger() {
        channel.answer { $0.groupKey == "x" ? ScriptedChannel.failure() : nil }
        let delivery = make()
        delivery.send([
            Sample.firing(key: "x1", group: "x"), Sample.resolved(key: "x2", group: "x"),
            Sample.firing(key: "y1", group: "y"), Sample.resolved(key: "y2", group: "y"),
        ])
        settle(delivery)
        // The other group is not held up.
        #expect(channel.delivered.all.map(\.key) == ["y1", "y2"])
        #expect(channel.attempted.all == ["x1", "y1", "y2"])
        channel.answer { _ in nil }
        clock.advance(10 * Timestamp.second)
        settle(delivery)
        #expect(channel.delivered.all.map(\.key) == ["y1", "y2", "x1", "x2"])
    }

    @Test func aChannelThatFailsForAllIsLeftInPeace() {
        channel.answer { _ in ScriptedChannel.failure() }
        let delivery = make()
        delivery.send((0..<1_000).map { Sample.firing(key: "\($0)", group: "\($0)") })
        for _ in 0..<60 {
            settle(delivery)
            clock.advance(Timestamp.second)
        }
        #expect(channel.attempted.all.count < 20)
        channel.answer { _ in nil }
        clock.advance(300 * Timestamp.second)
        settle(delivery)
        #expect(channel.delivered.all.count == 1_000)
    }

    /// That an alert has moved to another group is only for those who keep a state by groups.
    @Test func whatMovedIsNoEndForPeople() {
        var moved = Sample.resolved(key: "m")
        moved.reason = .moved
        for keepsGroups in [false, true] {
            channel.refreshInterval = 60 * Timestamp.second
            let delivery = make(keepsGroups: keepsGroups)
            delivery.send([Sample.firing(key: "a\(keepsGroups)"), moved])
            _ = delivery.step()
            _ = delivery.step()
            #expect(channel.delivered.all.contains { $0.reason == .moved } == keepsGroups)
            // Nothing of the group is told again and again any more.
            #expect(delivery.hasWork != keepsGroups)
        }
        let kinds = ChannelRegistry.all.kinds.filter(\.keepsGroups).map(\.name)
        #expect(kinds.sorted() == ["alertmanager", "pagerduty"])
    }

    @Test func attemptsAreOnRecord() throws {
        channel.answer { _ in ScriptedChannel.failure() }
        func waiting() throws -> [QueuedNotification] {
            try OutboxInspection.reports(in: "/d/outbox", fileSystem: MemoryFileSystem(disk))
                .flatMap(\.waiting)
        }
        let first = make()
        first.send([Sample.firing()])
        #expect(try waiting().map(\.attempts) == [0])
        #expect(try waiting().map(\.lastError) == [nil])
        settle(first)
        #expect(try waiting().map(\.attempts) == [1])
        #expect(try waiting().map(\.lastError) == ["no"])
        // The next run counts on, and what it gives up says all attempts.
        let second = make()
        settle(second)
        #expect(try waiting().map(\.attempts) == [2])
        channel.answer { _ in ScriptedChannel.failure(false) }
        clock.advance(600 * Timestamp.second)
        settle(second)
        #expect(second.deadLetters.map(\.attempts) == [3])
    }

    @Test func whatIsRefusedOrTooOldIsADeadLetter() throws {
        channel.answer {
            $0.key == "a" ? ScriptedChannel.failure(false) : ScriptedChannel.failure()
        }
        let delivery = make(giveUpAfter: 60 * Timestamp.second)
        delivery.send([Sample.firing(key: "a", group: "x"), Sample.firing(key: "b", group: "y")])
        while let wait = settle(delivery) { clock.advance(Int64(wait * 1e9) + 1) }
        #expect(clock.now() - Sample.time < 70 * Timestamp.second)
        let letters = delivery.deadLetters
        #expect(letters.map(\.notification.key) == ["a", "b"])
        #expect(letters.map(\.reason) == ["no", "given up after 1m: no"])
        #expect(letters[0].attempts == 1 && letters[1].attempts > 4)
        #expect(letters[0].notification.title == "[FIRING] high_error_rate (service=api)")
        #expect(delivery.statistics.dead == 2 && delivery.statistics.letters == 2)
        // They survive a restart; then one is wanted and one is not.
        channel.answer { _ in nil }
        let again = make()
        #expect(again.deadLetters == letters)
        #expect(again.retry(letters[0].notification.number))
        #expect(again.drop(letters[1].notification.number))
        settle(again)
        #expect(channel.delivered.all.map(\.key) == ["a"] && again.deadLetters.isEmpty)
    }

    @Test func aRestartGoesOnInOrder() {
        channel.answer { _ in ScriptedChannel.failure() }
        let delivery = make()
        delivery.send([Sample.firing(key: "a"), Sample.resolved(key: "b")])
        settle(delivery)
        channel.answer { _ in nil }
        // A clock that has leapt does not kill what was never tried since.
        clock.advance(30 * 24 * 3_600 * Timestamp.second)
        settle(make())
        #expect(channel.delivered.all.map(\.key) == ["a", "b"])
    }

    @Test func theEndOfAlertsIsSentWhereItIsWanted() {
        let delivery = make(sendsResolved: false)
        var mixed = Sample.firing(
            key: "b", alerts: [Sample.alert(), Sample.alert(isFiring: false)])
        mixed.truncatedAlerts = 1
        delivery.send([Sample.resolved(key: "a"), mixed])
        settle(delivery)
        #expect(channel.delivered.all.map(\.key) == ["b"])
        #expect(channel.delivered.all.first?.alerts.count == 1)
    }

    @Test func whatFiresIsToldAgainUntilItEnds() {
        channel.refreshInterval = 60 * Timestamp.second
        let delivery = make()
        delivery.send([Sample.firing(key: "a")])
        #expect(settle(delivery) == 60)
        clock.advance(60 * Timestamp.second)
        #expect(settle(delivery) == 60)
        #expect(channel.delivered.all.map(\.key) == ["a", "a"])
        // A restart tells of it at once: nobody knows how long it took.
        let again = make()
        #expect(settle(again) == 60)
        #expect(channel.delivered.all.count == 3)
        again.send([Sample.resolved(key: "b")])
        #expect(settle(again) == nil)
        clock.advance(600 * Timestamp.second)
        #expect(settle(again) == nil)
        #expect(channel.delivered.all.map(\.key) == ["a", "a", "a", "b"])
        #expect(again.statistics.refreshed == 1)
    }
}

@Suite struct NotificationDispatcherTests {
    private func receiver(_ name: String, _ channel: ScriptedChannel) -> Receiver {
        Receiver(
            name: name,
            channels: [ReceiverChannel(name: name + "/test", kind: "test") { _ in channel }])
    }

    private func dispatcher(
        _ receivers: [Receiver], _ disk: MemoryDisk, _ said: Journal<String> = Journal()
    ) -> NotificationDispatcher {
        NotificationDispatcher(
            receivers: receivers,
            services: ChannelServices { _ throws(ChannelError) in },
            directory: "/d/outbox", fileSystem: MemoryFileSystem(disk), random: { 0 },
            report: { said.add($0) })
    }

    @Test func aSlowReceiverHoldsUpNobody() throws {
        let slow = ScriptedChannel()
        let fast = ScriptedChannel()
        let gate = Lock()
        let held = Journal<Int>()
        let released = Journal<Int>()
        slow.answer { _ in
            held.add(0)
            _ = released.wait(for: 1)
            return nil
        }
        _ = gate
        let dispatcher = dispatcher([receiver("slow", slow), receiver("fast", fast)], MemoryDisk())
        dispatcher.start()
        var first = Sample.firing(key: "a")
        first.receiver = "slow"
        var second = first
        second.receiver = "fast"
        dispatcher.send([first])
        _ = held.wait(for: 1)
        dispatcher.send([second])
        #expect(fast.delivered.wait(for: 1).map(\.key) == ["a"])
        #expect(slow.delivered.all.isEmpty)
        released.add(0)
        #expect(slow.delivered.wait(for: 1).count == 1)
        dispatcher.finish()
        #expect(dispatcher.statistics.map(\.sent) == [1, 1])
    }

    @Test func theEndWaitsForOneAttemptAndTheNextStartGoesOn() throws {
        let disk = MemoryDisk()
        let channel = ScriptedChannel()
        channel.answer { _ in ScriptedChannel.failure(after: 3_600) }
        let said = Journal<String>()
        let first = dispatcher([receiver("team", channel)], disk, said)
        first.start()
        first.send([Sample.firing(key: "a"), Sample.resolved(key: "b")])
        first.finish()
        #expect(channel.attempted.all == ["a"])
        #expect(said.all.last?.contains("2 notifications are not delivered yet") == true)
        channel.answer { _ in nil }
        let second = dispatcher([receiver("team", channel)], disk)
        second.start()
        #expect(channel.delivered.wait(for: 2).map(\.key) == ["a", "b"])
        second.finish()
    }

    @Test func deadLettersAreSentAgainOrForgotten() throws {
        let channel = ScriptedChannel()
        channel.answer { _ in ScriptedChannel.failure(false) }
        let dispatcher = dispatcher([receiver("team", channel)], MemoryDisk())
        dispatcher.start()
        dispatcher.send((1...3).map { Sample.firing(key: "\($0)", group: "\($0)") })
        _ = channel.attempted.wait(for: 3)
        // The attempt is known before what came of it.
        while dispatcher.deadLetters.count < 3 { usleep(1_000) }
        func letters(_ channel: String?, _ numbers: [UInt64] = []) -> DeadLetters {
            DeadLetters(channel: channel, numbers: numbers)
        }
        guard case .refused(let reason) = dispatcher.retry(letters("gone/test")) else {
            Issue.record("a channel that is not there")
            return
        }
        #expect(reason.contains("no receiver has a channel `gone/test`"))
        #expect(dispatcher.drop(letters("team/test", [2, 9])) == .done(1))
        #expect(
            dispatcher.drop(letters("team/test", [2]))
                == .refused("there are no such dead letters: dead letter 2 of team/test"))
        channel.answer { _ in nil }
        #expect(dispatcher.retry(letters("team/test", [3])) == .done(1))
        #expect(dispatcher.retry(letters(nil)) == .done(1))
        #expect(Set(channel.delivered.wait(for: 2).map(\.key)) == ["1", "3"])
        #expect(
            dispatcher.retry(letters(nil))
                == .refused("there are no such dead letters: all dead letters"))
        dispatcher.finish()
    }

    /// Each time is a query: nobody asks for lines that no message shows.
    @Test(arguments: [true, false])
    func linesAreLookedUpForThoseWhoShowThem(showsLines: Bool) throws {
        let asked = Journal<String>()
        let channel = ScriptedChannel()
        channel.showsLines = showsLines
        let dispatcher = NotificationDispatcher(
            receivers: [receiver("team", channel)],
            services: ChannelServices(
                lines: { alert in
                    asked.add(alert.name)
                    return ["a line"]
                }, writeLine: { _ throws(ChannelError) in }),
            directory: "/d/outbox", fileSystem: MemoryFileSystem(MemoryDisk()), random: { 0 },
            report: { _ in })
        dispatcher.start()
        var notification = Sample.firing()
        for index in notification.alerts.indices { notification.alerts[index].lines = [] }
        dispatcher.send([notification])
        let shown = channel.delivered.wait(for: 1).flatMap(\.alerts).map(\.lines)
        #expect(shown == [showsLines ? ["a line"] : []])
        #expect(asked.all.count == (showsLines ? 1 : 0))
        dispatcher.finish()
    }

    @Test func strangersAreTold() throws {
        let disk = MemoryDisk()
        let channel = ScriptedChannel()
        let first = dispatcher([receiver("old", channel)], disk)
        var notification = Sample.firing()
        notification.receiver = "old"
        first.send([notification, Sample.firing(key: "x")])
        #expect(first.withoutChannel == 1)
        let said = Journal<String>()
        let next = dispatcher([receiver("new", channel)], disk, said)
        #expect(said.all.first?.contains("no channel old/test any more, for which 1 not") == true)
        let letters = DeadLetters(channel: "old/test", numbers: [])
        guard case .refused(let reason) = next.retry(letters) else {
            Issue.record("nobody can deliver it")
            return
        }
        #expect(reason.contains("put it back into the alert file, or discard"))
        #expect(next.drop(letters) == .done(1))
        guard case .refused = next.drop(letters) else {
            Issue.record("it is gone already")
            return
        }
        let later = Journal<String>()
        _ = dispatcher([receiver("new", channel)], disk, later)
        #expect(later.all.isEmpty)
    }
}
