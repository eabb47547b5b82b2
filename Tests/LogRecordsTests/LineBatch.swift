import LogBytes
import LogRecords
import TestSupport

/// A batch over one line at a time, each in memory that ends 8 bytes behind the line.
final class LineBatch {
    private let memory: GuardedMemory
    let batch = RecordBatch()

    init(capacity: Int = 1 << 17) throws { memory = try GuardedMemory(capacity: capacity) }

    /// Replaces the batch's content by this line.
    func take(_ line: [UInt8], arrivalTime: Int64 = .max - Timestamp.day) -> Record {
        let view = memory.place(line, slack: 8)
        batch.reset(origin: view.start, arrivalTime: arrivalTime)
        batch.append(line: view, readable: view.end + 8)
        return batch.records[0]
    }

    /// Replaces the batch's content by this line.
    func take(_ line: String, arrivalTime: Int64 = .max - Timestamp.day) -> Record {
        take(Array(line.utf8), arrivalTime: arrivalTime)
    }

    /// The line put together again from its shape's pieces and its values.
    func rebuilt(_ record: Record) -> [UInt8] {
        let shape = batch.shape(record)
        var out = Array(shape.piece(0))
        for field in shape.fields.indices {
            out += Array(batch.raw(record, field))
            out += Array(shape.piece(field + 1))
        }
        return out
    }

    /// The text of the field that a query calls `name`.
    func text(_ record: Record, _ name: String) -> String {
        var scratch = ByteWriter()
        return batch.text(record, named: name, scratch: &scratch).text
    }
}
