import LogBytes
import LogMetrics
import LogSystem
import TestSupport

@testable import LogSources

/// A random history: somebody writes numbered lines, somebody rotates them in every way, weir follows, is killed and
/// started again; and what must have come of it.
struct RotationHistory {
    private static let current = "/log/app.log"
    private static let partsMax = 4

    private var random: SeededGenerator
    private let rig: FollowRig
    private let isNarrow: Bool
    private let header: [UInt8]
    private var writer: SimulatedFiles.Node
    /// What the writer has begun and not ended.
    private var unwritten: [UInt8] = []
    private var number = 0
    /// How often each line was written.
    private var written: [[UInt8]: Int] = [:]
    /// Lines that nobody could be sure to read.
    private var risked: Set<[UInt8]> = []
    private var unknowable: Set<[UInt8]> = []
    private var mayDouble: Set<[UInt8]> = []
    private var log: [String] = []
    /// Has the follower's state in the log, for who looks for a fault.
    var isTraced = false

    private var files: SimulatedFiles { rig.files }

    init(seed: UInt64, _ change: (FollowRig) -> Void = { _ in }) {
        random = SeededGenerator(seed: seed)
        isNarrow = random.below(3) == 0
        rig = FollowRig([isNarrow ? Self.current : random.pick(["/log/app.log*", "/log/*"])])
        // Longer than what is kept of a head: files that begin alike must be told apart by what follows.
        header =
            random.below(4) == 0
            ? Array("# a header that all files have, and it is long\n".utf8) : []
        writer = rig.files.create(Self.current)
        rig.files.hold(writer)
        change(rig)
    }

    /// Lives through it; what is wrong in the end, nil when nothing is.
    mutating func run(steps: Int) -> String? {
        for _ in 0..<steps { act() }
        finishLine()
        write(lines: 1)
        if !rig.isRunning { rig.start() }
        rig.settleForGood()
        if isTraced { note("the end\n\(rig.state)") }
        return verdict()
    }

    private mutating func act() {
        switch random.below(20) {
        case 0..<5: write(lines: 1 + random.below(3))
        case 5: writeHalf()
        case 6..<12: weir()
        case 12: rig.store.commit()
        case 13: restart()
        case 14, 15: rotate()
        case 16: copyTruncate()
        case 17: compress()
        case 18: removeOldest()
        default:
            if unwritten.isEmpty { rig.clock.advance(Int64(random.below(8)) * 1_000_000_000) }
        }
    }

    private mutating func note(_ what: String) { log.append(what) }

    // MARK: weir

    private mutating func weir() {
        if !rig.isRunning {
            note("start")
            rig.start()
        }
        rig.store.isStalled = random.below(8) == 0
        rig.options.openFilesMax = random.pick([2, 64])
        let before = rig.store.lines.count
        rig.step(looks: random.below(4) > 0)
        let came = rig.store.texts.dropFirst(before).joined(separator: " ")
        note((rig.store.isStalled ? "stalled step" : "step") + ": \(came)")
        rig.store.isStalled = false
        if isTraced { note(rig.state) }
    }

    private mutating func restart() {
        guard rig.isRunning else { return }
        if random.below(3) == 0 {
            note("stop")
            rig.stop()
        } else {
            note("kill")
            rig.kill(keeping: random.below(4))
        }
    }

    // MARK: The writer

    /// A line that says its number again and again: no other ends in the same way.
    private mutating func line() -> [UInt8] {
        number += 1
        let name = Array("\(number):".utf8)
        let count = name.count + random.below(24)
        return (0..<count).map { name[$0 % name.count] }
    }

    private mutating func write(lines count: Int) {
        finishLine()
        var bytes: [UInt8] = []
        if writer.bytes.isEmpty, !header.isEmpty {
            bytes += header
            written[Array(header.dropLast()), default: 0] += 1
        }
        for _ in 0..<count {
            let line = line()
            written[line, default: 0] += 1
            bytes += line + [ASCII.newline]
        }
        note("write ..\(number) to \(writer.inode)")
        files.append(bytes, to: writer)
    }

    private mutating func writeHalf() {
        guard unwritten.isEmpty, !writer.bytes.isEmpty else { return }
        let line = line()
        written[line, default: 0] += 1
        let count = 1 + random.below(line.count)
        note("half of \(number) to \(writer.inode)")
        files.append(line.prefix(count), to: writer)
        unwritten = Array(line.dropFirst(count)) + [ASCII.newline]
    }

    private mutating func finishLine() {
        guard !unwritten.isEmpty else { return }
        note("rest of \(number)")
        files.append(unwritten, to: writer)
        unwritten = []
    }

    private mutating func reopen() {
        finishLine()
        guard let node = files.names[Self.current] ?? Optional(files.create(Self.current)),
            node !== writer
        else { return }
        note("reopen \(node.inode)")
        files.release(writer)
        files.hold(node)
        writer = node
    }

    // MARK: The rotator

    private func part(_ index: Int) -> String { "\(Self.current).\(index)" }

    /// Under a pattern that matches no rotated part, weir knows only what it has read something of.
    private func mayLeave(_ node: SimulatedFiles.Node) -> Bool {
        guard isNarrow else { return true }
        let lines = Received.lines(node.bytes)
        let first = lines.first { Array($0) != Array(header.dropLast()) }
        return first.map { rig.store.committedLines.contains($0) } ?? false
    }

