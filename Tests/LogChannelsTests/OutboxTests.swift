import LogAlerting
import LogBytes
import LogSystem
import TestSupport
import Testing

@testable import LogChannels

@Suite struct OutboxTests {
    private static let directory = "/data/state/outbox"

    private func open(
        _ disk: MemoryDisk, retains: Bool = false
    ) -> Outbox {
        Outbox(
            channel: "team/slack", retains: retains, directory: Self.directory,
            fileSystem: MemoryFileSystem(disk))
    }

    private func path(_ disk: MemoryDisk) throws -> String {
        try #require(disk.image.files.first { $0.path.hasSuffix(".outbox") }).path
    }

    @Test func notificationsComeBackAsTheyWere() throws {
        var notification = Sample.hostileNotification
        notification.reason = .escalated
        notification.truncatedAlerts = 7
        notification.alerts.append(Sample.alert("b", isFiring: false, severity: .info))
        notification.alerts[0].severity = nil
        notification.alerts[0].acknowledgedBy = "ann"
        notification.alerts[0].value = .nan
        var out = ByteWriter(capacity: 64)
        notification.append(to: &out)
        var reader = ByteReader(out.view)
        var read = try AlertNotification(&reader)
        #expect(reader.remaining == 0)
        #expect(read.alerts[0].value.isNaN)
        read.alerts[0].value = 0
        notification.alerts[0].value = 0
        #expect(read == notification)
    }

    @Test func garbageIsNoNotification() {
        var out = ByteWriter(capacity: 64)
        Sample.firing().append(to: &out)
        let whole = Array(out.view)
        for length in whole.indices {
            Array(whole[..<length]).withView { view in
                var reader = ByteReader(view)
                #expect(throws: MalformedBytes.self) { try AlertNotification(&reader) }
            }
        }
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<(1 + random.below(4)) {
                bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes.withView { view in
                var reader = ByteReader(view)
                _ = try? AlertNotification(&reader)
            }
        }
    }

    @Test func aRestartFindsWhatWaits() {
        let disk = MemoryDisk()
        let first = open(disk)
        let added = first.add(
            [Sample.firing(key: "a"), Sample.firing(key: "b"), Sample.firing(key: "a")], time: 1)
        #expect(added == [.queued, .queued, .known])
        first.markDelivered(1)
        let second = open(disk)
        #expect(second.state.waiting.map(\.notification) == [Sample.firing(key: "b")])
        // What was delivered is not taken twice, nor is what waits.
        let again = [Sample.firing(key: "a"), Sample.firing(key: "b"), Sample.firing(key: "c")]
        #expect(second.add(again, time: 2) == [.known, .known, .queued])
        #expect(open(disk).state.waiting.map(\.number) == [2, 3])
    }

    @Test func deadLettersStayUntilSomebodyDecides() throws {
        let disk = MemoryDisk()
        let outbox = open(disk)
        _ = outbox.add([Sample.firing(key: "a"), Sample.firing(key: "b")], time: 1)
        outbox.markDead(1, time: 5, attempts: 3, reason: "no")
        outbox.markDead(2, time: 6, attempts: 1, reason: "never")
        // Looking changes nothing.
        let before = disk.trace.count
        let report = try OutboxInspection.reports(
            in: Self.directory, fileSystem: MemoryFileSystem(disk)
        ).first
        #expect(disk.trace.count == before)
        #expect(report?.channel == "team/slack" && report?.damagedBytes == 0)
        #expect(report?.deadLetters.map(\.notification.key) == ["a", "b"])
        let second = open(disk)
        #expect(second.state.dead.map(\.reason) == ["no", "never"])
        #expect(second.add([Sample.firing(key: "a")], time: 7) == [.known])
        #expect(second.retry(1, time: 8) && !second.retry(1, time: 8) && !second.retry(9, time: 8))
        #expect(second.drop(2) && !second.drop(2))
        let third = open(disk)
        #expect(third.state.dead.isEmpty)
        #expect(third.state.waiting.map(\.time) == [8])
    }

