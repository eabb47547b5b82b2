/// Guesses what was meant.
enum Spelling {
    /// The candidate that differs from `word` in at most two letters, the nearest first; nil when none does.
    static func nearest(_ word: String, among candidates: [String]) -> String? {
        // Long input is no misspelling, and the distance is quadratic.
        guard word.utf8.count <= 40 else { return nil }
        let ranked = candidates.map { ($0, distance(Array(word.utf8), Array($0.utf8))) }
        return ranked.filter { $0.1 <= 2 }.min { $0.1 < $1.1 }?.0
    }

    /// Levenshtein's distance.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let change = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[right.count]
    }
}
