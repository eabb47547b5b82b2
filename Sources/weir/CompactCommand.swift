internal import ArgumentParser
internal import LogSegments

/// `weir compact`: does now what compaction would do later.
struct Compact: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact", _superCommandName: "weir",
        abstract: "Merges segments and packs them tighter now, instead of later.",
        discussion: """
            Rewrites every class and day: small segments become one, fresh ones
            (LZ4) become cold ones (templates, entropy coding, deflate). While
            `weir ingest` runs it does so by itself, and this command is refused.

            EXAMPLES
              weir compact
              weir compact --data /var/lib/weir
            """)

    @OptionGroup var data: DataOption

    func run() throws {
        let waiting: Int
        var before = 0
        var after = 0
        let failures: [Compactor.Failure]
        do {
            let lock = try WriterLock(directory: data.directory)
            failures = try withExtendedLifetime(lock) {
                try Compactor(directory: data.directory).run(
                    everything: true,
                    progress: { merge in
                        before += merge.bytesBefore
                        after += merge.bytesAfter
                        Terminal.note(text(merge))
                    })
            }
            waiting = try SegmentStore(directory: data.directory).journalStatistics().lines
        } catch {
            throw CommandFailure("\(error)")
        }
        Terminal.note("weir: \(Figure.bytes(before)) became \(Figure.bytes(after))")
        if waiting > 0 {
            Terminal.note(
                "weir: \(Figure.count(waiting)) lines wait in the journal; the next `weir ingest`, or "
                    + "`weir check --repair`, makes segments of them")
        }
        for failure in failures {
            Terminal.note(
                "weir: \(failure.key.className) \(failure.key.dayName): \(failure.message)")
        }
        if !failures.isEmpty { throw CommandFailure(status: 2) }
    }

    private func text(_ merge: Compactor.Merge) -> String {
        "\(merge.key.className) \(merge.key.dayName): \(merge.inputs) segments, "
            + "\(Figure.count(merge.lines)) lines, "
            + "\(Figure.bytes(merge.bytesBefore)) to \(Figure.bytes(merge.bytesAfter))"
    }
}
