/// What the alert desk has to do at some time. At equal times in this order: what is quiet is settled before anybody is told.
enum DeskTimer: Int, Comparable, Sendable {
    case silence, maintenance, alert, flush, escalation, storm

    static func < (left: DeskTimer, right: DeskTimer) -> Bool { left.rawValue < right.rawValue }
}

/// Times at which something is due, the earliest first: a binary heap.
///
/// Entries are never taken back: whoever takes one checks whether it still holds. The order depends on the entries alone and
/// not on when they came, so that a restored desk does everything in the same order.
struct TimerQueue {
    struct Entry: Comparable {
        let time: Int64
        let kind: DeskTimer
        let key: String

        static func < (left: Entry, right: Entry) -> Bool {
            if left.time != right.time { return left.time < right.time }
            if left.kind != right.kind { return left.kind < right.kind }
            return left.key < right.key
        }
    }

    private var heap: [Entry] = []

    var count: Int { heap.count }
    var first: Entry? { heap.first }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index] < heap[parent] else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }

    /// Keeps only entries that still hold.
    mutating func sweep(_ holds: (Entry) -> Bool) {
        // A sorted array is a heap.
        heap = heap.filter(holds).sorted()
    }
}
