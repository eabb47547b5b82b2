internal import LogBytes

/// Holds rows and their keys. With a limit, rows that cannot be among the first are dropped whenever twice as many as
/// are wanted have come.
final class SortStage: RowConsumer {
    private let pipe: SortPipe
    private let next: any RowConsumer
    private let rows = CollectedRows()
    private var keys: [[SortValue]] = []
    private var keyBytes = 0
    private let partitions: Grouping
    /// The partition of each row; empty where there are none.
    private var partitionNumbers: [Int32] = []
    private var memory: MemoryShare
    /// The number of rows at which those that cannot be wanted are dropped.
    private var pruneAt: Int
    private let wanted: Int

    init(_ pipe: SortPipe, _ next: any RowConsumer, _ budget: MemoryBudget) {
        self.pipe = pipe
        self.next = next
        partitions = Grouping(pipe.partition.map { GroupKey(field: $0, bucket: nil) })
        memory = MemoryShare(budget, pipe: "sort")
        wanted = pipe.limit.map { $0.addingClamped(pipe.offset) } ?? .max
        pruneAt = Self.pruneAt(wanted)
    }

    private static func pruneAt(_ wanted: Int) -> Int {
        wanted >= .max / 4 ? .max : wanted * 2 + 1_024
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let columns = try pipe.keys.map { try slice.block.queryColumn($0.field) }
        try rows.append(slice)
        for row in slice.rows {
            let values = columns.map { column in column.withText(row: row) { SortValue($0) } }
            keyBytes += values.reduce(0) { $0 + $1.text.count + 48 }
            keys.append(values)
        }
        if !pipe.partition.isEmpty {
            partitionNumbers += try partitions.groups(slice.block, rows: slice.rows)
        }
        if rows.count >= pruneAt { prune() }
        try memory.set(
            rows.memoryBytes + keyBytes + partitions.memoryBytes + partitionNumbers.capacity * 4)
        return .proceed
    }

    private func prune() {
        let kept = ranked().filter { $0.rank < wanted }.map(\.row)
        rows.keep(only: kept)
        keys = kept.map { keys[$0] }
        if !partitionNumbers.isEmpty { partitionNumbers = kept.map { partitionNumbers[$0] } }
        keyBytes = keys.reduce(0) { $0 + $1.reduce(0) { $0 + $1.text.count + 48 } }
        // With partitions more rows than the limit may be wanted.
        pruneAt = Self.pruneAt(max(wanted, kept.count))
    }

    /// The rows in order, each with its place among its partition, from 0 on.
    private func ranked() -> [(row: Int, rank: Int)] {
        let order = order()
        guard !partitionNumbers.isEmpty else {
            return order.enumerated().map { ($0.element, $0.offset) }
        }
        var counts = [Int](repeating: 0, count: partitions.count)
        return order.map { row in
            let partition = Int(partitionNumbers[row])
            counts[partition] += 1
            return (row, counts[partition] - 1)
        }
    }

    private func order() -> [Int] {
        var places: [Int] = []
        if !partitionNumbers.isEmpty {
            // Partitions come one behind the other, in the order of their values.
            places = Array(repeating: 0, count: partitions.count)
            for (place, number) in partitions.sorted().enumerated() { places[number] = place }
        }
        return (0..<rows.count).sorted { left, right in
            if !places.isEmpty {
                let a = places[Int(partitionNumbers[left])]
                let b = places[Int(partitionNumbers[right])]
                if a != b { return a < b }
            }
            for (index, key) in pipe.keys.enumerated() {
                let order = keys[left][index].compare(keys[right][index])
                if order != 0 { return key.isDescending ? order > 0 : order < 0 }
            }
            // Equal rows come in the order of their arrival.
            let a = rows.place(left)
            let b = rows.place(right)
            return (a.time, a.sequence, left) < (b.time, b.sequence, right)
        }
    }

    func finish() throws {
        let wantedRanks = pipe.offset..<max(wanted, pipe.offset)
        let order = ranked().filter { wantedRanks.contains($0.rank) }
        if let name = pipe.rank {
            let stage = NumberedStage(name, order.map { $0.rank + 1 }, next)
            try rows.give(order.map(\.row)[...], to: stage)
        } else {
            try rows.give(order.map(\.row)[...], to: next)
        }
        try next.finish()
    }
}

/// Gives rows, which come in a known order, a field with a number each.
final class NumberedStage: RowConsumer {
    private let name: String
    private let numbers: [Int]
    private var count = 0
    private let next: any RowConsumer

    init(_ name: String, _ numbers: [Int], _ next: any RowConsumer) {
        self.name = name
        self.numbers = numbers
        self.next = next
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let results = FieldResults(slice)
        let target = results.target(name)
        for row in slice.rows {
            "\(numbers[count])".withView { results.set($0, in: target, row: row) }
            count += 1
        }
        return try next.consume(
            RowSlice(block: OverlayBlock(slice.block, try results.columns()), rows: slice.rows))
    }

    func finish() throws { try next.finish() }
}

extension Int {
    /// The sum, held at the greatest integer.
    fileprivate func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
