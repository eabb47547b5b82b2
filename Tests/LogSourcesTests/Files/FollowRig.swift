import LogBytes
import LogMetrics
import LogSystem
import TestSupport

@testable import LogSources

/// A follower over simulated files, step by step.
final class FollowRig {
    let files: SimulatedFiles
    let store: SimulatedStore
    let clock = ManualClock(1_700_000_000_000_000_000)
    let counters = MetricsRegistry()
    private(set) var follower: FileFollower?
    private(set) var reports: [String] = []
    var options: FollowOptions

    init(
        _ patterns: [String] = ["/log/app.log*"], files: SimulatedFiles = SimulatedFiles(),
        chunkBytes: Int = 128
    ) {
        self.files = files
        store = SimulatedStore(chunkBytes: chunkBytes)
        options = FollowOptions(patterns: patterns.map { PathPattern($0, in: "/") })
        options.sizes = FileMark.Sizes(headBytes: 32, tailBytes: 16)
    }

    var isRunning: Bool { follower != nil }

    func start() {
        let follower = FileFollower(
            options: options, fileSystem: files, sink: store, counters: counters, clock: clock
        ) { [unowned self] in reports.append($0) }
        follower.recover(store.positions)
        self.follower = follower
    }

    /// Ends it well.
    func stop() {
        _ = follower?.flush()
        store.commit()
        follower = nil
    }

    func kill(keeping frames: Int = 0) {
        follower = nil
        store.crash(keeping: frames)
    }

    /// Looks, and gives every file a turn.
    func step(looks: Bool = true) {
        guard let follower else { return }
        if looks || follower.needsScan || !follower.hasScanned { follower.scan() }
        follower.tend()
        _ = follower.pass()
        clock.advance(1_000_000)
    }

    /// Works until there is nothing more to do now.
    func settle() {
        for _ in 0..<1_000 {
            step()
            if follower?.queue.isEmpty != false { return }
        }
    }

    /// Lets all patience run out.
    func settleForGood() {
        for _ in 0..<4 {
            settle()
            clock.advance(60_000_000_000)
        }
        settle()
        store.commit()
    }

    /// What the follower knows, for messages.
    var state: String {
        guard let follower else { return "not running" }
        let files = follower.files.values.sorted { $0.path < $1.path }.map { file in
            "\(file.path) \(file.key.inode) \(file.phase) \(file.presence) generation "
                + "\(file.mark.generation) offset \(file.mark.offset) link "
                + (file.mark.link.map { "\($0.key.inode):\($0.generation)" } ?? "-")
                + (file.content == nil ? "" : " open") + (file.isQueued ? " queued" : "")
        }
        let ghosts = follower.ghosts.values.map {
            "ghost \($0.id.key.inode):\($0.id.generation) offset \($0.mark.offset) \($0.mark.family)"
        }
        return (files + ghosts.sorted()).map { "      " + $0 }.joined(separator: "\n")
    }

    func events(_ event: FileEvent) -> Int {
        Int(counters.values(.fileEvents)[event.rawValue] ?? 0)
    }
}
