import LogBytes
import LogMetrics
import TestSupport
import Testing

@Suite struct ByteKeyTableTests {
    @Test(arguments: [1 as UInt64, 2, 3])
    func agreesWithADictionary(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = ByteKeyTable()
        var numbers: [String] = []
        for _ in 0..<20_000 {
            let key = "key \(Int.random(in: 0..<700, using: &random))"
            key.withView { view in
                let hash = view.memoryHash & 0xFF  // Collisions on purpose.
                let found = table.find(view, hash: hash)
                same(found, numbers.firstIndex(of: key) ?? -1)
                if found < 0 {
                    same(table.insert(view, hash: hash), numbers.count)
                    numbers.append(key)
                } else if Bool.random(using: &random) {
                    table.remove(found)
                    numbers.swapAt(found, numbers.count - 1)
                    numbers.removeLast()
                }
            }
        }
        same(table.count, numbers.count)
        for (number, key) in numbers.enumerated() { same(table.key(number).text, key) }
    }

    /// Keys are compared in pieces that depend on their length; each byte of each length counts.
    @Test func everyByteOfAKeyCounts() {
        for count in 0..<80 {
            var table = ByteKeyTable()
            let key = [UInt8](repeating: 7, count: count)
            key.withView { _ = table.insert($0, hash: 1) }
            same(key.withView { table.find($0, hash: 1) }, 0)
            for index in 0..<count {
                var other = key
                other[index] = 8
                same(other.withView { table.find($0, hash: 1) }, -1)
            }
        }
    }
}
