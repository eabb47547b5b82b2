internal import LogBytes

/// Texts split into templates and variables: `User 42 logged in` is `User □ logged in` and `42`.
///
/// Variables are words with a digit and what stands between double quotes; the rest is the template. Template 0 is `□`, the
/// text as a whole: texts go there whose template is rare, or that hold the mark themselves.
struct TextTemplates {
    /// Stands for a variable in the text of a template.
    static let mark: UInt8 = 1

    /// The text of each template.
    private(set) var templates: [[UInt8]] = [[mark]]
    /// The template of each text.
    private(set) var numbers: [Int64] = []
    /// The columns of variables, in the order of `VariableColumns`.
    private(set) var columns: [ColumnBuffer] = []

    /// A template with fewer texts than this is none.
    private static let rowsMin = 6
    /// As many as the entropy coder has symbols.
    private static let templatesMax = EntropyCoder.alphabetMax
    /// Templates of less than this share of the texts are not worth the splitting.
    private static let coverageMin = 0.5

    /// Splits the values of `column`; nil when templates do not suit them.
    init?(_ column: ColumnBuffer) {
        guard column.count >= 4 * Self.rowsMin else { return nil }
        var counts: [Int] = []
        var texts: [[UInt8]] = []
        numbers.reserveCapacity(column.count)
        var scratch = ByteWriter(capacity: 256)
        var slots = TemplateSlots()
        for row in 0..<column.count {
            let value = column.value(row)
            scratch.removeAll()
            TextSplitter.split(value) { text in
                scratch.append(text)
            } variable: { _ in
                scratch.append(Self.mark)
            }
            if value.firstIndex(of: Self.mark) != nil {
                numbers.append(-1)
                continue
            }
            let number = slots.number(of: scratch.view, in: &texts)
            if number == counts.count { counts.append(0) }
            counts[number] += 1
            numbers.append(Int64(number))
            // Texts without anything in common make templates without end.
            if counts.count > 64, counts.count > column.count / 3 { return nil }
        }
        var renumbered = [Int64](repeating: 0, count: counts.count)
        var covered = 0
        for number in counts.indices.sorted(by: { counts[$0] > counts[$1] })
        where counts[number] >= Self.rowsMin && templates.count < Self.templatesMax {
            renumbered[number] = Int64(templates.count)
            templates.append(texts[number])
            covered += counts[number]
        }
        guard Double(covered) >= Double(column.count) * Self.coverageMin else { return nil }
        for row in 0..<column.count {
            numbers[row] = numbers[row] < 0 ? 0 : renumbered[Int(numbers[row])]
        }
        gatherVariables(column)
    }

    private mutating func gatherVariables(_ column: ColumnBuffer) {
        var textCounts = [Int](repeating: 0, count: templates.count)
        for number in numbers { textCounts[Int(number)] += 1 }
        let layout = VariableColumns(templates: templates, textCounts: textCounts)
        columns = (0..<layout.count).map { _ in ColumnBuffer() }
        for row in 0..<column.count {
            let number = Int(numbers[row])
            let value = column.value(row)
            if number == 0 {
                columns[layout.column(number, 0)].append(value)
                continue
            }
            var index = 0
            TextSplitter.split(value) { _ in
            } variable: { variable in
                columns[layout.column(number, index)].append(variable)
                index += 1
            }
        }
    }
}

/// Which column each variable of each template stands in: one of its own where the template has texts enough, else one that
/// all others share. Follows from the templates and their numbers alone, so that it need not be stored.
struct VariableColumns {
    /// For each template the number of its first variable's column; −1: all its variables stand in the shared one.
    private let firsts: [Int]
    /// The number of columns, the shared one included, which is the last.
    let count: Int

    /// Fewer values than this do not pay for a column.
    private static let ownColumnMin = 48

    /// - Parameter textCounts: for each template the number of its texts.
    init(templates: [[UInt8]], textCounts: [Int]) {
        var firsts: [Int] = []
        var count = 0
        for (number, template) in templates.enumerated() {
            let variables = template.reduce(0) { $0 + ($1 == TextTemplates.mark ? 1 : 0) }
            let isOwn = textCounts[number] >= Self.ownColumnMin
            firsts.append(isOwn ? count : -1)
            if isOwn { count += variables }
        }
        self.firsts = firsts
        self.count = count + 1
    }

    /// Whether the variables of template `number` stand in the shared column.
    func isShared(_ number: Int) -> Bool { firsts[number] < 0 }

    /// The column of variable `index` of template `number`.
    func column(_ number: Int, _ index: Int) -> Int {
        firsts[number] < 0 ? count - 1 : firsts[number] + index
    }
}

/// Finds the variables of a text.
enum TextSplitter {
    /// Calls `text` with what belongs to the template and `variable` with each variable, in their order.
    static func split(
        _ value: ByteView, text: (ByteView) -> Void, variable: (ByteView) -> Void
    ) {
        var index = 0
        var start = 0
        func emit(_ from: Int, _ to: Int) {
            if from > start { text(value.slice(start..<from)) }
            variable(value.slice(from..<to))
            start = to
        }
        while index < value.count {
            let byte = value[index]
            if byte == ASCII.quote {
                let from = index + 1
                index = from
                guard let close = value.dropFirst(from).firstIndex(of: ASCII.quote) else {
                    continue
                }
                var to = from + close
                index = to + 1
                // In a JSON string the closing quote has a backslash before it.
                if to > from, value[to - 1] == ASCII.backslash { to -= 1 }
                emit(from, to)
                continue
            }
            guard isWordByte(byte) else {
                index += 1
                continue
            }
            let from = index
            var hasDigit = false
            while index < value.count, isWordByte(value[index]) {
                if ASCII.isDigit(value[index]) { hasDigit = true }
                index += 1
            }
            var to = index
            // The point at the end of a sentence is no part of its last word.
            while to > from, value[to - 1] == ASCII.dot || value[to - 1] == ASCII.minus { to -= 1 }
            if hasDigit { emit(from, to) }
        }
        if start < value.count { text(value.dropFirst(start)) }
    }

    @inline(__always)
    private static func isWordByte(_ byte: UInt8) -> Bool {
        let letter = byte | 0x20
        return (letter >= 0x61 && letter <= 0x7A) || ASCII.isDigit(byte) || byte == 0x5F
            || byte == ASCII.dot || byte == ASCII.minus || byte >= 0x80
    }
}

/// The texts of templates by their bytes.
private struct TemplateSlots {
    private var slots = [Int32](repeating: -1, count: 1_024)

    /// The number of `text` among `texts`, where it is added if it is new.
    mutating func number(of text: ByteView, in texts: inout [[UInt8]]) -> Int {
        if texts.count * 2 > slots.count { grow(texts) }
        var slot = Int(truncatingIfNeeded: text.memoryHash) & (slots.count - 1)
        while true {
            let known = slots[slot]
            if known < 0 {
                slots[slot] = Int32(texts.count)
                texts.append(Array(text))
                return texts.count - 1
            }
            if texts[Int(known)].withView({ $0 == text }) { return Int(known) }
            slot = (slot + 1) & (slots.count - 1)
        }
    }

    private mutating func grow(_ texts: [[UInt8]]) {
        slots = [Int32](repeating: -1, count: slots.count * 4)
        for (number, text) in texts.enumerated() {
            var slot = text.withView { Int(truncatingIfNeeded: $0.memoryHash) } & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(number)
        }
    }
}
