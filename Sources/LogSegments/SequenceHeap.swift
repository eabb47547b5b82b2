/// A binary heap of sequence numbers, each with the number of the source that it comes from; for merging.
struct SequenceHeap {
    private var items: [(key: UInt64, source: Int)] = []

    /// The smallest number.
    var smallest: UInt64? { items.first?.key }

    mutating func insert(_ key: UInt64, _ source: Int) {
        items.append((key, source))
        var index = items.count - 1
        while index > 0, items[index].key < items[(index - 1) / 2].key {
            items.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Takes the smallest number out.
    mutating func popSmallest() -> (key: UInt64, source: Int)? {
        guard let last = items.popLast() else { return nil }
        guard let first = items.first else { return last }
        items[0] = last
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < items.count else { return first }
            if child + 1 < items.count, items[child + 1].key < items[child].key { child += 1 }
            guard items[child].key < items[index].key else { return first }
            items.swapAt(index, child)
            index = child
        }
    }
}
