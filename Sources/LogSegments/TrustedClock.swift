internal import LogBytes
internal import LogRecords
public import LogSystem

/// The time that deletion goes by, and why it may not be that of the machine's clock.
///
/// A clock that leaps ahead makes everything look old, and what comes in under one that was set back looks old as soon as it is
/// right again. So the machine's clock is believed once, at the start, and only within a week of the time at which the last
/// writer was seen (`state/clock`); else that time is where the line begins. From then on time passes as the monotonic clock
/// says:
///
///     line        what it was at the start + what has passed since; what the next one finds as the last known time
///     now         min(machine's clock, line): never early, so what is deleted by it is old
///     arrival     max(machine's clock, line): never late, so what comes in now is not taken for old
///     paused      while the machine's clock is more than a week off the line, in either direction: somebody should look
///
/// Somebody who has looked says that the clock is right (`confirm`), which a running writer notices. What is stored is evidence
/// only where there is no last known time.
///
/// If the clock is right at each start, or more than a week off, then `now` is never ahead of the true time, whatever the clock
/// does in between, and `arrival` is behind it by no more than the time for which nobody was there, and only if the clock was
/// wrong when somebody came back. What cannot be known is whether a clock that is ahead by less than a week at the start has
/// leapt, or whether nobody has written for so long: each start under a leapt clock can bring deletion nearer by up to a week,
/// and no more. Any thread may use it.
public final class TrustedClock: @unchecked Sendable {
    private let directory: String
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let lock = Lock()
    /// What the line was when `sinceBoot` was 0.
    private var origin: Int64
    /// What may stand in the file without anybody else having written it: what was there, and what was written since, also by
    /// calls that failed half-way.
    private var expected: [Int64]

    /// A clock further off than this has leapt, or nobody has written for as long; either way somebody should look before
    /// lines are deleted (nanoseconds). Shorter would ask after every holiday of a machine.
    public static let aheadMax = 7 * Timestamp.day

    /// The clock of the data directory `directory`, which need not be there yet.
    public init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem(),
        clock: any WallClock = SystemClock()
    ) {
        self.directory = directory
        self.fileSystem = fileSystem
        self.clock = clock
        let stored = Self.stored(directory, fileSystem)
        expected = stored.map { [$0] } ?? []
        let known =
            stored ?? StoredPartitions.newestTime(directory, fileSystem) ?? clock.now()
        origin = Self.origin(known, clock)
    }

    private static func origin(_ known: Int64, _ clock: any WallClock) -> Int64 {
        let start = Reading(wall: clock.now(), line: known)
        return (start.isBelievable ? start.wall : known) &- clock.sinceBoot()
    }

    /// The last known time; nil when there is none, or its file is damaged.
    static func stored(_ directory: String, _ fileSystem: any FileSystem) -> Int64? {
        guard let bytes = try? fileSystem.readAll(DataDirectory.clockFile(directory)) else {
            return nil
        }
        return StateFile.text(bytes).flatMap { Int64($0.dropLast()) }
    }

    // MARK: Time

    /// One look at the clocks.
    private struct Reading {
        let wall: Int64
        let line: Int64
        /// How far the machine's clock is ahead of the line.
        var ahead: Int64 { wall.subtractingReportingOverflow(line).partialValue }
        var isBelievable: Bool { ahead.magnitude <= TrustedClock.aheadMax.magnitude }
    }

    private var reading: Reading {
        lock.locked { Reading(wall: clock.now(), line: origin &+ clock.sinceBoot()) }
    }

    /// The time that deletion goes by: never ahead of the true time.
    public func now() -> Int64 {
        let reading = reading
        return min(reading.wall, reading.line)
    }

    /// The time for what comes in now: never behind the true time.
    public func arrivalTime() -> Int64 {
        let reading = reading
        return max(reading.wall, reading.line)
    }

    /// Why nothing may be deleted; nil when the clock is to be trusted.
    public var pause: ClockPause? {
        let reading = reading
        return reading.isBelievable ? nil : ClockPause(clock: reading.wall, expected: reading.line)
    }

    // MARK: The last known time

    /// Takes over what somebody has confirmed meanwhile.
    public func refresh() { lock.locked { takeOver() } }

    private func takeOver() {
        guard let stored = Self.stored(directory, fileSystem) else { return }
        if !expected.contains(stored) {
            let confirmed = Reading(wall: clock.now(), line: stored)
            let present = Reading(wall: confirmed.wall, line: origin &+ clock.sinceBoot())
            // What was confirmed long ago is no reason to doubt a clock that is right by all that has been seen since.
            if confirmed.isBelievable || !present.isBelievable {
                origin = Self.origin(stored, clock)
            }
        }
        expected = [stored]
    }

    /// Writes the last known time for whoever starts next.
    func save() throws(FileError) {
        var failure: FileError?
        lock.locked {
            takeOver()
            let time = origin &+ clock.sinceBoot()
            expected.append(time)
            do throws(FileError) {
                try Self.write(time, directory, fileSystem)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// Says that the machine's clock is right: its time becomes the last known one, also for a writer that runs.
    public static func confirm(
        directory: String, fileSystem: any FileSystem = DiskFileSystem(),
        clock: any WallClock = SystemClock()
    ) throws(StoreError) {
        do throws(FileError) {
            try write(clock.now(), directory, fileSystem)
        } catch {
            throw error.isMissing ? .noDirectory(directory) : .writing(error)
        }
    }

    private static func write(
        _ time: Int64, _ directory: String, _ fileSystem: any FileSystem
    ) throws(FileError) {
        try StateFile.sealed("\(time)\n").withView { view throws(FileError) in
            try fileSystem.replace(
                DataDirectory.clockFile(directory), in: DataDirectory.state(directory), with: view)
        }
    }
}

/// A clock that is too far off for anything to be deleted by it.
public struct ClockPause: Sendable, Equatable, CustomStringConvertible {
    /// The machine's clock, nanoseconds since the epoch.
    public let clock: Int64
    /// What it should be, by the last known time and what has passed since.
    public let expected: Int64

    /// What is wrong, and what to do.
    public var description: String {
        let (days, overflow) = clock.subtractingReportingOverflow(expected)
        let off = overflow ? "centuries" : "\(days.magnitude / UInt64(Timestamp.day)) days"
        return "nothing is deleted: the clock (\(Timestamp.text(clock, digits: 0))) is \(off) "
            + "\(clock > expected ? "ahead of" : "behind") the last known time "
            + "(\(Timestamp.text(expected, digits: 0))); "
            + "if it is right, run `weir retention --confirm-clock`"
    }
}
