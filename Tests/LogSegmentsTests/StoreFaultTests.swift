import LogSegments
import LogSystem
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Calls that fail while a store recovers, and disks that are full for a while.
@Suite struct StoreFaultTests {
    /// A store whose process was killed when half of its segments had their names and the journal was still there.
    private func halfSealed() throws -> RecordedStore {
        let store = try RecordedStore(seed: 5)
        try store.open()
        try store.append(6, days: 1)
        try store.seal()
        try store.append(8, days: 3)
        try store.append(4, days: 3)
        try store.commit()
        let renames = CallCounter()
        store.disk.setFaults { call, _ in
            guard call.changes else { return nil }
            return call == .rename && renames.next() < 3
                ? nil
                : call == .rename || call == .remove ? .refuse(EIO) : nil
        }
        #expect(throws: StoreError.self) { try store.seal() }
        store.kill()
        store.disk.setFaults { _, _ in nil }
        #expect(try store.found() == Array(0..<18))
        return store
    }

    private func expectAll(_ image: DiskImage, _ store: RecordedStore, _ what: String) throws {
        let system = MemoryFileSystem(MemoryDisk(image))
        let writer = try StoreWriter(
            directory: RecordedStore.directory, policy: store.policy, fileSystem: system)
        #expect(writer.recovery.damages == [], "\(what)")
        _ = try writer.close()
        let found = try storedLines(RecordedStore.directory, fileSystem: system)
        #expect(found.lines == store.lines, "\(what)")
        #expect(found.faults.isEmpty, "\(what)")
    }

    @Test(arguments: [1, 2, 5, .max])
    func everyCallOfRecoveryMayFail(times: Int) throws {
        let store = try halfSealed()
        let image = store.disk.image
        var calls: [MemoryDisk.Call: Int] = [:]
        for number in 0... {
            let disk = MemoryDisk(image)
            let struck = StruckCall()
            let count = CallCounter()
            disk.setFaults { call, _ in
                let now = count.next()
                guard now >= number, now - number < times else { return nil }
                struck.note(call)
                return .tear(EIO, bytes: 10)
            }
            do {
                let writer = try StoreWriter(
                    directory: RecordedStore.directory, policy: store.policy,
                    fileSystem: MemoryFileSystem(disk))
                #expect(writer.recovery.damages == [], "call \(number)")
                _ = try writer.close()
            } catch {
                #expect(error.description.contains("cannot "))
            }
            guard let call = struck.first else { break }
            calls[call, default: 0] += 1
            disk.setFaults { _, _ in nil }
            try expectAll(disk.image, store, "\(call), call \(number), \(times) times")
        }
        #expect(calls.keys.count >= 10, "\(calls)")
    }

    // MARK: Full disks

    /// Steps that write everywhere: journal, segments, state.
    private func fill(_ store: RecordedStore, _ step: (() throws -> Void) throws -> Void) throws {
        try step { try store.open() }
        for round in 0..<2 {
            for _ in 0..<2 {
                try step { try store.append(2, bytes: 200) }
                try step { try store.commit() }
            }
            if round == 0 { try step { try store.seal() } }
        }
        try step { try store.close() }
    }

    /// How much was on the disk around each write of a run that nothing disturbs.
    private func writePoints() throws -> [Int] {
        let store = try RecordedStore(seed: 11)
        let points = NumberList()
        store.disk.setFaults { [unowned disk = store.disk] call, _ in
            if call.changes { points.append(disk.usedBytesUnlocked) }
            return nil
        }
        try fill(store) { try $0() }
        let found = points.all
        return Set(found.flatMap { [$0, $0 + 1, $0 + 13, $0 + 100] }).sorted()
    }

    @Test func aDiskThatIsFullForAWhileCostsNothingAndWorkGoesOn() throws {
        let points = try writePoints()
        #expect(points.count > 60)
        var waits = 0
        for capacity in points {
            let store = try RecordedStore(seed: 11)
            store.disk.setCapacity(capacity)
            try fill(store) { step in
                for attempt in 0... {
                    do {
                        try step()
                        return
                    } catch StoreError.full {
                        waits += 1
                        // What was promised is there all the while.
                        let promised = store.promises.last ?? []
                        if !promised.isEmpty {
                            #expect(Set(promised).isSubset(of: Set(try store.found())))
                        }
                        if attempt == 2 { store.disk.setCapacity(.max) }
                    }
                }
            }
            let found = try storedLines(
                RecordedStore.directory, fileSystem: MemoryFileSystem(store.disk))
            let numbers = try RecordedStore.numbers(of: found.lines)
            #expect(numbers == store.taken, "capacity \(capacity)")
            #expect(numbers.count == 8)
            #expect(found.faults.isEmpty)
        }
        #expect(waits > points.count)
    }

    @Test func aDiskThatStaysFullDoesNotFillWithAttempts() throws {
        let store = try RecordedStore(seed: 3)
        try store.open()
        try store.append(2, bytes: 300)
        try store.commit()
        try store.append(2, bytes: 300)
        // As delayed allocation does: there was room for the write and there is none for the fsync, nor for another try.
        store.failNext(.fsync, .refuse(ENOSPC))
        store.disk.setCapacity(store.disk.usedBytes + 100)
        for _ in 0..<50 {
            #expect(throws: StoreError.self) { try store.commit() }
        }
        let journals = try MemoryFileSystem(store.disk).list(RecordedStore.directory + "/journal")
        #expect(journals.count <= 2)
        store.disk.setCapacity(.max)
        try store.commit()
        try store.close()
        #expect(try store.found() == Array(0..<4))
    }

    @Test func aJournalFileThatCannotBeRemovedIsNotInTheWay() throws {
        let store = try RecordedStore(seed: 3)
        try store.open()
        // The first file's header cannot be written, and the file cannot be removed.
        let count = CallCounter()
        store.disk.setFaults { call, _ in
            (call == .write || call == .remove) && count.next() < 2 ? .refuse(EIO) : nil
        }
        #expect(throws: StoreError.self) { try store.append(1) }
        try store.append(1)
        try store.close()
        #expect(try store.found() == [1])
    }

    /// Lines that come between a seal that failed and the next one are not the ones that were sealed.
    @Test func aSealThatFailedAtItsVeryEndDoublesNothingWhenLinesCame() throws {
        let store = try RecordedStore(seed: 3)
        try store.open()
        try store.append(3, days: 1)
        try store.commit()
        store.disk.setFaults { call, path in
            call == .fsyncDirectory && path.contains("/2025-") ? .refuse(EIO) : nil
        }
        #expect(throws: StoreError.self) { try store.seal() }
        store.disk.setFaults { _, _ in nil }
        #expect(try store.found() == [0, 1, 2])
        try store.append(2, days: 1)
        try store.commit()
        #expect(try store.found() == Array(0..<5))
        try store.close()
        #expect(try store.found() == Array(0..<5))
    }
}

/// What a fault struck first.
private final class StruckCall: @unchecked Sendable {
    private(set) var first: MemoryDisk.Call?

    func note(_ call: MemoryDisk.Call) { first = first ?? call }
}

private final class NumberList: @unchecked Sendable {
    private(set) var all: [Int] = []

    func append(_ number: Int) { all.append(number) }
}
