public import LogRecords

/// Whoever has to see each stored line once, in order, through restarts: metrics and rules, whose state is older than the last
/// lines when a process dies.
public protocol LineObserver: AnyObject {
    /// Takes lines that recovery found in the journal, in the order in which they came. They begin with the sequence number
    /// `sequence`; lines below what the observer has saved are among them.
    func replay(_ batch: RecordBatch, sequence: UInt64)

    /// Says that all lines below `sequence` are durable and are about to leave the journal: they are not replayed again.
    func save(below sequence: UInt64)
}
