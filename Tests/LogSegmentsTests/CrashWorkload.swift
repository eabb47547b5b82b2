import LogSegments
import LogSystem
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Something that a store does while power cuts are looked for at every moment of it.
///
/// To put another part of the store under test, such as compaction or retention, add a workload to `all`: steps on the
/// `RecordedStore`, with `promise()` after each that makes a promise.
struct CrashWorkload: Sendable, CustomTestStringConvertible {
    let name: String
    /// How many runs with different seeds, and states of one moment at most.
    let runs: Int
    let perPointMax: Int
    /// States that differ, at least: the sum over all workloads is what CI must have seen.
    let distinctMin: Int
    /// The same for power cuts while a writer recovers what the workload's own left.
    let recoveryDistinctMin: Int
    let steps: @Sendable (RecordedStore) throws -> Void

    var testDescription: String { name }

    static let all: [CrashWorkload] = [
        CrashWorkload(
            name: "append, commit, seal", runs: 4, perPointMax: 64, distinctMin: 2_400,
            recoveryDistinctMin: 700
        ) {
            store in
            try store.open()
            for round in 0..<3 {
                for _ in 0..<2 {
                    try store.append(1 + store.random.below(3), bytes: 200)
                    try store.append(1 + store.random.below(2), bytes: 900)
                    try store.commit()
                }
                try store.append(2)
                if round < 2 { try store.seal() }
            }
            try store.close()
        },
        CrashWorkload(
            name: "many partitions", runs: 5, perPointMax: 64, distinctMin: 1_900,
            recoveryDistinctMin: 550
        ) {
            store in
            try store.open()
            try store.append(12, days: 6)
            try store.commit()
            try store.seal()
            try store.append(8, days: 8, bytes: 300)
            try store.append(3, days: 8, bytes: 300)
            try store.close()
        },
        CrashWorkload(
            name: "fsync fails", runs: 2, perPointMax: 44, distinctMin: 3_900,
            recoveryDistinctMin: 900
        ) { store in
            try store.open()
            for round in 0..<3 {
                try store.append(2, bytes: 300)
                if round > 0 { try store.commit() }
                for _ in 0..<3 { try store.append(1, bytes: 500) }
                store.failNext(.fsync, .refuse(EIO))
                try store.commit()
                try store.append(2)
                try store.commit()
            }
            try store.append(1)
            try store.close()
        },
        CrashWorkload(
            name: "killed and restarted", runs: 9, perPointMax: 48, distinctMin: 1_900,
            recoveryDistinctMin: 450
        ) {
            store in
            // A call fails, an fsync perhaps, and the process dies before another one helps. What it wrote stays in the cache,
            // where the next process finds it; what of that a failed fsync has lost will never come to the disk.
            for _ in 0..<4 {
                let last = store.random.below(60)
                let count = CallCounter()
                store.disk.setFaults { call, _ in
                    call.changes && count.next() >= last ? .tear(EIO, bytes: 40) : nil
                }
                do {
                    try store.open()
                    try store.append(2, bytes: 300)
                    try store.commit()
                    try store.append(2, days: 3, bytes: 300)
                    try store.seal()
                    try store.append(2, bytes: 200)
                    try store.commit()
                } catch is StoreError {}
                store.kill()
                store.disk.setFaults { _, _ in nil }
            }
            try store.open()
            try store.append(1)
            try store.close()
        },
        CrashWorkload(
            name: "seals fail", runs: 5, perPointMax: 48, distinctMin: 3_100,
            recoveryDistinctMin: 800
        ) { store in
            try store.open()
            for call in [
                MemoryDisk.Call.fsyncDirectory, .rename, .makeDirectory, .fsync, .remove, .write,
            ].shuffled(using: &store.random) {
                try store.append(3, days: 3)
                try store.commit()
                let skipped = store.random.below(4)
                let count = CallCounter()
                store.disk.setFaults { kind, _ in
                    kind == call && count.next() == skipped ? .refuse(EIO) : nil
                }
                do { try store.seal() } catch is StoreError {}
                store.disk.setFaults { _, _ in nil }
                try store.append(2, days: 3)
                try store.commit()
                if store.random.below(2) == 0 { try store.seal() }
            }
            try store.close()
        },
        CrashWorkload(
            name: "compaction", runs: 2, perPointMax: 32, distinctMin: 1_250,
            recoveryDistinctMin: 650
        ) { store in
            try store.open()
            for _ in 0..<2 {
                for _ in 0..<3 {
                    try store.append(2)
                    try store.commit()
                    try store.seal()
                }
                try store.append(1)
                try store.commit()
                try store.compact()
            }
            try store.close()
            try store.compact()
        },
        CrashWorkload(
            name: "compaction dies", runs: 2, perPointMax: 24, distinctMin: 2_400,
            recoveryDistinctMin: 600
        ) { store in
            try store.open()
            for _ in 0..<4 {
                for _ in 0..<2 {
                    try store.append(2)
                    try store.commit()
                    try store.seal()
                }
                try store.append(1)
                try store.commit()
                // It fails, or the process dies in the middle of it.
                let last = store.random.below(16)
                let isDeath = store.random.below(2) == 0
                let count = CallCounter()
                store.disk.setFaults { call, _ in
                    guard call.changes else { return nil }
                    let number = count.next()
                    return number == last || (isDeath && number > last)
                        ? .tear(EIO, bytes: 40) : nil
                }
                do { try store.compact() } catch is StoreError {}
                if isDeath { store.kill() }
                store.disk.setFaults { _, _ in nil }
                if isDeath { try store.open() }
            }
            try store.close()
            try store.compact()
        },
    ]
}
