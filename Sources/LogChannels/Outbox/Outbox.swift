internal import LogAlerting
internal import LogBytes
internal import LogSystem

/// The notifications of one channel that are not delivered yet, on disk before the first attempt.
///
/// One thread uses it at a time. When the disk fails it goes on in memory, says so, and tries again with the next change: an alert
/// that may be lost in a crash is better than none.
final class Outbox {
    /// What became of a notification.
    enum Admission: Equatable {
        case queued
        /// One of the same key waits, or was delivered, or given up.
        case known
        /// There are as many as there may be.
        case full
    }

    let channel: String
    private var file: OutboxFile
    private(set) var state: OutboxState
    private var waitingBytes = 0
    private var sizes: [UInt64: Int] = [:]
    /// Why the last change is not on the disk; nil when it is.
    private(set) var failure: FileError?
    /// Sentences about what was found when it was opened.
    private(set) var findings: [String] = []
    /// Set where the file must not be touched.
    private var isInMemory = false

    /// Notifications that may wait; a day's worth of a storm in groups.
    static let waitingMax = 10_000
    /// Bytes that may wait: a part of the memory that weir may take.
    static let waitingBytesMax = 32 << 20

    /// Opens the outbox of `channel` in `directory`.
    init(channel: String, retains: Bool, directory: String, fileSystem: any FileSystem) {
        self.channel = channel
        let file = OutboxFile(
            path: directory + "/" + Self.fileName(channel), directory: directory,
            fileSystem: fileSystem)
        self.file = file
        var state = OutboxState(retains: retains)
        var damage = OutboxFile.Damage()
        do throws(FileError) {
            switch try file.read({ state.apply($0) }) {
            case .success(let found): damage = found
            case .failure(let error):
                isInMemory = true
                findings.append(
                    "\(error.path) is of another version of weir and stays as it is; the "
                        + "notifications of \(channel) are kept in memory only")
            }
        } catch {
            isInMemory = true
            findings.append(
                "\(error); the notifications of \(channel) are kept in memory only")
        }
        self.state = state
        note(damage)
        for entry in state.waiting { count(entry.number, entry.notification) }
        replace()
    }

    private func note(_ damage: OutboxFile.Damage) {
        guard damage.skippedBytes > 0 else { return }
        findings.append(
            "\(file.path) is damaged: \(damage.skippedBytes) bytes were skipped; it is set aside as "
                + "\(file.path).damaged")
        do throws(FileError) {
            try file.setAside()
        } catch {
            findings.append("\(error)")
        }
    }

    /// How the names of the files end.
    static let suffix = ".outbox"

    /// The name of the file: readable, and another one for each channel.
    static func fileName(_ channel: String) -> String {
        let slug = String(
            decoding: channel.lowercased().utf8.prefix(40).map { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    byte
                default: UInt8(ascii: "_")
                }
            }, as: UTF8.self)
        return "\(slug)-\(channel.withView { SHA256.hexadecimal($0) }.prefix(16))"
            + suffix
    }

    private func count(_ number: UInt64, _ notification: AlertNotification) {
        var out = ByteWriter(capacity: 512)
        notification.append(to: &out)
        sizes[number] = out.count
        waitingBytes += out.count
    }

    private func uncount(_ number: UInt64) {
        waitingBytes -= sizes.removeValue(forKey: number) ?? 0
    }

    // MARK: Changes

    /// Takes notifications, and returns when those that are queued are durable, as far as the disk allows.
    func add(_ notifications: [AlertNotification], time: Int64) -> [Admission] {
        var records: [OutboxRecord] = []
        let result = notifications.map { notification -> Admission in
            if state.knows(notification.key) { return .known }
            guard state.waiting.count < Self.waitingMax, waitingBytes < Self.waitingBytesMax else {
                return .full
            }
            let record = OutboxRecord.queued(state.next, time: time, notification)
            count(state.next, notification)
            state.apply(record)
            records.append(record)
            return .queued
        }
        save(records)
        return result
    }

    /// The receiver has the notification.
    func markDelivered(_ number: UInt64) {
        uncount(number)
        change(.delivered(number))
    }

    /// The receiver did not take the notification; it is tried again.
    func markFailed(_ number: UInt64, attempts: Int, reason: String) {
        change(.failed(number, attempts: attempts, reason: reason))
    }

    /// The notification is given up.
    func markDead(_ number: UInt64, time: Int64, attempts: Int, reason: String) {
        uncount(number)
        change(.dead(number, time: time, attempts: attempts, reason: reason))
    }

    /// A dead letter waits again. False when there is none of that number.
    func retry(_ number: UInt64, time: Int64) -> Bool {
        guard let letter = state.dead.first(where: { $0.waiting.number == number }) else {
            return false
        }
        count(number, letter.waiting.notification)
        change(.requeued(number, time: time))
        return true
    }

    /// Forgets a notification that was given up, or that waits. False when there is none of that number.
    func drop(_ number: UInt64) -> Bool {
        guard state.holds(number) else { return false }
        uncount(number)
        change(.dropped(number))
        return true
    }

    private func change(_ record: OutboxRecord) {
        state.apply(record)
        save([record])
    }

    private func save(_ records: [OutboxRecord]) {
        guard !isInMemory, !records.isEmpty else { return }
        // What a failure kept from the disk goes there with the whole state.
        if failure != nil || file.isLong { return replace() }
        do throws(FileError) {
            try file.append(records)
        } catch {
            replace()
        }
    }

    private func replace() {
        guard !isInMemory else { return }
        do throws(FileError) {
            try file.replace(state.records(channel: channel))
            failure = nil
        } catch {
            failure = error
        }
    }
}
