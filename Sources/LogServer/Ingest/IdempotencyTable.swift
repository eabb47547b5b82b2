internal import LogBytes
internal import LogSystem
internal import Synchronization

/// The requests with an `Idempotency-Key`: how much of each has been taken, so that one that is sent again, after a lost
/// answer or a crash, adds only what is missing.
///
/// What stands here is what was handed to the pipeline; its position is in the journal frame of the same lines.
final class IdempotencyTable: Sendable {
    /// What a body is up to an offset. Who uses a key twice by mistake is told; a checksum is enough for that.
    struct Mark: Equatable, Sendable {
        let offset: UInt64
        let fingerprint: UInt32

        /// How it stands in a position's detail, with whether the request has been taken whole.
        func detail(isDone: Bool) -> String {
            "\(isDone ? doneDetail : partDetail) \(offset) \(String(fingerprint, radix: 16))"
        }

        /// The mark of a position's detail; nil in those of versions that made none.
        init?(detail: String) {
            let words = detail.split(separator: " ")
            guard words.count == 3, let offset = UInt64(words[1]),
                let fingerprint = UInt32(words[2], radix: 16)
            else { return nil }
            self.init(offset: offset, fingerprint: fingerprint)
        }

        init(offset: UInt64, fingerprint: UInt32) {
            self.offset = offset
            self.fingerprint = fingerprint
        }
    }

    /// A request that was seen.
    final class Entry: Sendable {
        struct State {
            /// How much of the body has been taken, in the endpoint's measure: bytes, or lines.
            var offset: UInt64 = 0
            /// What the body was, as far as it has been taken or, where it was read whole, all of it.
            var mark: Mark?
            /// The whole body has been taken.
            var isDone = false
            /// A request with this key is being served.
            var isBusy = false
        }

        let key: String
        let receipts = ReceiptGroup()
        let state: Mutex<State>

        init(key: String) {
            self.key = key
            state = Mutex(State())
        }
    }

    private struct Table {
        var entries: [String: Entry] = [:]
        /// The keys in the order in which they came, from `first` on.
        var order: [String] = []
        var first = 0
    }

    private let table = Mutex(Table())

    /// Keys that are kept; of more, the oldest go. As many as the store's table of positions keeps.
    static let keysMax = 50_000
    /// The kind of source in a position's key.
    static let kind = "request:"
    /// What the detail of a position begins with whose request was taken whole.
    static let doneDetail = "done"
    /// The same of one that was not.
    static let partDetail = "part"
    /// Keys that clients make are some tens of bytes; longer ones are refused.
    static let keyBytesMax = 255

    /// A table with what was recovered.
    init(_ positions: [SourcePosition]) {
        for position in positions where position.key.hasPrefix(Self.kind) {
            let isDone = position.detail.hasPrefix(Self.doneDetail)
            add(Entry(key: position.key)).state.withLock {
                $0.offset = position.offset
                $0.isDone = isDone
                $0.mark = Mark(detail: position.detail)
            }
        }
    }

    /// The position's key for a client's key, which nobody else's can equal.
    static func positionKey(scope: String, key: String) -> String {
        kind + "\(scope)\n\(key)".withView { SHA256.hexadecimal($0) }
    }

    /// Begins to serve a request; nil when one with this key is being served. `end` it.
    func begin(_ key: String) -> Entry? {
        let known = table.withLock { $0.entries[key] }
        let entry = known ?? add(Entry(key: key))
        let isMine = entry.state.withLock { state in
            defer { state.isBusy = true }
            return !state.isBusy
        }
        return isMine ? entry : nil
    }

    /// Ends serving a request.
    func end(_ entry: Entry) { entry.state.withLock { $0.isBusy = false } }

    @discardableResult
    private func add(_ entry: Entry) -> Entry {
        table.withLock { table in
            if let known = table.entries[entry.key] { return known }
            table.entries[entry.key] = entry
            table.order.append(entry.key)
            if table.entries.count > Self.keysMax {
                table.entries[table.order[table.first]] = nil
                table.first += 1
                if table.first > Self.keysMax {
                    table.order.removeFirst(table.first)
                    table.first = 0
                }
            }
            return entry
        }
    }
}
