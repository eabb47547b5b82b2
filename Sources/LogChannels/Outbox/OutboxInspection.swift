internal import LogAlerting
public import LogSystem

/// Looks into outboxes without touching them: for commands that run beside an ingester, which alone may change them.
public enum OutboxInspection {
    /// What one outbox holds.
    public struct Report: Equatable, Sendable {
        /// The path of the file.
        public let path: String
        /// The channel; the name of the file where that cannot be read.
        public let channel: String
        /// The notifications that wait, the oldest first.
        public let waiting: [QueuedNotification]
        /// Those that were given up, the oldest first.
        public let deadLetters: [DeadLetter]
        /// Bytes of the file that are no entries.
        public let damagedBytes: Int
        /// Set where another version of weir wrote the file: it says nothing of what is in it.
        public let isOfUnknownVersion: Bool
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
        for name in entries.map(\.name).sorted() where name.hasSuffix(Outbox.suffix) {
            let file = OutboxFile(
                path: directory + "/" + name, directory: directory, fileSystem: fileSystem)
            var state = OutboxState(retains: false)
            var channel = name
            let damage = try file.read { record in
                if case .channel(let name) = record { channel = name }
                state.apply(record)
            }
            let found = (try? damage.get()) ?? OutboxFile.Damage()
            var isUnknown = false
            if case .failure = damage { isUnknown = true }
            result.append(
                Report(
                    path: file.path, channel: channel,
                    waiting: state.waiting.map { QueuedNotification($0, channel: channel) },
                    deadLetters: state.dead.map { DeadLetter($0, channel: channel) },
                    damagedBytes: found.skippedBytes + found.tornBytes,
                    isOfUnknownVersion: isUnknown))
        }
        return result
    }
}
