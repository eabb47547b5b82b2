internal import LogBytes

/// A pattern as an automaton over characters, for lines on which RE2 would see other words and letters than grep does.
///
/// All ways through the pattern are followed at once, so the time is linear in the line; far slower than RE2 for each byte.
struct PatternAutomaton: Sendable {
    private enum Step: Sendable {
        case set(Int)
        case assertion(ExtendedPattern.Assertion)
        case fork(Int, Int)
        case jump(Int)
        case match
    }

    private var steps: [Step] = []
    private var sets: [CharacterSet] = []

    /// Steps of an automaton: as large as patterns come, and small enough to be made in no time.
    static let stepsMax = 200_000

    /// The automaton of `pattern`, which has fewer than `stepsMax` parts.
    init(_ pattern: ExtendedPattern, words: Bool) {
        if words { steps.append(.assertion(.noWordBefore)) }
        append(pattern)
        if words { steps.append(.assertion(.noWordBehind)) }
        steps.append(.match)
    }

    // MARK: Making

    private mutating func append(_ pattern: ExtendedPattern) {
        switch pattern {
        case .empty: break
        case .set(let set):
            steps.append(.set(sets.count))
            sets.append(set)
        case .assertion(let assertion): steps.append(.assertion(assertion))
        case .sequence(let parts): for part in parts { append(part) }
        case .alternatives(let parts): append(alternatives: parts)
        case .repetition(let part, let least, let most):
            for _ in 0..<least { append(part) }
            guard let most else { return appendLoop(part) }
            var forks: [Int] = []
            for _ in least..<max(most, least) {
                forks.append(steps.count)
                steps.append(.jump(0))
                append(part)
            }
            for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
        }
    }

    private mutating func append(alternatives parts: [ExtendedPattern]) {
        var ends: [Int] = []
        for (number, part) in parts.enumerated() {
            guard number < parts.count - 1 else {
                append(part)
                break
            }
            let fork = steps.count
            steps.append(.jump(0))
            append(part)
            ends.append(steps.count)
            steps.append(.jump(0))
            steps[fork] = .fork(fork + 1, steps.count)
        }
        for end in ends { steps[end] = .jump(steps.count) }
    }

    private mutating func appendLoop(_ part: ExtendedPattern) {
        let fork = steps.count
        steps.append(.jump(0))
        append(part)
        steps.append(.jump(fork))
        steps[fork] = .fork(fork + 1, steps.count)
    }

    // MARK: Running

    /// What stands on one side of a place. To the C library's borders of words a byte that is no valid UTF-8 is the character
    /// of Latin-1 with its number; to `-w` it is none.
    private struct Neighbour {
        var scalar: Unicode.Scalar?
        var byte: Unicode.Scalar?
    }

    /// What stands on both sides of a place.
    private struct Place {
        var isStart: Bool
        var isEnd: Bool
        var before: Neighbour
        var behind: Neighbour

        func meets(_ assertion: ExtendedPattern.Assertion) -> Bool {
            func isWord(_ neighbour: Neighbour) -> Bool {
                (neighbour.scalar ?? neighbour.byte).map(CharacterClass.word.contains) ?? false
            }
            func isWordInText(_ neighbour: Neighbour) -> Bool {
                neighbour.scalar.map(CharacterClass.word.contains) ?? false
            }
            return switch assertion {
            case .lineStart: isStart
            case .lineEnd: isEnd
            case .wordBorder: isWord(before) != isWord(behind)
            case .noWordBorder: isWord(before) == isWord(behind)
            case .wordStart: !isWord(before) && isWord(behind)
            case .wordEnd: isWord(before) && !isWord(behind)
            case .noWordBefore: !isWordInText(before)
            case .noWordBehind: !isWordInText(behind)
            }
        }
    }

    /// Steps that are to be taken at one place, each once.
    private struct StepList {
        var numbers: [Int] = []
        private var marks: [Int]
        private var generation = 0

