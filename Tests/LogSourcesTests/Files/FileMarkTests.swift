import LogSystem
import TestSupport
import Testing

@testable import LogSources

@Suite struct FileMarkTests {
    @Test func marksComeBackAsTheyWere() {
        var mark = FileMark()
        mark.generation = 3
        mark.offset = 4_000
        mark.head = ContentHash(length: 1_024, value: .max)
        mark.tail = ContentHash(length: 256, value: 1)
        mark.seen = 1_700_000_000
        mark.born = 1_600_000_000_000_000_001
        mark.origin = "/var/log/a\tb%09c"
        mark.place = mark.origin
        let key = FileMark.key(FileKey(device: 65_024, inode: .max))
        #expect(FileMark(mark.position(key)) == mark)
        mark.place = "/other"
        mark.isSkipping = true
        mark.isPacked = true
        mark.isInDoubt = true
        mark.isDrained = true
        mark.link = FileContentID(key: FileKey(device: 1, inode: 2), generation: 7)
        #expect(FileMark(mark.position(key)) == mark)
        let parsed = FileMark.parse(key: key)
        #expect(parsed?.key == FileKey(device: 65_024, inode: .max))
        #expect(parsed?.generation == nil)
        #expect(FileMark.parse(key: key + ":4")?.generation == 4)
    }

    @Test func whatIsNoMarkIsRefused() {
        for key in [
            "", "file:", "file:1", "file:1:2:3:4", "file:a:2", "file:1:2:-1", "request:1:2",
        ] {
            #expect(FileMark.parse(key: key) == nil, "\(key)")
        }
        var random = SeededGenerator(seed: 1)
        let good = FileMark().position("file:1:2")
        #expect(FileMark(good) != nil)
        for _ in 0..<2_000 {
            var bytes = Array(good.detail.utf8)
            for _ in 0...random.below(3) {
                bytes[random.below(bytes.count)] = UInt8(random.below(128))
            }
            var position = good
            position.detail = String(decoding: bytes, as: UTF8.self)
            position.offset = random.next()
            // Whatever it says, it is understood or refused.
            if let mark = FileMark(position) { #expect(mark.head.length <= mark.offset) }
        }
    }

    @Test func badPositionsAreToldAndTheFileIsReadAsNew() {
        let rig = FollowRig()
        rig.files.write("/log/app.log", Array("one\n".utf8))
        rig.start()
        rig.follower?.recover([SourcePosition(key: "file:1:10", offset: 4, detail: "nonsense")])
        rig.settle()
        #expect(rig.events(.badPosition) == 1)
        #expect(rig.store.texts == ["one"])
    }
}
