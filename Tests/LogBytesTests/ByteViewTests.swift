import LogBytes
import TestSupport
import Testing

@Suite struct ByteViewTests {
    @Test func slicesAreCutToWhatExists() {
        let view = ByteView("hello")
        func check(_ part: ByteView, _ want: String) { #expect(part.text == want) }
        check(view.slice(1..<3), "el")
        check(view.slice(3..<99), "lo")
        check(view.slice(-4..<2), "he")
        check(view.slice(7..<9), "")
        check(view.prefix(2), "he")
        check(view.prefix(0), "")
        check(view.prefix(6), "hello")
        check(view.dropFirst(0), "hello")
        check(view.dropFirst(5), "")
    }

    /// `appendLines` steps one byte over the newline that the last line may lack.
    @Test func droppingMoreThanThereIsLeavesNothing() {
        #expect(ByteView("hello").dropFirst(6).isEmpty)
        #expect(ByteView.empty.dropFirst(1).isEmpty)
        #expect(ByteView("hello").prefix(-1).isEmpty)
    }

    /// Sums are kept in bytes over 16,320 bytes at a time: none may overflow, and no part be left out.
    @Test func bytesAreCounted() {
        for count in [0, 1, 63, 64, 65, 16_319, 16_320, 16_321, 40_000] {
            let all = [UInt8](repeating: 0x0A, count: count)
            #expect(all.withView { $0.count(of: 0x0A) } == count)
            #expect(all.withView { $0.count(of: 0x0B) } == 0)
            let some = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            #expect(some.withView { $0.count(of: 3) } == some.filter { $0 == 3 }.count)
        }
    }

    @Test func prefixesAndSuffixes() {
        func check(_ text: StaticString, _ part: StaticString, prefix: Bool, suffix: Bool) {
            #expect(ByteView(text).hasPrefix(ByteView(part)) == prefix)
            #expect(ByteView(text).hasSuffix(ByteView(part)) == suffix)
        }
        check("abcab", "ab", prefix: true, suffix: true)
        check("abc", "ab", prefix: true, suffix: false)
        check("abc", "bc", prefix: false, suffix: true)
        check("abc", "abcd", prefix: false, suffix: false)
        check("abc", "", prefix: true, suffix: true)
        check("", "", prefix: true, suffix: true)
        check("", "a", prefix: false, suffix: false)
    }

    @Test func searchAgreesWithALoop() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        let needles = try GuardedMemory(capacity: 4_096)
        var generator = SeededGenerator(seed: 30)
        for round in 0..<6_000 {
            // Mostly two letters, so that partial matches are common; long enough for searches of many places at a time.
            let letters = round % 3 == 0 ? 20 : 2 as UInt8
            let hay = generator.bytes(generator.below(200)).map { $0 % letters }
            var needle = generator.bytes(generator.below(6)).map { $0 % letters }
            if round % 2 == 0, !hay.isEmpty {
                needle = Array(hay[generator.below(hay.count)...].prefix(generator.below(60)))
            }
            let from = generator.below(hay.count + 2)
            var want: Int?
            var at = from
            while want == nil, at + needle.count <= hay.count {
                if Array(hay[at..<at + needle.count]) == needle { want = at }
                at += 1
            }
            let view = memory.place(hay)
            #expect(view.firstIndex(of: needles.place(needle), from: from) == want)
            #expect(view.firstIndex(of: 1) == hay.firstIndex(of: 1))
            #expect(view.lastIndex(of: 1) == hay.lastIndex(of: 1))
        }
    }

    @Test func equalityOrderAndHashAreThoseOfTheBytes() {
        var generator = SeededGenerator(seed: 31)
        for _ in 0..<2_000 {
            let left = generator.bytes(generator.below(5)).map { $0 % 3 }
            let right = generator.bytes(generator.below(5)).map { $0 % 3 }
            left.withView { a in
                right.withView { b in
                    #expect((a == b) == (left == right))
                    #expect((a < b) == left.lexicographicallyPrecedes(right))
                    if left == right { #expect(a.hashValue == b.hashValue) }
                }
            }
        }
        #expect(ByteView("a") < ByteView("ä"))
    }

    /// Neither touches anything beside the bytes, which end at an unmapped page.
    @Test func shortComparisonsAndCopiesAreThoseOfTheBytes() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        let others = try GuardedMemory(capacity: 4_096)
        var generator = SeededGenerator(seed: 32)
        for _ in 0..<4_000 {
            let bytes = generator.bytes(generator.below(80))
            var other = bytes
            if generator.below(2) == 0, !other.isEmpty {
                other[generator.below(other.count)] ^= 1 << UInt8(generator.below(8))
            }
            if generator.below(8) == 0 { other.append(0) }
            let view = memory.place(bytes)
            #expect(view.hasSameBytes(as: others.place(other)) == (bytes == other))
            var out = ByteWriter(capacity: 1)
            out.append(7)
            out.append(short: view)
            out.append(8)
            #expect(Array(out.view) == [7] + bytes + [8])
        }
    }

    @Test func emptyBuffersHaveAnAddress() {
        #expect(ByteView(UnsafeRawBufferPointer(start: nil, count: 0)).isEmpty)
        #expect([UInt8]().withView { $0.isEmpty && $0 == .empty })
        #expect("".withView { $0.text } == "")
    }

    @Test func textReplacesWhatIsNoUTF8() {
        let bytes: [UInt8] = [0x61, 0xFF, 0x62]
        #expect(bytes.withView { $0.text } == "a\u{FFFD}b")
        #expect("grüße".withView { Array($0) } == Array("grüße".utf8))
    }

    @Test func manyPlacesThatLookLikeTheNeedleHideItNot() throws {
        let memory = try GuardedMemory(capacity: 1 << 14)
        // So many that the search goes on in another way before it comes to the right one.
        let text = [UInt8](repeating: 97, count: 9_000) + [98] + [UInt8](repeating: 97, count: 600)
        let needle = [UInt8](repeating: 97, count: 30) + [98] + [UInt8](repeating: 97, count: 30)
        let view = memory.place(text)
        #expect(needle.withView { view.firstIndex(of: $0) } == 8_970)
    }
}
