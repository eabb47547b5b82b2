internal import LogAlerting
internal import LogBytes
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

    /// A part of an outbox that is no entry.
    public struct Fault: Equatable, Sendable {
        /// What it is.
        public enum Kind: Sendable {
            /// Bytes are not what weir wrote.
            case damage
            /// The last entry ends before its end, as a crash leaves it.
            case torn
            /// The whole file is of a version that this weir does not know.
            case unknownVersion
        }

        /// What it is.
        public let kind: Kind
        /// Where it begins.
        public let offset: Int
        /// How long it is.
        public let bytes: Int
    }

    /// What the bytes of an outbox hold, and each part of them that is no entry.
    public static func inspect(
        _ bytes: [UInt8]
    ) -> (waiting: Int, deadLetters: Int, faults: [Fault]) {
        var state = OutboxState(retains: false)
        var faults: [Fault] = []
        let magic = OutboxFile.magic
        guard bytes.count >= magic.count else {
            let kind = magic.starts(with: bytes) ? Fault.Kind.torn : .damage
            return (0, 0, [Fault(kind: kind, offset: 0, bytes: bytes.count)])
        }
        if !bytes.starts(with: magic), bytes.starts(with: magic.dropLast()) {
            return (0, 0, [Fault(kind: .unknownVersion, offset: 0, bytes: bytes.count)])
        }
        bytes.withView { view in
            var offset = bytes.starts(with: magic) ? magic.count : 0
            var start = offset
            func note(_ end: Int) {
                guard end > start else { return }
                let isTorn = end == view.count && OutboxRecord.isPrefix(view, at: start)
                faults.append(
                    Fault(kind: isTorn ? .torn : .damage, offset: start, bytes: end - start))
            }
            while offset < view.count {
                guard let (record, end) = OutboxRecord.read(view, at: offset) else {
                    offset += 1
                    continue
                }
                note(offset)
                state.apply(record)
                offset = end
                start = end
            }
            note(view.count)
        }
        return (state.waiting.count, state.dead.count, faults)
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
