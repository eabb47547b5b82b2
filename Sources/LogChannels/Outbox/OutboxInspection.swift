public import LogAlerting
public import LogSystem

/// Looks into outboxes without touching them: for commands that run beside an ingester, which alone may change them.
public enum OutboxInspection {
    /// What one outbox holds.
    public struct Report: Equatable, Sendable {
        /// The channel; the name of the file where that cannot be read.
        public let channel: String
        /// The notifications that wait, the oldest first.
        public let waiting: [AlertNotification]
        /// Those that were given up, the oldest first.
        public let deadLetters: [DeadLetter]
        /// Bytes of the file that are no entries.
        public let damagedBytes: Int
    }

    /// The outboxes in `directory`, by the names of their files; none where there is no such directory.
    public static func reports(
        in directory: String, fileSystem: any FileSystem = DiskFileSystem()
    ) throws(FileError) -> [Report] {
        let entries: [DirectoryEntry]
        do throws(FileError) {
            entries = try fileSystem.list(directory)
        } catch {
            if error.isMissing { return [] }
            throw error
        }
        var result: [Report] = []
        for entry in entries where entry.name.hasSuffix(".outbox") {
            let file = OutboxFile(
                path: directory + "/" + entry.name, directory: directory, fileSystem: fileSystem)
            var state = OutboxState(retains: false)
            var channel = entry.name
            let damage = try file.read { record in
                if case .channel(let name) = record { channel = name }
                state.apply(record)
            }
            guard case .success(let found) = damage else { continue }
            result.append(
                Report(
                    channel: channel, waiting: state.waiting.map(\.notification),
                    deadLetters: state.dead.map { DeadLetter($0, channel: channel) },
                    damagedBytes: found.skippedBytes + found.tornBytes))
        }
        return result
    }
}

extension DeadLetter {
    init(_ dead: OutboxState.Dead, channel: String) {
        self.init(
            channel: channel, number: dead.waiting.number,
            title: NotificationText.title(dead.waiting.notification),
            key: dead.waiting.notification.key, time: dead.waiting.time, endTime: dead.time,
            attempts: dead.attempts, reason: dead.reason)
    }
}