        init(count: Int) { marks = Array(repeating: 0, count: count) }

        mutating func begin() {
            numbers.removeAll(keepingCapacity: true)
            generation += 1
        }

        mutating func insert(_ number: Int) -> Bool {
            if marks[number] == generation { return false }
            marks[number] = generation
            return true
        }
    }

    /// The end of the longest match that begins at byte `start` of `line`, or, without `start`, whether there is a match
    /// anywhere: the end of the first that is found.
    func matchEnd(in line: ByteView, from start: Int? = nil) -> Int? {
        var current = StepList(count: steps.count)
        var next = StepList(count: steps.count)
        current.begin()
        var offset = start ?? 0
        var before = Neighbour()
        if let start, start > 0 {
            before.scalar = UTF8Text.scalar(in: line, before: start)
            before.byte = Unicode.Scalar(line[start - 1])
        }
        var end: Int?
        while true {
            let (behind, width) = UTF8Text.scalar(in: line, at: offset)
            let neighbour = Neighbour(
                scalar: behind, byte: offset < line.count ? Unicode.Scalar(line[offset]) : nil)
            let place = Place(
                isStart: offset == 0, isEnd: offset == line.count, before: before,
                behind: neighbour)
            // The characters that steps of the place before led to came with their closure undone: assertions need both sides.
            let seeds = current.numbers
            current.begin()
            var hasMatched = false
            for seed in seeds { hasMatched = follow(seed, place, &current) || hasMatched }
            if start == nil || offset == start {
                hasMatched = follow(0, place, &current) || hasMatched
            }
            if hasMatched {
                end = offset
                if start == nil { return end }
            }
            if offset == line.count || (start != nil && current.numbers.isEmpty) { return end }
            next.begin()
            if let behind {
                for number in current.numbers {
                    guard case .set(let set) = steps[number], sets[set].contains(behind),
                        next.insert(number + 1)
                    else { continue }
                    next.numbers.append(number + 1)
                }
            }
            swap(&current, &next)
            before = neighbour
            offset += width
        }
    }

    /// Adds the characters that can be wanted once `first` is reached at `place`; true when the match is.
    private func follow(_ first: Int, _ place: Place, _ list: inout StepList) -> Bool {
        var open = [first]
        var hasMatched = false
        while let number = open.popLast() {
            guard list.insert(number) else { continue }
            switch steps[number] {
            case .set: list.numbers.append(number)
            case .assertion(let assertion):
                if place.meets(assertion) { open.append(number + 1) }
            case .fork(let left, let right): open += [right, left]
            case .jump(let target): open.append(target)
            case .match: hasMatched = true
            }
        }
        return hasMatched
    }
}

/// Characters of bytes that may not be UTF-8.
enum UTF8Text {
    /// The character at `offset` and its width; nil and one byte where there is no valid one, nil and none at the end.
    static func scalar(in text: ByteView, at offset: Int) -> (Unicode.Scalar?, Int) {
        guard offset < text.count else { return (nil, 0) }
        let first = text[offset]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let width = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first <= 0xF4, offset + width <= text.count else { return (nil, 1) }
        var value = UInt32(first) & (0x7F >> UInt32(width))
        for index in 1..<width {
            let byte = text[offset + index]
            guard byte & 0xC0 == 0x80 else { return (nil, 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        let least: UInt32 = width == 2 ? 0x80 : width == 3 ? 0x800 : 0x10000
        guard value >= least, let scalar = Unicode.Scalar(value) else { return (nil, 1) }
        return (scalar, width)
    }

    /// The character that ends before `offset`; nil at the start and behind what is no valid one.
    static func scalar(in text: ByteView, before offset: Int) -> Unicode.Scalar? {
        for width in 1...4 where offset >= width {
            let (scalar, found) = scalar(in: text, at: offset - width)
            if let scalar, found == width { return scalar }
        }
        return nil
    }
}
