import CLogKernels
import Glibc
import LogBytes
import LogMetrics
import LogRecords

/// The works of the benchmark on one file, in memory, one thread.
struct SpeedReport {
    private let name: String
    private let memory: MappedFile
    private let runs: Int

    init(path: String, runs: Int) throws {
        name = String(path.split(separator: "/").last ?? "")
        memory = try MappedFile(path: path)
        self.runs = runs
    }

    /// Prints `file, work, GB/s, checksum` for each work: the best run by CPU time.
    func print() {
        row("copy") { copy() }
        row("newlines") { newlines() }
        row("five") { fiveFields() }
        row("tape") { tape() }
        let (mallocs, lines) = allocations()
        Swift.print("\(name)\tallocations\t\(mallocs)\t\(lines) lines")
    }

    private func row(_ work: String, _ body: () -> UInt64) {
        // One work alone, for a profiler.
        if let only = getenv("WEIR_BENCH_WORK"), String(cString: only) != work { return }
        var best = Double.infinity
        var sum: UInt64 = 0
        for _ in 0..<runs {
            let start = Self.cpuSeconds()
            sum = body()
            best = min(best, Self.cpuSeconds() - start)
        }
        let speed = Double(memory.view.count) / best * 1e-9
        let text = String(Int(speed * 1_000))
        let padded = String(repeating: "0", count: max(0, 4 - text.count)) + text
        Swift.print("\(name)\t\(work)\t\(padded.dropLast(3)).\(padded.suffix(3))\t\(sum)")
        fflush(nil)
    }

    static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Calls `body` with whole lines of about a chunk each, as the ingester gets them.
    private func forEachChunk(_ body: (ByteView) -> Void) {
        var rest = memory.view
        while !rest.isEmpty {
            var count = min(rest.count, 1 << 18)
            if count < rest.count, let newline = rest.prefix(count).lastIndex(of: ASCII.newline) {
                count = newline + 1
            }
            body(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
    }

    private func copy() -> UInt64 {
        let chunk = ByteChunk(capacity: 1 << 20)
        var sum: UInt64 = 0
        forEachChunk { view in
            chunk.removeAll()
            chunk.append(view)
            sum &+= UInt64(chunk.base[view.count / 2])
        }
        return sum
    }

    private func newlines() -> UInt64 {
        var sum: UInt64 = 0
        forEachChunk { view in
            var rest = view
            while let length = rest.firstIndex(of: ASCII.newline) {
                sum &+= 1
                rest = rest.dropFirst(length + 1)
            }
        }
        return sum
    }

    /// Far in the future, so that no line counts as skewed.
    private static let arrivalTime = Int64.max - Timestamp.day

    private func fiveFields() -> UInt64 {
        let batch = RecordBatch()
        var slots = FieldSlots(names: ["endpoint", "duration_ms", "status_code"])
        // So that the first chunk is read as all others.
        slots.prepare(batch)
        var scratch = ByteWriter(capacity: 256)
        var sum: UInt64 = 0
        forEachChunk { view in
            batch.reset(origin: view.start, arrivalTime: Self.arrivalTime)
            batch.appendLines(view, readable: memory.readableEnd)
            slots.prepare(batch)
            let reader = BatchReader(batch)
            for index in 0..<reader.count {
                let record = reader[index]
                sum &+= UInt64(bitPattern: record.time)
                sum &+= UInt64(record.level.rawValue)
                let row = slots.row(record.shape)
                sum &+= UInt64(reader.text(index, row[0], scratch: &scratch).count)
                let milliseconds = reader.number(index, row[1], scratch: &scratch)
                sum &+= milliseconds.bitPattern
                sum &+= UInt64(reader.status(index, row[2]))
            }
        }
        return sum
    }

    private func tape() -> UInt64 {
        let batch = RecordBatch()
        var sum: UInt64 = 0
        forEachChunk { view in
            batch.reset(origin: view.start, arrivalTime: Self.arrivalTime)
            batch.appendLines(view, readable: memory.readableEnd)
            for span in batch.values.buffer { sum &+= UInt64(span.length) }
        }
        return sum
    }

    /// Blocks that the second pass over the first lines takes from the heap, and the number of lines: the tables have
    /// their size by then.
    private func allocations() -> (blocks: Int, lines: Int) {
        let batch = RecordBatch()
        var lines = 0
        var blocks = 0
        for _ in 0..<2 {
            var chunks = 0
            lines = 0
            let before = HeapCounter.blocks
            forEachChunk { view in
                guard chunks < 32 else { return }
                chunks += 1
                batch.reset(origin: view.start, arrivalTime: Self.arrivalTime)
                batch.appendLines(view, readable: memory.readableEnd)
                lines += batch.records.count
            }
            blocks = HeapCounter.blocks - before
        }
        return (blocks, lines)
    }
}
