import LogBytes
import Testing

@Suite struct SHA256Tests {
    private func digest(_ text: String) -> String { text.withView { SHA256.hexadecimal($0) } }

    /// The examples of FIPS 180-4 and NIST's test vectors.
    @Test func publishedDigests() {
        func f(_ text: String, _ want: String) { #expect(digest(text) == want, "\(text.count)") }
        f("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        f("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        f(
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        f(
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    /// The padding is another one at each of these lengths; the digests are those of `sha256sum`.
    @Test func lengthsAroundTheEndOfABlock() {
        func f(_ count: Int, _ want: String) {
            #expect(digest(String(repeating: "x", count: count)).hasPrefix(want), "\(count)")
        }
        f(55, "d5e285683cd4efc0")
        f(56, "04c26261370ee754")
        f(63, "75220b47218278e6")
        f(64, "7ce100971f64e700")
        f(65, "9537c5fdf120482f")
        f(119, "000b48d4edf0fa7b")
        f(120, "13f05a0b594787f5")
    }
}
