import LogBytes
import Testing

@Suite struct KeptBytesTests {
    @Test func partsOfOtherBytesAreNotCopied() {
        let whole = Array("0123456789".utf8)
        let (kept, start) = whole.withView { view in
            (KeptBytes(view.slice(3..<6), of: whole), view.start + 3)
        }
        #expect(kept.withView { Array($0) } == Array("345".utf8))
        #expect(kept.withView { $0.start } == start)
    }

    @Test func othersAre() {
        let whole = Array("0123456789".utf8)
        var other = Array("abc".utf8)
        let kept = other.withView { KeptBytes($0, of: whole) }
        other[0] = 120
        #expect(kept.withView { Array($0) } == Array("abc".utf8))
        #expect(KeptBytes(.empty, of: whole).withView { $0.count } == 0)
        #expect(whole.withView { KeptBytes($0, of: whole) }.withView { $0.count } == 10)
    }
}
