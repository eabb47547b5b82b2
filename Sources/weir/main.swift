import LogBytes
import LogRecords
import LogSystem
import LogSegments
import LogQuery
import LogMetrics
import LogSources

let mode = CommandLine.arguments[1]
let outlet = ChunkOutlet(chunkCount: 4, chunkBytes: (1 << 20) + 1)
let source = try StandardInputSource()
WorkerThread.start {
    try? source.run(into: outlet)
    outlet.finish()
}
let batch = RecordBatch()
let policy = try RetentionPolicy(text: RetentionPolicy.standardText, file: "x")
let filters = policy.classes.compactMap { $0.filter.map { RecordFilter($0) } }
let metrics = StreamMetrics()
let store = try StoreWriter(directory: CommandLine.arguments[2], policy: policy)
let clock = SystemClock()
var lines = 0
var last = clock.monotonic()
loop: while true {
    switch outlet.receive(until: nil) {
    case .element(let chunk):
        if mode >= "1" {
            batch.reset(over: chunk, arrivalTime: clock.now())
            batch.appendLines(chunk.view, readable: chunk.readableEnd)
            lines += batch.records.count
        }
        if mode >= "2" {
            for row in 0..<batch.records.count {
                var record = batch.records[row]
                record.classIndex = UInt8(filters.firstIndex { $0.matches(record, in: batch) } ?? 0)
                batch.records[row] = record
            }
        }
        if mode >= "3" { metrics.observe(batch) }
        if mode >= "4" {
            try store.append([batch])
            if store.isSealDue { _ = try store.seal() }
            if clock.monotonic() - last > 200_000_000 {
                try store.commit()
                last = clock.monotonic()
            }
        }
        outlet.recycle(chunk)
    default: break loop
    }
}
let sealed = try store.close()
print(lines, sealed.reduce(0) { $0 + $1.storedBytes })
