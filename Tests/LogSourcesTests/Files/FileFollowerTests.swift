import LogBytes
import LogMetrics
import LogSystem
import TestSupport
import Testing

@testable import LogSources

@Suite struct FileFollowerTests {
    private static let log = "/log/app.log"

    private func text(_ lines: String...) -> [UInt8] {
        Array(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// A rig with one file of these lines, read.
    private func reading(_ lines: [UInt8], _ patterns: [String] = ["/log/app.log*"]) -> (
        rig: FollowRig, node: SimulatedFiles.Node
    ) {
        let rig = FollowRig(patterns)
        let node = rig.files.write(Self.log, lines)
        rig.start()
        rig.settle()
        return (rig, node)
    }

    @Test func linesAreTakenWholeAndHalfOnesWait() {
        let (rig, node) = reading(Array("one\ntwo\nthr".utf8))
        #expect(rig.store.texts == ["one", "two"])
        rig.files.append(Array("ee\n".utf8), to: node)
        rig.settle()
        #expect(rig.store.texts == ["one", "two", "three"])
    }

    @Test func aLastLineWithoutItsEndIsTakenWhenItHasWaitedLong() {
        let (rig, node) = reading(Array("one\ntw".utf8))
        rig.clock.advance(29_000_000_000)
        rig.settle()
        #expect(rig.store.texts == ["one"])
        rig.clock.advance(2_000_000_000)
        rig.settle()
        rig.settle()
        #expect(rig.store.texts == ["one", "tw"])
        #expect(rig.events(.halfLine) == 1)
        rig.files.append(Array("o\nthree\n".utf8), to: node)
        rig.settle()
        #expect(rig.store.texts == ["one", "tw", "o", "three"])
    }

    @Test func bytesAreKeptAsTheyAreAndOnlyTheOrderMarkGoes() {
        let bytes: [UInt8] = [
            0xEF, 0xBB, 0xBF, 0x61, 0x0D, 0x0A, 0x00, 0xFF, 0x0A, 0xEF, 0xBB, 0xBF, 0x0A,
        ]
        let (rig, node) = reading(bytes)
        #expect(rig.store.lines == [[0x61, 0x0D], [0x00, 0xFF], [0xEF, 0xBB, 0xBF]])
        rig.stop()
        rig.files.append(text("more"), to: node)
        rig.start()
        rig.settle()
        #expect(rig.store.texts.last == "more")
        #expect(rig.store.lines.count == 4)
    }

    /// fluent-bit#370: a line that is too long made it drop the file.
    @Test func aGiantLineIsCutAndTheFileGoesOn() {
        let giant = [UInt8](repeating: 0x78, count: 10_000)
        let (rig, node) = reading(text("before") + giant)
        #expect(rig.store.lines.map(\.count) == [6, 127])
        #expect(rig.store.cutLines == 1)
        // A restart in the middle of it goes on skipping.
        rig.stop()
        rig.files.append(giant + text("", "after"), to: node)
        rig.start()
        rig.settle()
        rig.stop()
        #expect(rig.store.lines.map(\.count) == [6, 127, 5])
        #expect(rig.store.cutLines == 1)
        #expect(rig.store.cutBytes == 20_000 - 127)
    }

    @Test func aRenamedFileIsReadToItsEndBesideTheNewOne() {
        for pattern in [Self.log, "/log/app.log*"] {
            let (rig, node) = reading(text("one"), [pattern])
            rig.files.rename(Self.log, Self.log + ".1")
            rig.files.append(Array("two\nhal".utf8), to: node)
            rig.files.write(Self.log, text("new"))
            rig.settle()
            rig.files.append(text("f"), to: node)
            rig.settle()
            #expect(rig.store.texts.sorted() == ["half", "new", "one", "two"])
            rig.settleForGood()
            #expect(rig.store.lines.count == 4)
            #expect(rig.events(.gap) == 0)
        }
    }

    /// fluent-bit#375: what stands between the last read and the truncation is in the copy.
    @Test func whatCopytruncateTookIsReadFromTheCopy() {
        for pattern in [Self.log, "/log/app.log*"] {
            let (rig, node) = reading(text("one", "two"), [pattern])
            rig.files.append(text("three"), to: node)
            rig.files.write(Self.log + ".1", node.bytes)
            rig.files.truncate(node)
            rig.files.append(text("four"), to: node)
            rig.settleForGood()
            #expect(rig.store.texts.sorted() == ["four", "one", "three", "two"])
            #expect(rig.events(.truncated) == 1)
            #expect(rig.events(.copied) == 1)
            #expect(rig.events(.gap) == 0)
        }
    }

    @Test func aTruncationWithoutACopyIsCountedAsAGap() {
        let (rig, node) = reading(text("one", "two"))
        rig.files.truncate(node)
        rig.files.append(text("three"), to: node)
        rig.settleForGood()
        #expect(rig.store.texts == ["one", "two", "three"])
        #expect(rig.events(.gap) == 1)
        #expect(rig.reports.contains { $0.contains("may be lost") })
    }

    /// A loki fix: truncated while it was down, and grown past the old offset since.
    @Test func aFileThatGrewPastItsOldOffsetIsReadFromItsStart() {
        let (rig, node) = reading(text("one", "two"))
        rig.stop()
        rig.files.truncate(node)
        rig.files.append(text("three", "four", "five"), to: node)
        rig.start()
        rig.settleForGood()
        #expect(rig.store.texts == ["one", "two", "three", "four", "five"])
    }

    /// vector#7990: a compressed rotation was read twice; beats#51417: files with one header were taken for one.
    @Test func aCompressedRotationIsKnownAndItsRestRead() throws {
        let header = "# a header that is longer than what is kept of a head"
        let (rig, node) = reading(text(header, "one"))
        rig.stop()
        rig.files.append(text("two"), to: node)
        rig.files.write(Self.log + ".1.gz", try Packed.bytes(node.bytes, Packed.gzip))
        rig.files.remove(Self.log)
        rig.files.write(Self.log, text(header, "three"))
        rig.start()
        rig.settleForGood()
        #expect(rig.store.texts.sorted() == [header, header, "one", "three", "two"])
        #expect(rig.events(.compressed) == 1)
        #expect(rig.events(.gap) == 0)
    }

    @Test func aCompressedFileThatNobodyKnowsIsUnpacked() throws {
        let rig = FollowRig()
        let lines = (0..<100).map { "line \($0)" }
        let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
        rig.files.write(Self.log + ".2.gz", try Packed.bytes(bytes, Packed.gzip))
        rig.start()
        rig.settle()
        #expect(rig.store.texts == lines)
        rig.kill(keeping: 2)
        rig.start()
        rig.settle()
        #expect(rig.store.texts == lines)
    }

    @Test func aDamagedCompressedFileIsToldAndItsFirstLinesKept() throws {
        let rig = FollowRig()
        let bytes = Array((0..<200).map { "line \($0)\n" }.joined().utf8)
        var packed = try Packed.bytes(bytes, Packed.gzip)
        packed[packed.count - 6] ^= 0xFF
        rig.files.write(Self.log + ".1.gz", packed)
        rig.start()
        rig.settle()
        #expect(rig.store.texts.first == "line 0")
        #expect(rig.events(.damaged) == 1)
        #expect(rig.counters.values(.refused)["damaged_gzip"] == 1)
    }

    @Test func otherPackingsAreLeftAlone() {
        let rig = FollowRig()
        rig.files.write(Self.log + ".zst", [0x28, 0xB5, 0x2F, 0xFD, 0x0A, 0x0A])
        rig.files.write(Self.log, text("BZh is a word"))
        rig.start()
        rig.settle()
        #expect(rig.store.texts == ["BZh is a word"])
        #expect(rig.events(.packed) == 1)
    }

    @Test func aFileDeletedWhileItIsOpenIsReadToItsEndAndReleased() {
        let (rig, node) = reading(text("one"))
        rig.files.hold(node)
        rig.files.remove(Self.log)
        rig.files.append(Array("two\nthr".utf8), to: node)
        rig.settle()
        #expect(rig.store.texts == ["one", "two"])
        #expect(rig.files.openCount == 1)
        rig.settleForGood()
        #expect(rig.store.texts == ["one", "two", "thr"])
        #expect(rig.files.openCount == 0)
        #expect(rig.events(.deleted) == 1)
        #expect(rig.events(.gap) == 0)
    }

    /// rsyslog#6292.
    @Test func anInodeThatIsGivenAgainIsAnotherFile() {
        let (rig, _) = reading(text("one", "two"))
        rig.stop()
        let old = rig.files.names[Self.log]?.inode
        rig.files.remove(Self.log)
        let fresh = rig.files.write(Self.log, text("three", "four", "five"))
        #expect(fresh.inode == old)
        rig.start()
        rig.settleForGood()
        #expect(rig.store.texts == ["one", "two", "three", "four", "five"])
        #expect(rig.events(.replaced) == 1)
    }

    @Test func linksAreOneFile() {
        let rig = FollowRig(["/log/*"])
        rig.files.write(Self.log, text("one"))
        rig.files.link(Self.log, "/log/hard.log")
        rig.files.symlink(Self.log, "/log/soft.log")
        rig.start()
        rig.settleForGood()
        #expect(rig.store.texts == ["one"])
        #expect(rig.follower?.files.count == 1)
    }

    @Test func filesBeginAtTheirStartOrAtTheLineThatIsBeingWritten() {
        for (from, want) in [
            (FileStart.start, ["one", "two", "three", "new"]), (.end, ["two", "three", "new"]),
        ] {
            let rig = FollowRig()
            rig.options.from = from
            let node = rig.files.write(Self.log, Array("one\ntw".utf8))
            rig.start()
            rig.settle()
            rig.files.append(text("o", "three"), to: node)
            rig.settle()
            rig.files.write(Self.log + ".new", text("new"))
            rig.settle()
            #expect(rig.store.texts == want)
        }
    }

    @Test func notFollowingReadsToThePresentEndAndOnceOnly() {
        let rig = FollowRig()
        rig.options.isFollowing = false
        let node = rig.files.write(Self.log, Array("one\ntwo".utf8))
        rig.start()
        rig.settle()
        #expect(rig.store.texts == ["one", "two"])
        #expect(rig.follower?.isFinished == true)
        rig.stop()
        rig.files.append(text("", "three"), to: node)
        rig.start()
        rig.settle()
        #expect(rig.store.texts == ["one", "two", "", "three"])
    }

    /// Thousands of files with few descriptors, each read, none left open beyond the limit.
    @Test func fewDescriptorsServeManyFiles() {
        let rig = FollowRig(["/log/*.log"])
        rig.options.openFilesMax = 8
        let nodes = (0..<300).map { rig.files.write("/log/\($0).log", text("first of \($0)")) }
        rig.start()
        rig.settle()
        #expect(rig.files.openCount <= 8)
        for (index, node) in nodes.enumerated() {
            rig.files.append(text("second of \(index)"), to: node)
        }
        rig.settle()
        #expect(rig.files.openCount <= 8)
        #expect(Set(rig.store.texts).count == 600)
        #expect(rig.store.texts.count == 600)
    }

    @Test func filesBeyondTheLimitAreCounted() {
        let rig = FollowRig(["/log/*.log"])
        rig.options.filesMax = 2
        for index in 0..<4 { rig.files.write("/log/\(index).log", text("of \(index)")) }
        rig.start()
        rig.settle()
        #expect(rig.store.texts == ["of 0", "of 1"])
        #expect(rig.events(.tooMany) == 1)
        #expect(rig.reports.count { $0.contains("2 files are the limit") } == 1)
    }

    @Test func aFileThatCannotBeReadIsToldOnceAndTriedAgain() {
        let rig = FollowRig()
        rig.files.write(Self.log, text("one"))
        rig.files.faults[Self.log] = 13
        rig.files.write(Self.log + ".1", text("other"))
        rig.start()
        rig.settle()
        rig.settle()
        // Nobody may look at it either; the other goes on.
        #expect(rig.store.texts == ["other"])
        rig.files.faults = [:]
        rig.settle()
        #expect(rig.store.texts == ["other", "one"])
    }

    @Test func theLagIsWhatHasNotBeenRead() {
        let (rig, node) = reading(text("one"))
        rig.store.isStalled = true
        rig.files.append(text("two", "three"), to: node)
        rig.step()
        rig.step()
        #expect(rig.counters.values(.fileLag)[Self.log] == 10)
        #expect(rig.counters.values(.followedFiles)[""] == 1)
        rig.store.isStalled = false
        rig.settle()
        rig.step()
        #expect(rig.counters.values(.fileLag)[Self.log] == 0)
    }

    /// Docker's and Kubernetes' parts of a line are sent together.
    @Test func partsOfALineStayTogether() {
        let part = #"{"log":"a","stream":"stdout","time":"2025-01-01T00:00:00Z"}"#
        let last = #"{"log":"b\n","stream":"stdout","time":"2025-01-01T00:00:00Z"}"#
        let rig = FollowRig(chunkBytes: 1_024)
        let node = rig.files.write(Self.log, text("first", part))
        rig.start()
        rig.settle()
        #expect(rig.store.texts == ["first"])
        rig.files.append(text(last), to: node)
        rig.settle()
        #expect(rig.store.texts == ["first", part, last])
    }

    @Test func aDeviceThatGotAnotherNumberIsTheSame() {
        let (rig, node) = reading(text("one"))
        rig.stop()
        rig.files.device = 7
        rig.files.append(text("two"), to: node)
        rig.start()
        rig.settleForGood()
        #expect(rig.store.texts == ["one", "two"])
    }
}
