internal import LogBytes

/// Texts with `<N>` in place of their numbers: `took 12ms` becomes `took <N>ms`.
///
/// A number is a run of decimal or hexadecimal digits that begins and ends where words do, or beside a letter that stands
/// at numbers (`v1`, `0x1f`, `10ms`, `T12:00`). With letters in it a run counts from four digits on, if they are an even number:
/// `deadbeef` is one, `face1` and `add` are none.
enum CollapsedNumbers {
    static func append(_ text: ByteView, isPretty: Bool, into out: inout ByteWriter) {
        guard isPretty else { return append(text, into: &out) }
        var plain = ByteWriter(capacity: text.count)
        append(text, into: &plain)
        out.append(prettified(plain.view.text))
    }

    private static let lettersBefore = Set("TXxvshm".utf8)
    private static let lettersBehind = Set("TZsmhun".utf8)

    private static func append(_ text: ByteView, into out: inout ByteWriter) {
        var start = 0
        var index = 0
        while index < text.count {
            guard Hex.value(text[index]) != nil, begins(text, index) else {
                index += 1
                continue
            }
            var end = index
            while end < text.count, Hex.value(text[end]) != nil { end += 1 }
            if isNumber(text.slice(index..<end)), ends(text, end) {
                out.append(text.slice(start..<index))
                out.append("<N>")
                start = end
            }
            index = end
        }
        out.append(text.dropFirst(start))
    }

    private static func begins(_ text: ByteView, _ index: Int) -> Bool {
        index == 0 || lettersBefore.contains(text[index - 1])
            || !Words.continues(text, before: index)
    }

    private static func ends(_ text: ByteView, _ index: Int) -> Bool {
        index == text.count || lettersBehind.contains(text[index])
            || !Words.continues(text, at: index)
            || text.dropFirst(index).hasPrefix(ByteView("μ"))
            || text.dropFirst(index).hasPrefix(ByteView("µ"))
    }

    private static func isNumber(_ run: ByteView) -> Bool {
        for index in 0..<run.count where !ASCII.isDigit(run[index]) {
            return run.count >= 4 && run.count % 2 == 0
        }
        return true
    }

    /// Names what the numbers are together: `<IP4>`, `<DATETIME>`, …
    private static func prettified(_ text: String) -> String {
        var text = text
        let steps: [(String, String, [String])] = [
            ("<N>-<N>-<N>-<N>-<N>", "<UUID>", []),
            ("<N>.<N>.<N>.<N>", "<IP4>", []),
            ("<N>:<N>:<N>", "<TIME>", [".<N>", ",<N>"]),
            ("<N>-<N>-<N>", "<DATE>", []),
            ("<N>/<N>/<N>", "<DATE>", []),
            ("<DATE>T<TIME>", "<DATETIME>", ["Z", "-<N>:<N>", "+<N>:<N>"]),
            ("<DATE> <TIME>", "<DATETIME>", ["Z", "-<N>:<N>", "+<N>:<N>"]),
        ]
        for (old, new, tails) in steps {
            for tail in tails { text = text.replacing(old + tail, with: new) }
            text = text.replacing(old, with: new)
        }
        return text
    }
}