    @Test func whatFiresIsRetainedForThoseWhoMustHearAgain() {
        let disk = MemoryDisk()
        var outbox = open(disk, retains: true)
        _ = outbox.add(
            [Sample.firing(key: "a", group: "x"), Sample.firing(key: "b", group: "y")], time: 1)
        outbox.markDelivered(1)
        outbox.markDelivered(2)
        outbox = open(disk, retains: true)
        #expect(outbox.state.retained.keys.sorted() == ["x", "y"])
        _ = outbox.add([Sample.resolved(key: "c", group: "x")], time: 2)
        outbox.markDelivered(3)
        #expect(open(disk, retains: true).state.retained.keys.sorted() == ["y"])
    }

    @Test func theQueueHasAnEnd() {
        let disk = MemoryDisk()
        let outbox = open(disk)
        let many = (0...Outbox.waitingMax).map { Sample.firing(key: "\($0)") }
        let added = outbox.add(many, time: 1)
        #expect(added.count { $0 == .queued } == Outbox.waitingMax && added.last == .full)
        outbox.markDelivered(1)
        #expect(outbox.add([Sample.firing(key: "x")], time: 2) == [.queued])
    }

    @Test func theFileIsReplacedWhenItIsLong() throws {
        let disk = MemoryDisk()
        let outbox = open(disk)
        for index in 0..<1_000 {
            _ = outbox.add([Sample.firing(key: "\(index)")], time: 1)
            outbox.markDelivered(outbox.state.next - 1)
        }
        _ = outbox.add([Sample.firing(key: "last")], time: 1)
        let bytes = try #require(disk.image[try path(disk)])
        #expect(bytes.count < 400_000)
        let again = open(disk)
        #expect(again.state.waiting.map(\.notification.key) == ["last"])
        #expect(again.add([Sample.firing(key: "7")], time: 2) == [.known])
    }

    @Test func aFlippedBitCostsOneEntry() throws {
        let disk = MemoryDisk()
        let outbox = open(disk)
        for key in ["a", "b", "c"] { _ = outbox.add([Sample.firing(key: key)], time: 1) }
        let path = try path(disk)
        let image = disk.image
        let bytes = try #require(image[path])
        for position in stride(from: 0, to: bytes.count, by: 3) {
            var damaged = image
            var changed = bytes
            changed[position] ^= 1 << UInt8(position % 8)
            damaged[path] = changed
            let copy = MemoryDisk(damaged)
            let found = open(copy)
            if found.findings.contains(where: { $0.contains("another version") }) { continue }
            #expect(found.state.waiting.count >= 2, "byte \(position)")
            // What waits is on disk again, in a file without damage.
            let again = open(copy)
            #expect(again.state == found.state && again.findings.isEmpty)
        }
    }

    /// A check names the place of every flipped bit and every cut, and tells a crash from damage.
    @Test func aCheckFindsEveryFlippedByteAndEveryCut() throws {
        let disk = MemoryDisk()
        let outbox = open(disk)
        for key in ["a", "b", "c"] { _ = outbox.add([Sample.firing(key: key)], time: 1) }
        outbox.markDead(2, time: 2, attempts: 1, reason: "no")
        let bytes = try #require(disk.image[try path(disk)])
        let whole = OutboxInspection.inspect(bytes)
        #expect(whole.waiting == 2 && whole.deadLetters == 1 && whole.faults.isEmpty)
        for position in bytes.indices {
            var damaged = bytes
            damaged[position] ^= 1 << UInt8(position % 8)
            let faults = OutboxInspection.inspect(damaged).faults
            let fault = try #require(faults.first, "byte \(position)")
            #expect(faults.count == 1 && fault.offset <= position, "byte \(position)")
            #expect(position < fault.offset + fault.bytes, "byte \(position)")
            #expect(fault.kind == (position == 7 ? .unknownVersion : .damage), "byte \(position)")
        }
        for length in bytes.indices {
            let found = OutboxInspection.inspect(Array(bytes[..<length]))
            #expect(found.faults.allSatisfy { $0.kind == .torn }, "cut to \(length)")
            #expect(found.faults.isEmpty == Self.ends(bytes).contains(length), "cut to \(length)")
        }
        #expect(OutboxInspection.inspect(Array("what?".utf8)).faults.first?.kind == .damage)
    }

