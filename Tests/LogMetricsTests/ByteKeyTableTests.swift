import LogBytes
import LogMetrics
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
}