    /// Takes note that lines of a content may be lost. Nobody can miss what is in a content of which nothing was ever read.
    private mutating func risk(_ lines: [[UInt8]], of content: [UInt8]) {
        risked.formUnion(lines)
        // The header stands in many files; which of them has been read cannot be seen.
        if !lines.isEmpty, !header.isEmpty {
            risked.insert(Array(header.dropLast()))
            unknowable.insert(Array(header.dropLast()))
        }
        let safe = Set(rig.store.committedLines)
        let own = Received.lines(content).filter { $0 != Array(header.dropLast()) }
        if !own.contains(where: safe.contains) { unknowable.formUnion(lines) }
    }

    private mutating func shift() {
        for index in stride(from: Self.partsMax, through: 1, by: -1) {
            for suffix in ["", ".gz"] where files.names[part(index) + suffix] != nil {
                if index == Self.partsMax {
                    remove(part(index) + suffix)
                } else {
                    files.rename(part(index) + suffix, part(index + 1) + suffix)
                }
            }
        }
    }

    private mutating func rotate() {
        guard let node = files.names[Self.current], mayLeave(node), node === writer else {
            reopen()
            return
        }
        note("rotate \(node.inode)")
        shift()
        files.rename(Self.current, part(1))
        if random.below(3) == 0 { return }
        _ = files.create(Self.current)
        // Some writers go on in the old file for a while.
        if random.below(2) == 0 { reopen() }
    }

    private mutating func copyTruncate() {
        reopen()
        guard mayLeave(writer), !writer.bytes.isEmpty else { return }
        note("copytruncate \(writer.inode)")
        shift()
        let copy = files.create(part(1))
        let bytes = writer.bytes
        if random.below(3) == 0 {
            files.append(bytes.prefix(bytes.count / 2), to: copy)
            if random.below(2) == 0 { weir() }
            files.append(bytes.dropFirst(bytes.count / 2), to: copy)
        } else {
            files.append(bytes, to: copy)
        }
        if random.below(3) == 0 { weir() }
        if random.below(4) == 0 {
            // What is written now is in no file any more, in a moment.
            // A copy that ends before what is read and is not seen in time is not known later.
            mayDouble.formUnion(Received.lines(bytes))
            let first = number + 1
            write(lines: 1)
            risk(Array(Received.lines(writer.bytes).suffix(number - first + 1)), of: writer.bytes)
            if random.below(2) == 0 { weir() }
        }
        files.truncate(writer)
        if random.below(2) == 0 { write(lines: 1 + random.below(8)) }
    }

    private mutating func compress() {
        let plain = (1...Self.partsMax).filter { files.names[part($0)] != nil }
        guard !plain.isEmpty else { return }
        let index = random.pick(plain)
        guard let node = files.names[part(index)], node !== writer,
            let packed = try? Packed.bytes(node.bytes, Packed.gzip, isQuick: true)
        else { return }
        note("gzip \(node.inode) as \(part(index)).gz")
        remove(part(index) + ".gz")
        let target = files.create(part(index) + ".gz")
        if random.below(3) == 0 {
            files.append(packed.prefix(packed.count / 2), to: target)
            if random.below(2) == 0 { weir() }
            files.append(packed.dropFirst(packed.count / 2), to: target)
        } else {
            files.append(packed, to: target)
        }
        if random.below(3) == 0 { weir() }
        files.remove(part(index))
    }

    private mutating func removeOldest() {
        for index in stride(from: Self.partsMax, through: 2, by: -1) {
            for suffix in ["", ".gz"] where files.names[part(index) + suffix] != nil {
                remove(part(index) + suffix)
                return
            }
        }
    }

    /// Deletes what may not have been read.
    private mutating func remove(_ path: String) {
        guard let node = files.names[path] else { return }
        note("remove \(path), \(node.inode)")
        let bytes = path.hasSuffix(".gz") ? (try? Packed.unpacked(node.bytes)) ?? [] : node.bytes
        let safe = Set(rig.store.committedLines)
        risk(Received.lines(bytes).filter { !safe.contains($0) }, of: bytes)
        if node === writer { reopen() }
        files.remove(path)
    }

    // MARK: The end

    private func verdict() -> String? {
        var stored: [[UInt8]: Int] = [:]
        for line in rig.store.lines { stored[line, default: 0] += 1 }
        var wrong: [String] = []
        for (line, count) in stored where count > written[line] ?? 0 && !mayDouble.contains(line) {
            wrong.append("\(text(line)) \(count) times")
        }
        var lost: [String] = []
        for (line, count) in written where stored[line] ?? 0 < count {
            if risked.contains(line) {
                if !unknowable.contains(line) { lost.append(text(line)) }
            } else {
                wrong.append("\(text(line)) is missing")
            }
        }
        let counted = [FileEvent.truncated, .replaced, .deleted, .gap].map(rig.events).reduce(0, +)
        if !lost.isEmpty, counted == 0 {
            wrong.append("a loss that nobody has counted: \(lost.sorted())")
        }
        if wrong.isEmpty { return nil }
        return
            (wrong.sorted() + [
                rig.counters.values(.fileEvents).description, isNarrow ? "narrow" : "wide",
            ] + log).joined(separator: "\n  ")
    }

    private func text(_ line: [UInt8]) -> String { String(decoding: line, as: UTF8.self) }
}