    /// Where a file may end without a crash: behind its mark and behind each entry.
    private static func ends(_ bytes: [UInt8]) -> Set<Int> {
        bytes.withView { view in
            var ends: Set = [OutboxFile.magic.count]
            var offset = OutboxFile.magic.count
            while let (_, end) = OutboxRecord.read(view, at: offset) {
                ends.insert(end)
                offset = end
            }
            return ends
        }
    }

    @Test func aFileOfAnotherVersionIsNotTouched() throws {
        let disk = MemoryDisk()
        _ = open(disk).add([Sample.firing()], time: 1)
        let path = try path(disk)
        var image = disk.image
        var bytes = try #require(image[path])
        bytes[7] = UInt8(ascii: "2")
        image[path] = bytes
        let newer = MemoryDisk(image)
        let outbox = open(newer)
        #expect(outbox.findings.first?.contains("of another version") == true)
        // It delivers from memory.
        #expect(outbox.add([Sample.firing(key: "x")], time: 1) == [.queued])
        #expect(newer.image[path] == bytes)
    }

    @Test func aDiskThatFailsIsSaidAndTriedAgain() throws {
        let disk = MemoryDisk()
        let outbox = open(disk)
        disk.setFaults { call, _ in call.changes ? .refuse(28) : nil }
        #expect(outbox.add([Sample.firing(key: "a")], time: 1) == [.queued])
        #expect(outbox.failure?.isFull == true)
        #expect(open(disk).state.waiting.isEmpty)
        disk.setFaults { _, _ in nil }
        _ = outbox.add([Sample.firing(key: "b")], time: 1)
        #expect(outbox.failure == nil)
        #expect(open(disk).state.waiting.map(\.notification.key) == ["a", "b"])
    }

    /// Every power cut: what was taken is there, what was delivered is not there again.
    @Test func noPowerCutLosesOrRepeats() {
        let disk = MemoryDisk()
        let outbox = open(disk)
        // After each step the disk is told how many were taken and how many were done with.
        var taken = 0
        var done = 0
        func note() { disk.note(taken * 1_000 + done) }
        for round in 0..<6 {
            _ = outbox.add(
                [Sample.firing(key: "\(round)-a"), Sample.firing(key: "\(round)-b")], time: 1)
            taken += 2
            note()
            if round % 3 == 2 {
                outbox.markDead(UInt64(done + 1), time: 2, attempts: 1, reason: "no")
            } else {
                outbox.markDelivered(UInt64(done + 1))
            }
            done += 1
            note()
        }
        var states = 0
        CrashStates(disk.trace, perPointMax: 64).forEach(seed: 3) { state in
            states += 1
            let found = open(MemoryDisk(state.image)).state
            let taken = state.note / 1_000
            let done = state.note % 1_000
            let waiting = Set(found.waiting.map(\.number))
            let dead = Set(found.dead.map(\.waiting.number))
            // One more may be done with than was noted, and two more taken.
            for number in 0..<taken where number > done {
                #expect(waiting.contains(UInt64(number + 1)), "lost \(number + 1) of \(taken)")
            }
            for number in 0..<done {
                #expect(!waiting.contains(UInt64(number + 1)), "repeated \(number + 1)")
                #expect(dead.contains(UInt64(number + 1)) == (number % 3 == 2))
            }
        }
        #expect(states > 100)
    }

    @Test func namesOfFilesAreReadableAndDiffer() {
        let name = Outbox.fileName("On Call/../slack")
        #expect(name.hasPrefix("on_call____slack-") && name.hasSuffix(".outbox"))
        #expect(name != Outbox.fileName("on call/../slack"))
        #expect(!Outbox.fileName(String(repeating: "ä/", count: 500)).contains("/"))
    }
}
