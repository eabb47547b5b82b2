import LogBytes
import TestSupport
import Testing

@Suite struct BitmapTests {
    private func bitmap(_ rows: Set<Int>, count: Int) -> Bitmap {
        var map = Bitmap(count: count)
        for row in rows { map[row] = true }
        return map
    }

    private func rows(_ map: Bitmap) -> [Int] {
        var out: [Int] = []
        func collect(_ row: Int) { out.append(row) }
        map.visit(collect)
        return out
    }

    @Test func behavesAsASetOfRows() {
        var generator = SeededGenerator(seed: 20)
        for count in [0, 1, 2, 63, 64, 65, 127, 128, 129, 1_000] {
            for _ in 0..<10 {
                let all = Set(0..<count)
                let left = Set((0..<count).filter { _ in generator.below(3) == 0 })
                let right = Set((0..<count).filter { _ in generator.below(2) == 0 })
                func check(_ want: Set<Int>, _ change: (inout Bitmap, Bitmap) -> Void) {
                    var map = bitmap(left, count: count)
                    change(&map, bitmap(right, count: count))
                    #expect(rows(map) == want.sorted())
                    #expect(map == bitmap(want, count: count))
                    #expect(map.population == want.count)
                    #expect(map.isEmpty == want.isEmpty)
                    #expect(map.isFull == (want == all))
                    for row in 0..<count { #expect(map[row] == want.contains(row)) }
                }
                check(left) { _, _ in }
                check(left.intersection(right)) { $0.formIntersection($1) }
                check(left.union(right)) { $0.formUnion($1) }
                check(left.subtracting(right)) { $0.subtract($1) }
                check(all.subtracting(left)) { map, _ in map.invert() }
            }
        }
    }

    @Test func theFullSetHasNoRowsBehindItsCount() {
        for count in 0..<130 {
            var full = Bitmap(count: count, all: true)
            #expect(full.isFull)
            #expect(full.population == count)
            full.invert()
            #expect(full.isEmpty)
        }
    }

    @Test func rowsCanBeTakenOutAgain() {
        var map = Bitmap(count: 70, all: true)
        map[69] = false
        map[69] = false
        map[0] = false
        #expect(rows(map) == Array(1..<69))
    }
}
